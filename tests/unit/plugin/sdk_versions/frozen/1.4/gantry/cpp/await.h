// gantry/cpp/await.h: what a Task can wait for: time, work on the host's pool, answers of services.
#pragma once
#include <optional>
#include <string>
#include <type_traits>

#include "gantry/cpp/task.h"
#include "gantry/service.h"

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

/// co_await call("scores/1", "best", name, 500ms): the bytes of the answer.
class CallAwaiter {
public:
    CallAwaiter(Services& services, Str name, Str method, Bytes request, TimeNs deadline,
                SourceLocation where) noexcept
        : services_{services},
          name_{name},
          method_{method},
          request_{request},
          deadline_{deadline},
          where_{where} {}
    CallAwaiter(const CallAwaiter&) = delete;
    CallAwaiter& operator=(const CallAwaiter&) = delete;
    ~CallAwaiter() {
        if (call_ != 0) (void)services_.cancel(call_);  // the task ends while it waits
    }

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        root_ = handle.promise().root;
        if (!root_->wait_at(handle, where_)) {
            status_ = Status::limit;
            return false;
        }
        call_ = services_.call(name_, method_, request_, deadline_, &CallAwaiter::answered, this);
        return call_ != 0;
    }
    std::string await_resume() {
        if (status_ == Status::ok) return std::move(answer_);
        std::string sentence = std::move(answer_);              // a HandlerError of the service
        if (sentence.empty() || status_ == Status::internal) {  // the latter stays in the log
            std::string what{name_.view()};
            what += sentence.empty() ? " gave no answer: " : " failed: ";
            sentence = what + (sentence.empty() ? status_name(status_) : sentence.c_str());
        }
        throw HandlerError{status_, sentence.c_str()};
    }

private:
    static void answered(void* context, Status status, Bytes answer) noexcept {
        auto& self = *static_cast<CallAwaiter*>(context);
        self.call_ = 0;
        self.status_ = status;
        self.answer_ = answer.text();
        TaskRoot::resume(self.root_);
    }

    Services& services_;
    Str name_, method_;
    Bytes request_;
    TimeNs deadline_;
    SourceLocation where_;
    TaskRoot* root_ = nullptr;
    std::uint64_t call_ = 0;  ///< 0 when no answer is to come
    Status status_ = Status::cancelled;
    std::string answer_;
};

}  // namespace gantry::detail
