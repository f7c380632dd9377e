// Middleware, a route of the shard and a service, whose second version crashes in whichever a
// message names.
#include <gantry/gantry.h>

#include <cstdint>
#include <string>

#ifndef GUARD_VERSION
#define GUARD_VERSION "1.0.0"
#endif

namespace {

volatile int sink = 0;

void crash() {
    if (GUARD_VERSION[0] != '2') return;
    *reinterpret_cast<volatile int*>(static_cast<std::uintptr_t>(sink)) = 1;
}

class Guard final : public gantry::IoPlugin {
    void setup() override {
        layer("watch", [](gantry::IoMessage& message) {
            if (message.payload.text() == "layer") crash();
            return gantry::Verdict::pass;
        });
        layer(
            "outward",
            [this](gantry::IoMessage& message) {
                if (message.payload.text() == "outbound") crashes_outbound_ = true;
                if (message.payload.text() == "inbound") crash();
                return gantry::Verdict::pass;
            },
            [this](gantry::IoMessage& message) {
                // Not in the route's answers, which tell the version.
                if (crashes_outbound_ && message.id == 1) crash();
                return gantry::Verdict::pass;
            });
        route(2, [](const gantry::IoMessage& message) {
            if (message.payload.text() == "route") crash();
            return gantry::Bytes{std::string_view{GUARD_VERSION}};
        });
        route(3, [this](const gantry::IoMessage& message) {
            call("guard/1", "", message.payload, std::chrono::seconds{10},
                 [this, session = message.session](gantry::Status status, gantry::Bytes text) {
                     const std::string answer =
                         std::string{gantry::status_name(status)} + " " + std::string{text.text()};
                     io().send(session, 4, 0, gantry::Bytes{std::string_view{answer}});
                 });
        });
    }
    bool crashes_outbound_ = false;
};

class Answers final : public gantry::HostPlugin {
    void setup() override {
        serve("guard/1", [](gantry::Str, gantry::Bytes request) {
            if (request.text() == "service") crash();
            return std::string{GUARD_VERSION};
        });
    }
};

}  // namespace

GANTRY_PLUGIN(.name = "guard", .version = GUARD_VERSION, .io = gantry::create<Guard>,
              .service = gantry::create<Answers>);
