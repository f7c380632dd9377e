// What a world is told of a session: over TCP and over WebSocket, by call and by component.
#include <doctest/doctest.h>

#include "gantry/connection.h"
#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/tcp.h"
#include "tests/support/websocket.h"

using namespace gantry::test;

namespace {

gantry::SessionInfo info;
gantry::Connection component;

class Info final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message& message) {
            CHECK(net().session_info(message.session, &info) == gantry::Status::ok);
            component = world().get<const gantry::Connection>(message.entity);
            net().close(message.session);
        });
    }
};
constexpr gantry::PluginDesc plugin = linked("info", "1.0.0", gantry::create<Info>);

gantry::manifest::Manifest manifest() {
    return gantry::manifest::ManifestBuilder{}
        .shards(1)
        .workers(1)
        .no_admin()
        .drop("no such folder")
        .incidents({.folder = ""})
        .listener("plain")
        .joins("world")
        .listener("web")
        .transport("ws")
        .joins("world")
        .world("world")
        .plugins({"info"})
        .plugin("info")
        .build();
}

/// Sockets take their time, though the host's own clock stands still.
bool settle_until(TestHost& host, std::uint32_t sessions) {
    const gantry::core::SystemClock wall;
    const gantry::TimeNs end = wall.now() + 20 * gantry::ns_per_s;
    while (host.world().session_count() != sessions) {
        if (wall.now() > end) return false;
        host.settle();
    }
    return true;
}

}  // namespace

TEST_CASE("a world knows protocol, peer, listener and time of its sessions") {
    TestHost host{manifest(), {.plugins = {&plugin}}};
    for (const auto& endpoint : host.host().endpoints()) {
        CAPTURE(endpoint.name);
        const bool websocket = endpoint.transport == "ws";
        TcpClient client{endpoint.port};
        if (websocket) client.write(ws_request());
        REQUIRE(settle_until(host, 1));
        const gantry::TimeNs since = host.clock().now();
        host.advance_ms(70);  // a tick writes the component
        const std::string frame = frame_bytes(1, "12345");
        client.write(websocket ? ws_frame(gantry::net::ws_opcode::binary, frame) : frame);
        REQUIRE(settle_until(host, 0));

        CHECK(std::string{info.protocol} == endpoint.transport);
        CHECK(std::string{info.listener} == endpoint.name);
        CHECK(std::string{info.remote} == "127.0.0.1:" + std::to_string(client.port()));
        CHECK(info.since == since);
        CHECK(info.messages_in == 1);
        CHECK(info.bytes_in == 5);
        CHECK(component.session == info.session.value);
        CHECK(std::string{component.protocol} == info.protocol);
        CHECK(std::string{component.remote} == info.remote);
        CHECK(component.since == since);
    }
}
