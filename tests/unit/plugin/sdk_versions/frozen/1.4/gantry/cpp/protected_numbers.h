// gantry/cpp/protected_numbers.h: raise_number() and raised_number(), which all facets have.
#pragma once
#include <chrono>
#include <cstdint>

#include "gantry/cpp/duration.h"
#include "gantry/plugin.h"
#include "gantry/protected.h"
#include "gantry/runtime.h"

namespace gantry {

/// Part of BasePlugin: what may never be forgotten by a rollback (gantry/protected.h).
class ProtectedNumbers {
protected:
    /// raise_number(session.value, 1, 1h): that session is revoked, for an hour at least. On
    /// `limit` the host could not keep it, and raised_number() is the highest for what is not
    /// known.
    template <class Rep, class Period>
    Status raise_number(std::uint64_t key, std::uint64_t value,
                        std::chrono::duration<Rep, Period> kept) noexcept {
        return numbers_->raise(key, value, clock_->now() + detail::to_ns(kept));
    }
    /// The highest `value` that any version of this plugin raised the key to in this room, or 0.
    std::uint64_t raised_number(std::uint64_t key) const noexcept { return numbers_->raised(key); }

    /// False when the host has nothing of the kind.
    bool bind_numbers(Host& host, Runtime& runtime) noexcept {
        numbers_ = static_cast<Protected*>(host.query(Protected::interface_id));
        clock_ = &runtime;
        return numbers_ != nullptr;
    }

private:
    Protected* numbers_ = nullptr;
    Runtime* clock_ = nullptr;
};

}  // namespace gantry
