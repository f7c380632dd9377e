// ConnectionColumns: rows of connections, whatever handle they are asked for by.
#include "host/session/connection_columns.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "host/ecs/migration.h"

using namespace gantry;
using namespace gantry::session;

namespace {

struct Fixture {
    explicit Fixture(std::uint32_t connections_max = 8)
        : columns{names, sessions, connections_max}, ecs{&columns.open(1, "test@1#1", {})} {}

    Session& connect() { return sessions.open(net::ConnectionId::make(0, ++connections, 1)); }
    void close(Session& session) {
        columns.forget(session);
        sessions.close(session);
    }
    ComponentId describe(const std::string& name, std::uint32_t version = 1) {
        FieldDesc fields[2];
        for (std::uint32_t i = 0; i < version; ++i) {
            fields[i].name = i == 0 ? "first" : "second";
            fields[i].offset = 4 * i;
            fields[i].kind = FieldKind::u32;
        }
        ComponentDesc desc;
        desc.name = name;
        desc.version = version;
        desc.size = 4 * version;
        desc.align = 4;
        desc.fields = fields;
        desc.field_count = version;
        ComponentId id = no_component;
        CHECK(ecs->register_component(&desc, &id) == Status::ok);
        return id;
    }
    std::uint32_t* get(SessionId session, ComponentId id) {
        return static_cast<std::uint32_t*>(columns.get(session, id));
    }
    void set(SessionId session, ComponentId id, std::uint32_t value) {
        REQUIRE(columns.add(session, id, &value) != nullptr);
    }

    std::uint32_t connections = 0;
    ecs::ComponentNames names;
    SessionTable sessions{0};
    ConnectionColumns columns;
    Ecs* ecs;
};

}  // namespace

TEST_CASE("a handle of a connection that is gone finds nothing, also when its slot is used again") {
    Fixture shard;
    const ComponentId id = shard.describe("test.number");
    Session& first = shard.connect();
    const SessionId gone = first.id;
    CHECK(shard.get(gone, id) == nullptr);
    shard.set(gone, id, 7);
    CHECK(*shard.get(gone, id) == 7);
    shard.close(first);
    CHECK(shard.get(gone, id) == nullptr);
    CHECK(shard.columns.world().stats().entities == 0);

    const SessionId next = shard.connect().id;
    CHECK((next.value >> 32) == (gone.value >> 32));
    CHECK(shard.columns.add(gone, id, nullptr) == nullptr);
    CHECK_FALSE(shard.columns.remove(gone, id));
    CHECK(shard.get(next, id) == nullptr);
    CHECK(*static_cast<std::uint32_t*>(shard.columns.add(next, id, nullptr)) == 0);
    CHECK(shard.get(SessionId{next.value | std::uint64_t{1} << 56}, id) == nullptr);
    CHECK(shard.get(next, id + 1) == nullptr);
}

TEST_CASE("going through all rows meets each once while rows and connections come and go") {
    Fixture shard;
    const ComponentId id = shard.describe("test.number");
    std::vector<Session*> open;
    for (std::uint32_t i = 0; i < 6; ++i) {
        open.push_back(&shard.connect());
        if (i != 2) shard.set(open[i]->id, id, i);
    }
    std::vector<std::uint32_t> met;
    SessionId at;
    while (void* const place = shard.columns.next(id, at)) {
        met.push_back(*static_cast<std::uint32_t*>(place));
        if (met.back() == 1) CHECK(shard.columns.remove(open[0]->id, id));
        if (met.back() == 3) {
            shard.close(*open[3]);  // the one that it stands at
            shard.close(*open[4]);
        }
    }
    CHECK(met == std::vector<std::uint32_t>{0, 1, 3, 5});
}

TEST_CASE("there are limits to what is on one connection and to how many have something") {
    Fixture shard{2};
    Session& first = shard.connect();
    for (std::uint32_t i = 0; i < ConnectionColumns::components_max; ++i) {
        shard.set(first.id, shard.describe("test.number" + std::to_string(i)), i);
    }
    const ComponentId more = shard.describe("test.one_more");
    CHECK(shard.columns.add(first.id, more, nullptr) == nullptr);
    CHECK(*shard.get(first.id, more - 1) == ConnectionColumns::components_max - 1);

    Session& second = shard.connect();
    CHECK(shard.columns.add(second.id, more, nullptr) != nullptr);
    CHECK(shard.columns.add(shard.connect().id, more, nullptr) == nullptr);
    shard.close(second);
    CHECK(shard.columns.add(shard.connect().id, more, nullptr) != nullptr);
}

TEST_CASE("what a plugin has left behind is laid out anew for the next that describes it") {
    Fixture shard;
    const ComponentId id = shard.describe("test.number");
    const SessionId session = shard.connect().id;
    shard.set(session, id, 7);
    shard.columns.release(1);

    shard.ecs = &shard.columns.open(2, "test@2#2", {});
    CHECK(shard.describe("test.number", 2) == id);
    auto& world = shard.columns.world();
    const auto plan = world.plan_migration(2);
    REQUIRE(plan.has_value());
    REQUIRE_FALSE(plan->empty());
    auto migration = world.prepare(*plan);
    REQUIRE(migration.has_value());
    REQUIRE((*migration)->commit().has_value());
    CHECK(shard.get(session, id)[0] == 7);
    CHECK(shard.get(session, id)[1] == 0);
}
