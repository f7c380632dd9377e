// Result<T>: a value, or a Status with one helpful sentence. The names are std::expected's.
#pragma once
#include <string>
#include <utility>
#include <variant>

#include "gantry/types.h"
#include "host/core/assert.h"

namespace gantry {

/// What failed, in one sentence that names the thing and, where it can, how to mend it.
struct Error {
    Status status = Status::internal;
    std::string message;
};

/// The value of a Result that carries nothing.
struct Done {};

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_{std::in_place_index<0>, std::move(value)} {}
    Result(Error error) : state_{std::in_place_index<1>, std::move(error)} {}

    explicit operator bool() const noexcept { return state_.index() == 0; }
    bool has_value() const noexcept { return state_.index() == 0; }

    T& value() & { return checked(); }
    const T& value() const& { return const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(checked()); }
    T& operator*() & { return checked(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(checked()); }
    T* operator->() { return &checked(); }
    const T* operator->() const { return &value(); }

    const Error& error() const {
        GANTRY_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }

private:
    T& checked() {
        GANTRY_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    std::variant<T, Error> state_;
};

}  // namespace gantry
