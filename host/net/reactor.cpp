#include "host/net/reactor.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <optional>

#include "host/core/assert.h"
#include "host/platform/wake_pipe.h"

namespace gantry::net {

namespace {

using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

constexpr std::size_t operation_bytes_max = 160;
constexpr TimeNs wait_ns_max = 3600 * ns_per_s;  // "never" must not overflow a time point
constexpr TimeNs asio_wait_ns_max = ns_per_s;

}  // namespace

/// Lives on after close() until the handlers that Asio still holds have come back.
struct Reactor::Watch {
    Watch(asio::io_context& context, ReadinessSink& target) : descriptor{context}, sink{&target} {}

    Descriptor descriptor;
    ReadinessSink* sink;  // null once closed
    bool read_armed = false;
    bool write_armed = false;
    alignas(std::max_align_t) std::byte read_operation[operation_bytes_max];
};

namespace {

/// Gives the one outstanding read wait of a watch memory inside the watch, so that re-arming in a
/// batch allocates nothing. A write wait is rare and may allocate.
template <class T>
struct OperationAllocator {
    using value_type = T;
    std::byte* storage;

    explicit OperationAllocator(std::byte* memory) noexcept : storage{memory} {}
    template <class U>
    OperationAllocator(const OperationAllocator<U>& other) noexcept : storage{other.storage} {}

    T* allocate(std::size_t count) {
        GANTRY_ASSERT(count * sizeof(T) <= operation_bytes_max);
        return reinterpret_cast<T*>(storage);
    }
    void deallocate(T*, std::size_t) noexcept {}
    template <class U>
    bool operator==(const OperationAllocator<U>& other) const noexcept {
        return storage == other.storage;
    }
};

void delete_if_unused(Reactor::Watch* watch) noexcept {
    if (watch->sink == nullptr && !watch->read_armed && !watch->write_armed) delete watch;
}

struct ReadHandler {
    using allocator_type = OperationAllocator<std::byte>;
    Reactor::Watch* watch;

    allocator_type get_allocator() const noexcept { return allocator_type{watch->read_operation}; }
    void operator()(const asio::error_code&) const noexcept {
        watch->read_armed = false;
        if (watch->sink == nullptr) return delete_if_unused(watch);
        watch->sink->on_readable();
    }
};

struct WriteHandler {
    Reactor::Watch* watch;

    void operator()(const asio::error_code&) const noexcept {
        watch->write_armed = false;
        if (watch->sink == nullptr) return delete_if_unused(watch);
        watch->sink->on_writable();
    }
};

}  // namespace

/// Ends long waits. Asio's own wait with a limit wakes once a second to look at the clock.
class Reactor::Alarm final : private ReadinessSink {
public:
    explicit Alarm(Impl& reactor);
    ~Alarm() { ::close(descriptor_); }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    /// Rings in `in_ns` at the latest. One that rings sooner is left alone, so that a busy room
    /// with far deadlines seldom sets it.
    void set(TimeNs in_ns) noexcept;
    Watch* watch() noexcept { return watch_; }

private:
    void on_readable() noexcept override;
    void on_writable() noexcept override {}

    Impl& reactor_;
    int descriptor_;
    Watch* watch_;
    std::chrono::steady_clock::time_point rings_at_{};
};

class Reactor::Impl final : private ReadinessSink {
public:
    Impl() {
        GANTRY_ASSERT(wake_pipe_);
        wake_watch_ = open(wake_pipe_.number(), *this);
        GANTRY_ASSERT(wake_watch_ != nullptr);
        arm_read(*wake_watch_);
        alarm_.emplace(*this);
    }

    ~Impl() {
        close(wake_watch_);
        close(alarm_->watch());
        poll();  // brings the cancelled handlers home, which frees their watches
    }

    Watch* open(int descriptor, ReadinessSink& sink) {
        auto watch = std::make_unique<Watch>(context_, sink);
        asio::error_code error;
        watch->descriptor.assign(descriptor, error);
        if (error) return nullptr;
        watch->descriptor.native_non_blocking(true, error);
        return watch.release();
    }

    void arm_read(Watch& watch) {
        GANTRY_ASSERT(watch.sink != nullptr);
        if (watch.read_armed) return;
        watch.read_armed = true;
        watch.descriptor.async_wait(Descriptor::wait_read, ReadHandler{&watch});
    }

    void arm_write(Watch& watch) {
        GANTRY_ASSERT(watch.sink != nullptr);
        if (watch.write_armed) return;
        watch.write_armed = true;
        watch.descriptor.async_wait(Descriptor::wait_write, WriteHandler{&watch});
    }

    void close(Watch* watch) noexcept {
        if (watch == nullptr) return;
        watch->sink = nullptr;
        watch->descriptor.release();  // cancels what is armed; the handlers come in a later poll
        delete_if_unused(watch);
    }

    void poll() {
        context_.restart();
        context_.poll();
    }

    void wait(TimeNs for_ns) {
        // Sleeping is announced before the last look at `woken_`, and wake() stores before it looks
        // at `sleeping_`: one of the two sees the other.
        sleeping_.store(true);
        if (!woken_.load() && for_ns > 0) {
            context_.restart();
            if (for_ns <= asio_wait_ns_max) {
                context_.run_one_for(std::chrono::nanoseconds{for_ns});
            } else {
                alarm_->set(std::min(for_ns, wait_ns_max));
                context_.run_one();
            }
        }
        sleeping_.store(false);
        woken_.exchange(false);  // and sees what was written before the wake()
    }

    void wake() noexcept {
        if (woken_.exchange(true)) return;
        if (sleeping_.load()) wake_pipe_.wake();
    }

private:
    void on_readable() noexcept override {
        wake_pipe_.drain();
        arm_read(*wake_watch_);
    }
    void on_writable() noexcept override {}

    asio::io_context context_{ASIO_CONCURRENCY_HINT_UNSAFE};
    platform::WakePipe wake_pipe_;
    Watch* wake_watch_ = nullptr;
    std::optional<Alarm> alarm_;
    std::atomic<bool> woken_{false};
    std::atomic<bool> sleeping_{false};
};

Reactor::Alarm::Alarm(Impl& reactor)
    : reactor_{reactor}, descriptor_{timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)} {
    GANTRY_ASSERT(descriptor_ >= 0);
    watch_ = reactor_.open(descriptor_, *this);
    GANTRY_ASSERT(watch_ != nullptr);
    reactor_.arm_read(*watch_);
}

void Reactor::Alarm::set(TimeNs in_ns) noexcept {
    const auto now = std::chrono::steady_clock::now();
    const auto at = now + std::chrono::nanoseconds{in_ns};
    if (rings_at_ > now && rings_at_ <= at) return;
    rings_at_ = at;
    itimerspec time{};
    time.it_value.tv_sec = in_ns / ns_per_s;
    time.it_value.tv_nsec = in_ns % ns_per_s;
    const int result = timerfd_settime(descriptor_, 0, &time, nullptr);
    GANTRY_ASSERT(result == 0);
}

void Reactor::Alarm::on_readable() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto bytes = ::read(descriptor_, &count, sizeof count);
    reactor_.arm_read(*watch_);
}

Reactor::Reactor() : impl_{std::make_unique<Impl>()} {}
Reactor::~Reactor() = default;
Reactor::Watch* Reactor::open(int descriptor, ReadinessSink& sink) {
    return impl_->open(descriptor, sink);
}
void Reactor::arm_read(Watch& watch) { impl_->arm_read(watch); }
void Reactor::arm_write(Watch& watch) { impl_->arm_write(watch); }
void Reactor::close(Watch* watch) noexcept { impl_->close(watch); }
void Reactor::poll() { impl_->poll(); }
void Reactor::wait(TimeNs for_ns) { impl_->wait(for_ns); }
void Reactor::wake() noexcept { impl_->wake(); }

}  // namespace gantry::net
