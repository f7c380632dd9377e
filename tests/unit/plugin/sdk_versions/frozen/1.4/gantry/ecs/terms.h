// gantry/ecs/terms.h: what may stand in a view's list of types, and how its loop calls your
// function.
#pragma once
#include <tuple>
#include <type_traits>

#include "gantry/ecs/component.h"

namespace gantry {

/// view<A>(exclude<B, C>): entities without B and without C.
template <class... Ts>
struct Exclude {};
template <class... Ts>
inline constexpr Exclude<Ts...> exclude{};

/// view<A, Optional<B>>: the loop gets a B*, null where there is none. B is in table storage.
template <class T>
struct Optional {};

namespace detail {

template <class T>
struct Term {
    using Value = T;
    using Type = std::remove_const_t<T>;
    using Traits = ComponentTraits<Type>;
    static constexpr bool is_optional = false;
    static constexpr bool is_tag = Traits::is_tag;
    static constexpr bool is_sparse = Traits::is_sparse;
    static constexpr bool writes = !std::is_const_v<T> && !is_tag;
};
template <class T>
struct Term<Optional<T>> : Term<T> {
    static constexpr bool is_optional = true;
    static_assert(!Term<T>::is_sparse, "Optional<T>: T is sparse; use try_get in the loop");
};

/// What the loop is called with for one term: T&, a T* for Optional, nothing for a tag.
template <class T>
auto row_argument(typename Term<T>::Value* column, std::size_t row) {
    using Value = typename Term<T>::Value;
    if constexpr (Term<T>::is_optional) {
        return std::tuple<Value*>{column == nullptr ? nullptr : column + row};
    } else if constexpr (Term<T>::is_tag) {
        return std::tuple<>{};
    } else {
        return std::tuple<Value&>{column[row]};
    }
}

template <class F, class... Args>
void call_with_row(F& f, Entity entity, std::tuple<Args...> args) {
    if constexpr (std::is_invocable_v<F&, Entity, Args...>) {
        std::apply([&](Args... each) { f(entity, each...); }, args);
    } else {
        static_assert(
            std::is_invocable_v<F&, Args...>,
            "the loop takes (Entity, T&...) or (T&...); const T& for a const T, T* for an "
            "Optional<T>, nothing for a tag");
        std::apply([&](Args... each) { f(each...); }, args);
    }
}

// Columns never overlap, and saying so is what lets the compiler vectorise the loop.
template <class... Ts, class F>
void each_row(F& f, std::size_t count, const Entity* __restrict entities,
              typename Term<Ts>::Value* __restrict... columns) {
    if constexpr ((... || (Term<Ts>::is_optional || Term<Ts>::is_tag))) {
        for (std::size_t i = 0; i < count; ++i) {
            call_with_row(f, entities[i], std::tuple_cat(row_argument<Ts>(columns, i)...));
        }
    } else if constexpr (std::is_invocable_v<F&, Entity, typename Term<Ts>::Value&...>) {
        for (std::size_t i = 0; i < count; ++i) f(entities[i], columns[i]...);
    } else {
        static_assert(std::is_invocable_v<F&, typename Term<Ts>::Value&...>,
                      "the loop takes (Entity, T&...) or (T&...), const T& where the view says so");
        (void)entities;
        for (std::size_t i = 0; i < count; ++i) f(columns[i]...);
    }
}

}  // namespace detail

}  // namespace gantry
