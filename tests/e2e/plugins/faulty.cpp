// A counter whose second version does whatever evil a message names.
#include <dlfcn.h>
#include <gantry/gantry.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>

namespace {

volatile int sink = 0;

[[gnu::noinline]] int deeper(int depth) {
    volatile char room[512];
    room[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : deeper(depth + 1) + room[0];
}

void* nowhere() { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(sink - sink)); }

[[gnu::noinline]] void raise_one() { throw std::runtime_error{"nobody may see this"}; }

class Faulty final : public gantry::WorldPlugin {
public:
    Faulty() {
        if (FAULTY_VERSION[0] == '2' && std::getenv("FAULTY_CREATE") != nullptr) fault("null");
    }

private:
    void setup() override {
        on(1, [this](const gantry::Message& message) { return count(message.payload.text()); });
        on(2, [this](const gantry::Message&) -> gantry::Task<std::string> {
            co_await after(std::chrono::hours{1});
            co_return "late";
        });
        on(5, [this](const gantry::Message& message) -> gantry::Task<std::string> {
            const std::string wish{message.payload.text()};
            co_return co_await call("guard/1", "", gantry::Bytes{std::string_view{wish}},
                                    std::chrono::seconds{10});
        });
        system("work", gantry::Stage::update, [this](const gantry::Tick&) { spin(tick_us_); });
    }
    std::string count(std::string_view wish) {
        ++count_;
        if (FAULTY_VERSION[0] == '2') fault(wish);
        return std::string{FAULTY_VERSION} + " " + std::to_string(count_);
    }
    /// Of the processor's time: what else the machine does must not tell the versions apart.
    static void spin(long us) {
        const auto spent_us = [] {
            timespec time{};
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
            return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
        };
        const long end = spent_us() + us;
        while (spent_us() < end) sink = sink + 1;
    }

    /// Within the C library, which holds locks meanwhile.
    static void wait_for_writer(const std::string& path) {
        if (std::FILE* const file = std::fopen(path.c_str(), "r")) std::fclose(file);
    }

    /// Over the head and the end of a block: the allocator finds out, in code that is not the
    /// plugin's.
    static void smash_heap() {
        char* const volatile block = new char[64];
        volatile char* const head = block - 16;
        for (int i = 0; i < 128; ++i) head[i] = 0x41;
        delete[] block;
    }

    /// The gate refuses the import of what starts it.
    void in_own_thread(std::string wish) {
        struct Order {
            Faulty* plugin;
            std::string wish;
        };
        const auto run = [](void* context) -> void* {
            const std::unique_ptr<Order> order{static_cast<Order*>(context)};
            order->plugin->fault(order->wish);
            return nullptr;
        };
        pthread_t thread;
        reinterpret_cast<decltype(&::pthread_create)>(::dlsym(RTLD_DEFAULT, "pthread_create"))(
            &thread, nullptr, run, new Order{this, std::move(wish)});
        ::pthread_detach(thread);
    }

    void fault(std::string_view wish) {
        constexpr std::string_view own = "own thread ";
        if (wish.starts_with(own)) in_own_thread(std::string{wish.substr(own.size())});
        if (wish == "null") *static_cast<volatile int*>(nullptr) = 1;
        if (wish == "memcpy")
            std::memcpy(nowhere(), wish.data(), static_cast<std::size_t>(sink) + wish.size());
        if (wish == "jump") reinterpret_cast<void (*)()>(static_cast<std::uintptr_t>(sink))();
        if (wish == "abort") std::abort();
        if (wish == "trap") __builtin_trap();
        if (wish == "divide") sink = 100 / (sink - sink);
        if (wish == "overflow") sink = deeper(0);
        if (wish == "terminate") []() noexcept { raise_one(); }();
        if (wish == "give") net().broadcast(9, {static_cast<const std::byte*>(nowhere()), 5});
        if (wish == "heap") smash_heap();
        // The gate refuses their import.
        for (const char* const name : {"exit", "_exit", "_Exit", "quick_exit"}) {
            if (wish != name) continue;
            reinterpret_cast<void (*)(int)>(::dlsym(RTLD_DEFAULT, name))(0);
        }
        if (wish == "kill") ::kill(::getpid(), SIGKILL);
        if (wish == "throw") throw std::runtime_error{"on purpose"};
        if (wish == "spin")
            while (true) sink = sink + 1;
        if (wish == "sleep") ::poll(nullptr, 0, 10'000);
        if (wish == "deadlock") {
            std::mutex mutex;
            mutex.lock();
            mutex.lock();
        }
        if (wish.starts_with("fifo ")) wait_for_writer(std::string{wish.substr(5)});
        if (wish.starts_with("save ")) save_waits_ = wish.substr(5);
        if (wish == "signal") {
            // Waits within the C library, too, in a function that has no name in its tables.
            sigset_t none;
            sigemptyset(&none);
            const timespec tenth{0, 100'000'000};
            const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{2};
            while (std::chrono::steady_clock::now() < end) sigtimedwait(&none, nullptr, &tenth);
        }
        if (wish == "slow") tick_us_ += tick_us_ / 2;
        if (wish == "leak") {
            for (int i = 0; i < 20; ++i) std::memset(new char[1 << 20], 1, 1 << 20);
        }
    }

    void save_state(gantry::StateWriter& writer) override {
        if (!save_waits_.empty()) wait_for_writer(save_waits_);
        writer.put("count", gantry::Bytes{std::string_view{reinterpret_cast<const char*>(&count_),
                                                           sizeof count_}});
    }
    void restore_state(gantry::StateReader& reader) override {
        const gantry::Bytes bytes = reader.get("count");
        if (bytes.size == sizeof count_) std::memcpy(&count_, bytes.data, sizeof count_);
    }

    std::uint64_t count_ = 0;
    long tick_us_ = 2000;
    std::string save_waits_;
};

}  // namespace

GANTRY_PLUGIN(.name = "faulty", .version = FAULTY_VERSION, .world = gantry::create<Faulty>);
