// What the two plugins of a pair have in common: an interface, and a number that each of them has.
#pragma once
#include <string>

#ifndef PAIR_VERSION
#define PAIR_VERSION 1
#endif

#define PAIR_TEXT_OF(number) #number ".0.0"
#define PAIR_TEXT(number) PAIR_TEXT_OF(number)

namespace pair {

constexpr int version = PAIR_VERSION;
constexpr const char* version_text = PAIR_TEXT(PAIR_VERSION);

struct Rules {
    static constexpr const char* name = "pair.rules/1";
    virtual int version() = 0;

protected:
    ~Rules() = default;
};

}  // namespace pair
