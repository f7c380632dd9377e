// A plugin that sends work to the host's pool, and whose second version does there what it must
// not.
#include <gantry/gantry.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

volatile int sink = 0;

int* nowhere() { return reinterpret_cast<int*>(static_cast<std::uintptr_t>(sink - sink)); }

struct Depth {
    std::int32_t metres = 0;
};
GANTRY_COMPONENT_AS("diver.depth", Depth, 1, GANTRY_FIELD(metres))

class Diver final : public gantry::WorldPlugin {
    void setup() override {
        expect(world().use<Depth>());
        on(1, [this](const gantry::Message& message) -> gantry::Task<std::string> {
            const std::string wish{message.payload.text()};
            const auto session = message.session;
            const auto entity = message.entity;
            auto work = [this, wish, session, entity] { dive(wish, session, entity); };
            co_await offload(work);
            co_return std::string{DIVER_VERSION} + " is back";
        });
    }
    void dive(const std::string& wish, gantry::SessionId session, gantry::Entity entity) {
        if (DIVER_VERSION[0] != '2') return;
        if (wish == "null") *nowhere() = 1;
        if (wish.starts_with("once there is ")) {
            const std::string file = wish.substr(std::string_view{"once there is "}.size());
            while (::access(file.c_str(), F_OK) != 0) std::this_thread::yield();
            *nowhere() = 1;
        }
        if (wish == "throw") throw std::runtime_error{"on purpose"};
        if (wish == "send") (void)net().send(session, 7, 0, gantry::Bytes{std::string_view{"hi"}});
        if (wish == "emplace") world().emplace<Depth>(entity);
        if (wish == "spin")
            while (true) sink = sink + 1;
    }
};

}  // namespace

GANTRY_PLUGIN(.name = "diver", .version = DIVER_VERSION, .world = gantry::create<Diver>);
