// gantry/test.h: tests of plugins, run by `gantry test`: a whole host in one thread, with clients
// in memory, a clock that only the test moves, and a seed.
//     TEST_CASE("hello") {
//         gantry::test::TestHost host{{.plugins = {"hello"}}};
//         auto alice = host.connect();
//         CHECK(alice.call(1, "you").text == "hello you");
//     }
// gantry_add_plugin_test(…) of CMake builds it. What cannot be done throws a std::runtime_error.
#pragma once
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/abi.h"
#include "gantry/cpp/duration.h"
#include "gantry/test_interface.h"

namespace gantry::test {

/// What came back over the wire.
struct Reply {
    std::uint16_t id = 0;
    bool is_response = false;       ///< to a request; else it was sent or broadcast
    std::uint32_t correlation = 0;  ///< of a response what ask() returned
    std::string text;               ///< the payload; of an error reply its sentence
    Status status = Status::ok;     ///< of an error reply
};

/// How a swap stands. CHECK(report.reason == "") shows more than the outcome when it fails.
struct SwapReport {
    SwapOutcome outcome = SwapOutcome::running;
    std::string reason;        ///< why it did not commit, or went back
    std::uint64_t ticket = 0;  ///< zero: refused at once
};

/// A plugin is named as `gantry test --plugin NAME=FILE` has it, or it is NAME.so beside the test
/// library, or it is a path. Several are loaded in the order of their dependencies.
struct TestHostConfig {
    std::vector<std::string> plugins = {};
    std::string config = "{}";                    ///< a JSON object, given to every plugin
    std::vector<std::string> middleware = {};     ///< layers of the listener, outermost first
    std::vector<std::string> worlds = {"world"};  ///< sessions join the first; all have all plugins
    double tick_hz = 20;
    std::uint64_t seed = 0;  ///< 0: the run's, which is printed; GANTRY_SEED sets it
};

namespace detail {

inline TestProgram* program = nullptr;  ///< who runs us

inline TestProgram& running() {
    if (!program) throw std::logic_error{"a test library is run by `gantry test`"};
    return *program;
}
inline void expect(Status status) {
    if (status != Status::ok) throw std::runtime_error{std::string{running().error().view()}};
}
template <class T>
T* expect(T* made) {
    expect(made ? Status::ok : Status::internal);
    return made;
}
struct Destroy {
    void operator()(auto* peer) const noexcept { peer->destroy(); }
};

struct Replies final : FrameSink {
    std::vector<Reply> all;
    void take(const ReceivedFrame& frame) noexcept override {
        all.push_back({frame.id, frame.is_response != 0, frame.correlation,
                       std::string{frame.payload.text()}, frame.status});
    }
};
struct Texts final : TextSink {
    std::vector<std::string> all;
    void take(Str text) noexcept override { all.emplace_back(text.view()); }
};

/// False, and a sentence, when the program is not for this SDK.
inline bool begin(const TestRun& run) noexcept {
    program = run.program;
    if (run.abi_major == GANTRY_ABI_MAJOR && run.abi_minor >= GANTRY_ABI_MINOR) return true;
    std::fprintf(stderr,
                 "%s: built with an SDK of ABI %d.%d, and this gantry has %d.%d: build it with the "
                 "SDK that is installed beside this gantry\n",
                 run.arguments[0], GANTRY_ABI_MAJOR, GANTRY_ABI_MINOR, run.abi_major,
                 run.abi_minor);
    return false;
}

}  // namespace detail

/// A player: the other end of an in-memory link, speaking the gantry framing (proto/README.md). It
/// closes when it is destroyed, which is before its host.
class TestClient {
public:
    explicit TestClient(ClientPeer* peer) noexcept : peer_{peer} {}

    /// One way.
    void send(std::uint16_t id, std::string_view payload) {
        detail::expect(peer_->send(id, payload));
    }
    /// A request; returns its correlation id.
    std::uint32_t ask(std::uint16_t id, std::string_view payload) {
        std::uint32_t correlation = 0;
        detail::expect(peer_->ask(id, payload, correlation));
        return correlation;
    }
    /// A request, and its answer once the host is quiet; Status::timeout when none came.
    Reply call(std::uint16_t id, std::string_view payload) {
        detail::Replies answer;
        detail::expect(peer_->call(id, payload, answer));
        return answer.all.at(0);
    }
    /// All frames that arrived since the last call, but for answers that call() has returned.
    std::vector<Reply> received() {
        detail::Replies frames;
        detail::expect(peer_->received(frames));
        return std::move(frames.all);
    }
    void close() { detail::expect(peer_->close()); }
    bool closed_by_host() { return peer_->closed_by_host() != 0; }

private:
    std::unique_ptr<ClientPeer, detail::Destroy> peer_;
};

class TestHost {
public:
    explicit TestHost(const TestHostConfig& config = {}) {
        const std::vector<Str> plugins{config.plugins.begin(), config.plugins.end()};
        const std::vector<Str> middleware{config.middleware.begin(), config.middleware.end()};
        const std::vector<Str> worlds{config.worlds.begin(), config.worlds.end()};
        HostOrder order;
        order.plugins = plugins.data();
        order.plugin_count = plugins.size();
        order.middleware = middleware.data();
        order.middleware_count = middleware.size();
        order.worlds = worlds.data();
        order.world_count = worlds.size();
        order.config = config.config;
        order.tick_hz = config.tick_hz;
        order.seed = config.seed;
        peer_.reset(detail::expect(detail::running().make_host(order)));
    }

    TestClient connect() { return TestClient{detail::expect(peer_->connect())}; }
    /// Until nothing happens any more; the clock stands still.
    void settle() { detail::expect(peer_->settle()); }
    /// Time passes in steps of a millisecond, and the host is settled after each.
    template <class Rep, class Period>
    void advance(std::chrono::duration<Rep, Period> by) {
        detail::expect(peer_->advance(gantry::detail::to_ns(by)));
    }
    /// Shows the host another version of a plugin, as `gantry swap` does: through the gate and the
    /// canary, and settles. One that waits for its tasks is `running`: advance(), and report().
    SwapReport swap(std::string_view plugin, std::string_view to) {
        SwapReport report;
        detail::Texts reason;
        detail::expect(peer_->swap(plugin, to, report.ticket, reason));
        if (report.ticket != 0) return this->report(report);
        return {SwapOutcome::refused, reason.all.at(0), 0};
    }
    /// How that swap stands by now: after its probation of a second it may have been rolled back.
    SwapReport report(SwapReport swap) {
        if (swap.ticket == 0) return swap;
        detail::Texts reason;
        detail::expect(peer_->report(swap.ticket, swap.outcome, reason));
        swap.reason = reason.all.at(0);
        return swap;
    }
    /// The lines of the log since the last call, such as "warn [hello@1.0.0#1] too many".
    std::vector<std::string> log() {
        detail::Texts lines;
        detail::running().log(lines);
        return std::move(lines.all);
    }

private:
    std::unique_ptr<HostPeer, detail::Destroy> peer_;
};

}  // namespace gantry::test

/// The entry of a test library, behind doctest's implementation: test_main.cpp of CMake's function.
#define GANTRY_TEST_MAIN                                                                    \
    GANTRY_EXPORT int gantry_test_main(const gantry::test::TestRun& run) noexcept {         \
        if (!gantry::test::detail::begin(run)) return 2;                                    \
        return doctest::Context{static_cast<int>(run.argument_count), run.arguments}.run(); \
    }
