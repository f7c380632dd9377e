// gantry/cpp/world_waits.h: what a Task of a world writes behind co_await.
#pragma once
#include "gantry/cpp/await.h"
#include "gantry/cpp/duration.h"

namespace gantry {

/// A part of WorldPlugin. All calls [world]. Where each task waits, as file:line, stands in the
/// host's ledger.
class WorldWaits {
protected:
    /// co_await after(50ms).
    template <class Rep, class Period>
    detail::AfterAwaiter after(std::chrono::duration<Rep, Period> delay,
                               SourceLocation where = SourceLocation::here()) {
        return {detail::to_ns(delay), where};
    }
    /// co_await offload(f) in a Task: f runs on the host's pool and must not touch this object nor
    /// call the host. A named f is used where it is; g++ before 13 wants one for captures such as
    /// strings: it destroys those of a lambda written inside co_await twice.
    ///     auto hash = [password] { return slow_hash(password); };
    ///     const std::string hashed = co_await offload(hash);
    template <class F>
    detail::OffloadAwaiter<F> offload(F&& f, SourceLocation where = SourceLocation::here()) {
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
        static_assert(std::is_lvalue_reference_v<F> || std::is_trivially_copyable_v<F>,
                      "give the function a name before co_await: auto f = [...] {...}; "
                      "co_await offload(f); this compiler destroys its captures twice");
#endif
        return {std::forward<F>(f), where};
    }

    /// co_await call("scores/1", "best", name, 500ms) in a Task: the bytes of the answer. A status
    /// other than ok is thrown as a HandlerError, which a request that waits is answered with.
    template <class Rep, class Period>
    detail::CallAwaiter call(Str name, Str method, Bytes request,
                             std::chrono::duration<Rep, Period> deadline,
                             SourceLocation where = SourceLocation::here()) {
        return {*other_rooms_, name, method, request, detail::to_ns(deadline), where};
    }

    void bind_waits(Services& services) noexcept { other_rooms_ = &services; }

private:
    Services* other_rooms_ = nullptr;
};

}  // namespace gantry
