// TestHost: a whole host in one thread: in-memory transport, a clock that stands still, a seed.
//     TestHost host{{.plugins = {&my_plugin}}};
//     auto alice = host.connect();
//     CHECK(alice.call(1, "hello").text == "hello");
// What cannot be done throws a std::runtime_error that says why: it ends the test.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gantry/plugin.h"
#include "host/app/host.h"
#include "host/core/clock.h"
#include "host/net/memory_network.h"

namespace gantry::test {

class TestHost;

/// What came back over the wire.
struct Reply {
    std::uint16_t id = 0;
    std::uint8_t flags = 0;
    std::uint32_t correlation = 0;
    std::string text;            ///< the payload; of an error its sentence
    Status status = Status::ok;  ///< of an error reply
};

/// A player: the other end of an in-memory link, speaking the gantry framing.
class TestClient {
public:
    /// One way.
    void send(std::uint16_t id, std::string_view payload);
    /// A request; returns its correlation id.
    std::uint32_t ask(std::uint16_t id, std::string_view payload);
    /// A request, and its answer once the host is quiet. Status::timeout when none came.
    Reply call(std::uint16_t id, std::string_view payload);
    /// All frames that arrived since the last call.
    std::vector<Reply> received();
    /// Bytes as they are, for broken peers.
    void write(std::string_view bytes);
    void close();
    bool closed_by_host();
    net::MemoryClient& link() noexcept { return link_; }

private:
    friend class TestHost;
    TestClient(TestHost& host, net::MemoryClient link) : host_{&host}, link_{std::move(link)} {}
    void read();

    TestHost* host_;
    net::MemoryClient link_;
    std::string unread_;
    std::vector<Reply> replies_;
    std::uint32_t next_correlation_ = 1;
};

struct TestHostConfig {
    std::vector<const PluginDesc*> plugins = {};  ///< linked into the test
    std::vector<std::string> files = {};          ///< libraries by path
    std::vector<std::string> allow_libraries = {};
    std::string config = "{}";  ///< of every plugin
    std::vector<std::string> middleware = {};
    std::vector<std::string> worlds = {"world"};  ///< sessions join the first
    double tick_hz = 20;
    std::uint32_t probation_ms = 1000;
    std::uint32_t shards = 1;
    std::uint32_t workers = 1;
    std::uint64_t seed = 0;           ///< 0: the run's, of GANTRY_SEED
    std::string canary_program = {};  ///< gantry itself; without it no canary
    std::uint32_t canary_ms = 20'000;
};

class TestHost {
public:
    /// Throws when the host cannot be made.
    explicit TestHost(TestHostConfig config = {});
    /// With a manifest of one's own; `config` gives the linked plugins and the seed.
    TestHost(manifest::Manifest manifest, const TestHostConfig& config);
    ~TestHost();

    TestClient connect(const std::string& listener = "memory");
    /// Polls until nothing happens any more; the clock stands still.
    void settle();
    /// Time passes in steps of a millisecond, and the host is settled after each.
    void advance(TimeNs by);
    void advance_ms(std::int64_t ms) { advance(ms * ns_per_ms); }

    /// Replaces a plugin by one that is linked into the test, and settles; the report of it.
    plugin::SwapReport swap(const PluginDesc& next) { return swap(std::array{&next}); }
    plugin::SwapReport swap(std::span<const PluginDesc* const> next);  ///< all at once
    plugin::SwapReport swap_file(const std::string& plugin, const std::string& file);
    /// The same; the error is a refusal at once, of which there is no report.
    Result<plugin::SwapReport> try_swap(const std::string& plugin, const std::string& file);
    /// The report as it is now.
    plugin::SwapReport report(std::uint64_t ticket);

    app::Host& host() noexcept { return *host_; }
    world::World& world(std::string_view name = "world");
    core::ManualClock& clock() noexcept { return clock_; }

private:
    void make(manifest::Manifest manifest, const TestHostConfig& config);

    core::ManualClock clock_;
    net::MemoryNetwork network_;
    std::unique_ptr<app::Host> host_;
};

}  // namespace gantry::test
