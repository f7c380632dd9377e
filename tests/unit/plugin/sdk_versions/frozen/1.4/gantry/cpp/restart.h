// gantry/cpp/restart.h: a Task that declares that the next version may begin it again.
#pragma once
#include <string>

#include "gantry/cpp/task.h"
#include "gantry/task_restart.h"

namespace gantry::detail {

/// Enters the task into the ledger and declares it, without waiting.
struct RestartAwaiter {
    TaskRestart* restarts;
    Str handler;
    Bytes argument;
    SourceLocation where = SourceLocation::here();
    Status status = Status::ok;

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        TaskRoot& root = *handle.promise().root;
        status = root.wait_at(handle, where) ? restarts->restart(root.id, handler, argument)
                                             : Status::limit;
        return false;
    }
    void await_resume() const {
        if (status != Status::ok) throw HandlerError{status, "the host takes no more tasks"};
    }
};

/// `f` outlives it: the plugin keeps it for its own life.
template <class F>
Task<> restartable(TaskRestart* restarts, Str handler, std::string argument, F& f) {
    const Bytes bytes{std::string_view{argument}};
    co_await RestartAwaiter{restarts, handler, bytes};
    co_await f(bytes);
}

}  // namespace gantry::detail
