// The admin listener's stream of session events, from a real host over a real socket.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/admin/server.h"
#include "host/app/admin_backend.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/tcp.h"

using namespace gantry::test;

namespace {

class Echo final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [](const gantry::Message& message) { return message.payload; });
    }
};
constexpr gantry::PluginDesc echo = linked("echo", "1.0.0", gantry::create<Echo>);

constexpr const char* token = "0123456789abcdef";

/// A client of /api/events, from the first event on.
struct Stream {
    Stream(std::uint16_t port, const std::string& query) : client{port} {
        client.write("GET /api/events" + query + " HTTP/1.1\r\nHost: 127.0.0.1:" +
                     std::to_string(port) + "\r\nAuthorization: Bearer " + token + "\r\n\r\n");
        until("\r\n\r\n");
    }
    /// What came up to `end`, or up to the end of the stream.
    std::string until(std::string_view end) {
        std::string text;
        while (text.find(end) == std::string::npos) {
            const std::string byte = client.read(1);
            if (byte.empty()) break;
            text += byte;
        }
        return text;
    }
    /// The kinds that it tells of up to the session's end, in order.
    std::vector<std::string> kinds() {
        const std::string text = until("\"kind\":\"closed\"");
        const std::string_view mark = "\"kind\":\"";
        std::vector<std::string> list;
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
            at += mark.size();
            list.push_back(text.substr(at, text.find('"', at) - at));
        }
        return list;
    }
    TcpClient client;
};

}  // namespace

TEST_CASE("streams tell of a session in its order, of messages only when asked to") {
    TestHost host{{.plugins = {&echo}}};
    gantry::app::HostBackend backend{host.host()};
    gantry::admin::AdminConfig config;
    config.token = token;
    const auto server = gantry::admin::AdminServer::start(config, backend);
    REQUIRE_MESSAGE(server, server.error().message);
    Stream life{(*server)->port(), "?after=0"};
    Stream messages{(*server)->port(), "?after=0&messages=1"};

    auto client = host.connect();
    client.call(1, "a");
    client.call(1, "b");
    client.write(std::string(12, '\xff'));
    host.settle();
    CHECK(life.kinds() == std::vector<std::string>{"established", "error", "closed"});
    CHECK(messages.kinds() == std::vector<std::string>{"established", "received", "sent",
                                                       "received", "sent", "error", "closed"});
}
