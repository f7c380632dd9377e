// What keeps the ways back free of those whose successors are in their probations.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "host/core/result.h"

namespace gantry::route {

/// Who of these may go back together; each choice comes after those that it includes. Of more than
/// four it is each alone, and all of them: every choice would take a world's turn too long, and two
/// are seldom in each other's way.
template <class T>
std::vector<std::vector<T*>> choices(const std::vector<T*>& in_probation) {
    std::vector<std::vector<T*>> list;
    if (in_probation.size() > 4) {
        for (T* one : in_probation) list.push_back({one});
        list.push_back(in_probation);
        return list;
    }
    for (std::size_t mask = 1; mask < std::size_t{1} << in_probation.size(); ++mask) {
        std::vector<T*>& choice = list.emplace_back();
        for (std::size_t i = 0; i < in_probation.size(); ++i) {
            if ((mask >> i & 1) != 0) choice.push_back(in_probation[i]);
        }
    }
    return list;
}

/// The sentence for what would take the room that these labels need to come back; `conflict` is
/// what they would meet then.
inline Error bars_way_back(const std::vector<std::string>& back, const Error& conflict) {
    std::string who = back.front();
    for (std::size_t i = 1; i < back.size(); ++i)
        who += (i == 1 ? " together with " : " and ") + back[i];
    return {conflict.status, "it would bar the way back to " + who +
                                 ", whose successor is in its probation: " + conflict.message +
                                 "; swap again once that has ended, or both in one plan"};
}

}  // namespace gantry::route
