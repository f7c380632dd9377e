// gantry/cpp/await.h: what a Task can wait for: time, and work on the host's pool.
#pragma once
#include <optional>
#include <type_traits>

#include "gantry/cpp/task.h"

namespace gantry::detail {

/// co_await after(50ms).
struct AfterAwaiter {
    TimeNs delay;
    SourceLocation where;
    Status status = Status::ok;

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        TaskRoot& root = *handle.promise().root;
        if (!root.wait_at(handle, where)) {
            status = Status::limit;
            return false;
        }
        status = root.schedule->task_after(root.id, delay);
        return status == Status::ok;
    }
    void await_resume() const {
        if (status != Status::ok)
            throw HandlerError{status, "the host takes no more waiting tasks"};
    }
};

/// co_await offload(f): f runs on the host's pool and must not touch the instance. A reference
/// where F is one: it then lives in the frame of the task.
template <class F>
struct OffloadAwaiter {
    F body;
    SourceLocation where;
    using R = std::invoke_result_t<F&>;
    std::conditional_t<std::is_void_v<R>, char, std::optional<R>> result{};
    Caught caught{};
    Status status = Status::ok;

    OffloadAwaiter(F&& f, SourceLocation at) : body(std::forward<F>(f)), where{at} {}

    static void work(void* self) noexcept {
        auto& awaiter = *static_cast<OffloadAwaiter*>(self);
        awaiter.caught = guarded([&] {
            if constexpr (std::is_void_v<R>) {
                awaiter.body();
            } else {
                awaiter.result.emplace(awaiter.body());
            }
        });
    }

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        TaskRoot& root = *handle.promise().root;
        if (!root.wait_at(handle, where)) {
            status = Status::limit;
            return false;
        }
        status = root.schedule->task_offload(root.id, &OffloadAwaiter::work, this);
        return status == Status::ok;
    }
    R await_resume() {
        if (status != Status::ok)
            throw HandlerError{status, "the host takes no more offloaded work"};
        if (caught.status != Status::ok) throw HandlerError{caught.status, caught.what};
        if constexpr (!std::is_void_v<R>) return std::move(*result);
    }
};

}  // namespace gantry::detail
