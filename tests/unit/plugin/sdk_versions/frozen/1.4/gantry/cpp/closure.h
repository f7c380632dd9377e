// gantry/cpp/closure.h: keeps a plugin's callables alive and gives the host plain functions to
// call.
#pragma once
#include <memory>
#include <tuple>
#include <type_traits>
#include <vector>

#include "gantry/cpp/guard.h"

namespace gantry::detail {

/// The argument types of a lambda or function object that is not a template.
template <class F>
struct Arguments : Arguments<decltype(&F::operator())> {};
template <class C, class R, class... A>
struct Arguments<R (C::*)(A...) const> {
    using Result = R;
    static constexpr std::size_t count = sizeof...(A);
    template <std::size_t I>
    using At = std::tuple_element_t<I, std::tuple<A...>>;
};
template <class C, class R, class... A>
struct Arguments<R (C::*)(A...)> : Arguments<R (C::*)(A...) const> {};

/// Owns heap copies of callables for the life of the plugin.
class Closures {
public:
    template <class T>
    T* keep(T value) {
        auto owned = std::make_shared<T>(std::move(value));
        T* const raw = owned.get();
        all_.push_back(std::move(owned));
        return raw;
    }

private:
    std::vector<std::shared_ptr<void>> all_;
};

}  // namespace gantry::detail
