// A plugin calls the host from a thread that is not its room's: once that raced with the room. The
// call is refused, the plugin parked under its name, and the others go on.
#include <doctest/doctest.h>

#include <thread>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;

namespace {

std::string said;  // by the host, to the thread that is not the room's

// A parked object is never destroyed; whoever looks for leaks finds it here.
const void* parked[5];
int parked_count = 0;

template <class Call>
void elsewhere(Call call) {
    std::thread{[&] {
        const auto caught = detail::guarded([&] { said = status_name(call()); });
        if (caught.status != Status::ok) said = "refused";
    }}.join();
}

struct Mark {
    std::uint32_t number = 0;
};
GANTRY_COMPONENT_AS("test.mark", Mark, 1, GANTRY_FIELD(number))

class Straying final : public WorldPlugin {
    void setup() override {
        parked[parked_count++] = this;
        expect(world().use<Mark>());
        on(1, [](const Message&) { return std::string{"here"}; });
        on(2, [this](const Message& message) {
            elsewhere([&] { return net().send(message.session, 9, 0, Bytes{}); });
        });
        on(3, [this](const Message& message) {
            elsewhere([&] {
                return world().valid(message.entity) ? net().close(message.session) : Status::ok;
            });
        });
        on(4, [this](const Message&) {
            elsewhere([&] {
                world().create(Mark{1});
                return Status::ok;
            });
        });
    }
};
constexpr PluginDesc straying = linked("straying", "1.0.0", create<Straying>);

class Bystander final : public WorldPlugin {
    void setup() override {
        on(8, [](const Message&) { return std::string{"still here"}; });
    }
};
constexpr PluginDesc bystander = linked("bystander", "1.0.0", create<Bystander>);

class Shard final : public IoPlugin {
    void setup() override {
        parked[parked_count++] = this;
        route(5, [](const IoMessage&) { return Bytes{std::string_view{"here"}}; });
        route(6, [this](const IoMessage& message) {
            elsewhere([&] { return io().close(message.session); });
        });
        mark_ = connections().use<Mark>();
        route(7, [this](const IoMessage& message) {
            elsewhere([&] {
                return mark_.ensure(message.session) != nullptr ? Status::ok : Status::refused;
            });
        });
    }
    ConnectionComponent<Mark> mark_;
};
constexpr PluginDesc shard = linked("shard", "1.0.0", nullptr, create<Shard>);

std::string state_of(TestHost& host, std::string_view plugin) {
    for (const auto& one : host.host().plugins().snapshot().plugins) {
        if (one.name == plugin) return plugin_state_name(one.state);
    }
    return "";
}

}  // namespace

TEST_CASE("a call into a world from another thread is refused and its plugin parked") {
    for (std::uint16_t how = 2; how <= 4; ++how) {
        INFO("message " << how);
        said.clear();
        TestHost host{{.plugins = {&straying, &bystander}}};
        auto client = host.connect();
        REQUIRE(client.call(1, "").text == "here");
        client.send(how, "");
        host.settle();
        CHECK(said == "refused");
        CHECK(client.call(1, "").status != Status::ok);
        CHECK(state_of(host, "straying") == "failed");
        CHECK(client.call(8, "").text == "still here");
        CHECK_FALSE(client.closed_by_host());
        CHECK(host.world().entity_count() == 1);  // the session's
    }
}

TEST_CASE("a call into a shard from another thread is refused and its plugin parked") {
    for (std::uint16_t how = 6; how <= 7; ++how) {
        INFO("message " << how);
        said.clear();
        TestHost host{{.plugins = {&shard, &bystander}}};
        auto client = host.connect();
        REQUIRE(client.call(5, "").text == "here");
        client.send(how, "");
        host.settle();
        CHECK(said == "refused");
        CHECK(client.call(5, "").status != Status::ok);
        CHECK(state_of(host, "shard") == "failed");
        CHECK(client.call(8, "").text == "still here");
        CHECK_FALSE(client.closed_by_host());
    }
}
