// gantry/cpp/type_name.h: what a C++ type is called, as the compiler and its debug information say
// it.
#pragma once
#include <string_view>

namespace gantry::detail {

/// "game::Score".
template <class T>
constexpr std::string_view type_name() noexcept {
    // "... type_name() [with T = game::Score; ...]" by g++, "... [T = game::Score]" by clang
    const std::string_view text = __PRETTY_FUNCTION__;
    const std::size_t begin = text.find("T = ") + 4;
    return text.substr(begin, text.find_first_of(";]", begin) - begin);
}

}  // namespace gantry::detail
