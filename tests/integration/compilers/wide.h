// An interface with all that compilers name in their own ways.
#pragma once
#include <gantry/types.h>

#include <cstdint>

namespace wide {
inline namespace v1 {

enum class Kind : std::uint8_t { red, green = 7 };

template <int count>
struct Box {
    long long values[count];
    unsigned low : 3, high : 5;
    union {
        int number;
        float fraction;
    };
};

struct Base {
    virtual void base(int number) = 0;
    virtual ~Base() = default;
    int kept = 0;
};

struct Listener {
    virtual void told(gantry::Str what, Base& by) = 0;

protected:
    ~Listener() = default;
};

struct Wide : Base {
    virtual std::int64_t take(Box<3> box, Kind kind, Listener* listener, void (*then)(int)) = 0;
    virtual const Box<2>& give(char, signed char, unsigned char, char16_t, bool, double) const = 0;
    int Base::*which = nullptr;
    Wide* next = nullptr;
};

}  // namespace v1
}  // namespace wide
