// A transport of a plugin that goes wrong: once a fault in its links ended the host, for the
// reactor calls them. Only the link that it happens in is closed; the others live on with another
// version.
#include <thread>

#include "host/core/sanitized.h"
#include "host/platform/fault.h"
#include "tests/integration/transport_plugin/loopback_host.h"

using namespace gantry::test;
using gantry::plugin::SwapOutcome;

namespace {

using Frames = std::vector<std::string>;

/// Version 2 in its probation, with a player beside the one whose link will fault.
struct Faulty {
    Faulty() {
        other = host.connect();
        victim = host.connect();
        report = host.swap(2);
        REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
        CHECK(host.call(other, 1, "before") == Frames{"1:before"});
    }
    void check_back(const std::string& where) {
        host.host.settle();
        const auto after = host.host.report(report.ticket);
        CHECK(after.outcome == SwapOutcome::rolled_back);
        CHECK_MESSAGE(after.reason.find(where) != std::string::npos, after.reason);
        CHECK(host.ask("version", "") == "1.0.0");
        CHECK(host.call(other, 1, "after") == Frames{"1:after"});
        const std::string fresh = host.connect();
        CHECK(host.call(fresh, 1, "fresh") == Frames{"1:fresh"});
    }

    LoopbackHost host{1};
    std::string other, victim;
    gantry::plugin::SwapReport report;
};

std::string asks() { return frame_bytes(1, "x", gantry::message_flags::request); }

}  // namespace

TEST_CASE("a fault in a link closes that link, and the others go back with the listener") {
    if (gantry::core::sanitized) return;  // whose run-time keeps the signals
    gantry::platform::install_fault_handlers();
    const gantry::platform::FaultThread thread;
    for (const std::string at : {"read", "writev"}) {
        CAPTURE(at);
        Faulty one;
        one.host.ask("fault", at);
        one.host.ask("write", one.victim + " " + asks());
        one.check_back("segmentation fault in transport " + at + " of shard 0");
        CHECK(one.host.host.world().session_count() == 2);  // the other's and the fresh one's
    }
    for (const std::string at : {"attach", "descriptor", "open", "local", "remote"}) {
        CAPTURE(at);
        Faulty one;
        one.host.ask("fault", at);
        one.host.connect();
        one.check_back("segmentation fault in transport " + at + " of shard 0");
        CHECK(one.host.call(one.victim, 1, "whole") == Frames{"1:whole"});
    }
    for (const std::string at : {"shutdown", "destroy"}) {
        CAPTURE(at);
        Faulty one;
        one.host.ask("fault", at);
        one.host.ask("write", one.victim + " " + frame_bytes(2, ""));  // the world closes it
        one.host.ask("close", one.victim);
        one.check_back("segmentation fault in transport " + at + " of shard 0");
        CHECK(one.host.host.world().session_count() == 2);
    }
}

TEST_CASE("a fault in what a transport has the host call takes no link along") {
    if (gantry::core::sanitized) return;
    gantry::platform::install_fault_handlers();
    const gantry::platform::FaultThread thread;
    for (const std::string at : {"on_ready", "on_deadline", "on_wake"}) {
        CAPTURE(at);
        Faulty one;
        one.host.ask("fault", at);
        one.host.ask("alarm", at);
        one.host.host.advance_ms(10);
        one.check_back("segmentation fault in transport " + at + " of shard 0");
        CHECK(one.host.call(one.victim, 1, "whole") == Frames{"1:whole"});
    }
}

TEST_CASE("a fault in the handover refuses the swap, and the next version gets what is whole") {
    if (gantry::core::sanitized) return;
    gantry::platform::install_fault_handlers();
    const gantry::platform::FaultThread thread;
    LoopbackHost host{1};
    const std::string first = host.connect();
    const std::string second = host.connect();
    host.ask("fault", "release_link");
    const auto refused = host.swap(2);
    CHECK(refused.outcome == SwapOutcome::given_up);
    host.host.settle();
    CHECK(host.host.world().session_count() == 1);
    const auto mended = host.swap(2);
    CHECK_MESSAGE(mended.outcome == SwapOutcome::committed, mended.reason);
    CHECK(host.ask("version", "") == "2.0.0");
    CHECK(host.call(second, 1, "whole") == Frames{"1:whole"});
}

TEST_CASE("without a predecessor the links stand still until the next version takes them over") {
    if (gantry::core::sanitized) return;
    gantry::platform::install_fault_handlers();
    const gantry::platform::FaultThread thread;
    LoopbackHost host{1};
    const std::string other = host.connect();
    const std::string victim = host.connect();
    host.ask("fault", "on_wake");
    host.ask("alarm", "on_wake");
    host.host.settle();
    CHECK(host.ask("version", "") != "1.0.0");  // its service is parked with it
    CHECK(host.host.world().session_count() == 2);
    const auto report = host.swap(2);
    REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
    CHECK(host.ask("version", "") == "2.0.0");
    CHECK(host.call(other, 1, "again") == Frames{"1:again"});
    CHECK(host.call(victim, 1, "again") == Frames{"1:again"});
}

// The host reckoned with it, beyond the end of its buffer.
TEST_CASE("a link that claims more bytes than there were is closed") {
    for (const std::string at : {"read", "writev"}) {
        CAPTURE(at);
        Faulty one;
        one.host.ask("lie", at);
        one.host.ask("write", one.victim + " " + asks());
        CHECK(one.host.host.world().session_count() == 1);
        CHECK(one.host.host.report(one.report.ticket).outcome == SwapOutcome::committed);
        CHECK(one.host.call(one.other, 1, "after") == Frames{"1:after"});
        const auto plugins = one.host.host.host().plugins().snapshot().plugins;
        const auto& loopback = plugins[0].name == "loopback" ? plugins[0] : plugins[1];
        CHECK(loopback.error.find(" bytes says that it did ") != std::string::npos);
    }
}

// An assertion of the host failed.
TEST_CASE("a transport that accepts for a listener that is not its own is refused") {
    LoopbackHost host{1};
    host.ask("lie", "accepted");
    CHECK(host.connect() == "! unavailable");
    const auto plugins = host.host.host().plugins().snapshot().plugins;
    const auto& loopback = plugins[0].name == "loopback" ? plugins[0] : plugins[1];
    CHECK(loopback.failures == 1);
    CHECK(loopback.error ==
          "loopback@1.0.0#1 failed in its transport: it accepts for listener 77, which is none of "
          "its own");
    CHECK(host.call(host.connect(), 1, "next") == Frames{"1:next"});
}

// The host used what it was told had been made.
TEST_CASE("who says that it has taken over what it has not loses that link alone") {
    if (gantry::core::sanitized) return;
    gantry::platform::install_fault_handlers();
    const gantry::platform::FaultThread thread;
    LoopbackHost host{1};
    host.connect();
    host.connect();
    host.ask("lie", "adopt_link");
    REQUIRE(host.swap(2).outcome == SwapOutcome::committed);
    host.ask("fault", "on_wake");
    host.ask("alarm", "on_wake");
    host.host.settle();
    CHECK(host.ask("version", "") == "1.0.0");
    CHECK(host.host.world().session_count() == 1);
    CHECK(host.call(host.connect(), 1, "fresh") == Frames{"1:fresh"});
}

// The shard called a watcher in a library that had been unmapped.
TEST_CASE("what a transport leaves behind with the shard is given back when it goes") {
    LoopbackHost host{1};
    const std::string client = host.connect();
    host.ask("alarm", "later");
    host.ask("alarm", "on_ready");
    REQUIRE(host.swap(2).outcome == SwapOutcome::committed);
    host.host.advance_ms(1100);
    CHECK(host.unmapped() == 1);
    host.host.advance_ms(3000);
    CHECK(host.call(client, 1, "later") == Frames{"1:later"});
}

TEST_CASE("a transport that asks for ever more deadlines is refused, and told of once") {
    LoopbackHost host{1};
    const std::string client = host.connect();
    for (int i = 0; i < 2; ++i) host.ask("alarm", "many");
    const auto plugins = host.host.host().plugins().snapshot().plugins;
    const auto& loopback = plugins[0].name == "loopback" ? plugins[0] : plugins[1];
    CHECK(loopback.failures == 1);
    CHECK(loopback.error ==
          "loopback@1.0.0#1 failed in its transport: it has 262144 watches, deadlines and wakers");
    CHECK(host.call(client, 1, "still") == Frames{"1:still"});
}

namespace {

struct Nowhere final : gantry::TransportListener {
    gantry::NetAddress local() const noexcept override { return {}; }
    void destroy() noexcept override {}
};

/// A transport of nothing, which keeps the host that it was shown.
struct Nothing final : gantry::TransportFactory, gantry::Watcher {
    gantry::Str scheme() const noexcept override { return "thin"; }
    gantry::LinkKind kind() const noexcept override { return gantry::LinkKind::stream; }
    gantry::Status bind(gantry::TransportHost* shown, const gantry::BindRequest*,
                        gantry::TransportListener** listener,
                        gantry::TransportError*) noexcept override {
        host = shown;
        *listener = makes_nothing ? nullptr : &nowhere;
        return gantry::Status::ok;
    }
    gantry::Status connect(gantry::TransportHost*, const gantry::ConnectRequest*, gantry::Link**,
                           gantry::TransportError*) noexcept override {
        return gantry::Status::unsupported;
    }
    void on_ready(std::int64_t, std::uint32_t) noexcept override {}
    void on_deadline(std::uint64_t) noexcept override {}
    void on_wake() noexcept override {}

    Nowhere nowhere;
    gantry::TransportHost* host = nullptr;
    static inline bool makes_nothing = false;
};

/// Calls it from another thread.
class Thin final : public gantry::IoPlugin {
    void setup() override {
        parked[count++] = this;
        transport(nothing_);
        serve("loopback.0", [this](gantry::Str method, gantry::Bytes) {
            std::uint64_t handle = 1;
            std::thread{[&] { handle = call(method.view()); }}.join();
            return std::to_string(handle);
        });
    }
    std::uint64_t call(std::string_view what) {
        gantry::TransportHost& host = *nothing_.host;
        if (what == "watch") return host.watch(0, gantry::watch_read, &nothing_);
        if (what == "set_deadline") return host.set_deadline(0, &nothing_, 0);
        if (what == "add_waker") return host.add_waker(&nothing_);
        return host.accepted(0, nullptr) == gantry::Status::refused ? 0 : 1;
    }

    // Never destroyed: who looks for leaks finds them here.
    static inline const Thin* parked[5];
    static inline int count = 0;
    Nothing nothing_;
};
constexpr gantry::PluginDesc thin = linked("thin", "1.0.0", nullptr, gantry::create<Thin>);

gantry::manifest::Manifest thin_manifest() {
    auto manifest = gantry::manifest::ManifestBuilder{};
    manifest.shards(1).workers(1).no_admin().drop("no such folder").incidents({.folder = ""});
    manifest.listener("here").transport("thin").address("here").port(7).joins("world");
    manifest.world("world").plugins({"echo"});
    manifest.plugin("echo");
    manifest.plugin("thin");
    return manifest.build();
}

}  // namespace

TEST_CASE("a transport that calls the shard from another thread is refused and parked") {
    for (const std::string call : {"watch", "set_deadline", "add_waker", "accepted"}) {
        CAPTURE(call);
        TestHost host{thin_manifest(), {.plugins = {&echo, &thin}}};
        host.settle();
        std::string answer;
        (void)host.host().call(
            "loopback.0", call, "", [&](gantry::Status, std::string text) { answer = text; },
            [](std::function<void()> work) { work(); });
        host.settle();
        CHECK(answer == "0");
        const auto incidents = host.host().incidents().latest();
        REQUIRE(incidents.size() == 1);
        CHECK(incidents[0].what.find("wrong thread in call of " + call) != std::string::npos);
    }
}

TEST_CASE("a transport that says it listens and has made nothing is refused") {
    Nothing::makes_nothing = true;
    std::string why;
    try {
        TestHost host{thin_manifest(), {.plugins = {&echo, &thin}}};
    } catch (const std::exception& error) {
        why = error.what();
    }
    Nothing::makes_nothing = false;
    CHECK_MESSAGE(why.find("says that it has made what it has not") != std::string::npos, why);
}
