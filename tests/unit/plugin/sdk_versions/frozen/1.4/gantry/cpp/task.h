// gantry/cpp/task.h: Task<T>, the coroutine that handlers may be. It runs on its world's thread
// only.
#pragma once
#include <coroutine>
#include <cstdlib>
#include <optional>
#include <utility>

#include "gantry/cpp/guard.h"
#include "gantry/schedule.h"

namespace gantry {

template <class T = void>
class Task;

/// Where a call stands in the source. (std::source_location needs a newer clang than the SDK does.)
struct SourceLocation {
    const char* file;
    std::uint32_t line;
    static constexpr SourceLocation here(const char* file = __builtin_FILE(),
                                         std::uint32_t line = __builtin_LINE()) noexcept {
        return {file, line};
    }
};

namespace detail {

/// The outermost coroutine of a chain: what the host's ledger knows. Lives in the outermost
/// promise.
struct TaskRoot {
    Schedule* schedule = nullptr;
    Runtime* runtime = nullptr;
    Str name;
    std::uint64_t id = 0;             ///< in the host's ledger; 0 while it has never waited
    std::coroutine_handle<> frame;    ///< the outermost frame
    std::coroutine_handle<> waiting;  ///< the innermost frame, the one to resume

    static void resume(void* self) noexcept {
        auto& root = *static_cast<TaskRoot*>(self);
        std::exchange(root.waiting, nullptr).resume();
    }
    static void destroy(void* self) noexcept { static_cast<TaskRoot*>(self)->frame.destroy(); }

    /// Enters the ledger at the first wait. False at the host's limit of tasks.
    bool wait_at(std::coroutine_handle<> inner, const SourceLocation& where) noexcept {
        if (id == 0) {
            TaskDesc desc;
            desc.name = name;
            desc.file = where.file;
            desc.line = where.line;
            desc.resume = &TaskRoot::resume;
            desc.destroy = &TaskRoot::destroy;
            desc.frame = this;
            id = schedule->task_begin(&desc);
            if (id == 0) return false;
        }
        waiting = inner;
        return true;
    }
};

struct PromiseBase {
    TaskRoot* root = nullptr;
    std::coroutine_handle<> continuation;
    Caught caught;
    TaskRoot own_root;  // used by the outermost only

    std::suspend_always initial_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept {
        caught = guarded([] { throw; });
    }

    struct Final {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
            auto& promise = self.promise();
            if (promise.continuation) return promise.continuation;
            promise.finish();
            self.destroy();
            return std::noop_coroutine();
        }
        void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }

    /// Called in the outermost frame only, at its end.
    void finish() noexcept {
        if (caught.status == Status::internal) {
            own_root.runtime->report_failure(own_root.name, caught.what);
        }
        if (own_root.id != 0) own_root.schedule->task_end(own_root.id);
    }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object() noexcept;
    void return_value(T result) { value.emplace(std::move(result)); }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object() noexcept;
    void return_void() noexcept {}
};

}  // namespace detail

/// A coroutine. Awaited by another Task, or returned by a handler, which starts it.
template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) noexcept : handle_{handle} {}
    Task(Task&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    template <class Outer>
    Handle await_suspend(std::coroutine_handle<Outer> outer) noexcept {
        handle_.promise().root = outer.promise().root;
        handle_.promise().continuation = outer;
        return handle_;
    }
    T await_resume() {
        auto& promise = handle_.promise();
        if (promise.caught.status != Status::ok) {
            throw HandlerError{promise.caught.status, promise.caught.what};
        }
        if constexpr (!std::is_void_v<T>) return std::move(*promise.value);
    }

    /// Runs it until its first wait; from then on the host's ledger owns it. The name must be
    /// static.
    void start(Schedule& schedule, Runtime& runtime, Str name) noexcept {
        const Handle handle = std::exchange(handle_, nullptr);
        auto& promise = handle.promise();
        promise.own_root.schedule = &schedule;
        promise.own_root.runtime = &runtime;
        promise.own_root.name = name;
        promise.own_root.frame = handle;
        promise.root = &promise.own_root;
        handle.resume();
    }

private:
    Handle handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
    return Task<T>{std::coroutine_handle<Promise<T>>::from_promise(*this)};
}
inline Task<void> Promise<void>::get_return_object() noexcept {
    return Task<void>{std::coroutine_handle<Promise<void>>::from_promise(*this)};
}

}  // namespace detail
}  // namespace gantry
