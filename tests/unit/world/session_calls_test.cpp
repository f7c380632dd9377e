// What a world says to sessions: by id, group and condition; closed ids; ids are never given twice.
#include <doctest/doctest.h>

#include <set>

#include "gantry/connection.h"
#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using gantry::Bytes;
using gantry::Message;
using gantry::SessionId;
using gantry::Status;

namespace {

std::vector<SessionId> seen;  // every session that ever came

class Caller final : public gantry::WorldPlugin {
    void setup() override {
        on_session([](SessionId session, gantry::Entity) { seen.push_back(session); },
                   [](SessionId, gantry::Entity) {});
        on(1, [this](const Message& m) { net().group_join(group("odd"), m.session); });
        on(2, [this](const Message&) { broadcast(10, Bytes{"all"}); });
        on(3, [this](const Message&) { net().group_send(group("odd"), 10, Bytes{"group"}); });
        on(4, [this](const Message& m) { send(others(m.session), 10, Bytes{"others"}); });
        on(5, [this](const Message&) {
            return std::to_string(active_sessions().size()) + " " +
                   std::to_string(active_sessions(group("odd")).size()) + " " +
                   std::to_string(active_sessions(gantry::GroupId{99}).size());
        });
        on(6, [this](const Message&) { close_sessions(active_sessions(group("odd"))); });
        on(7, [this](const Message& m) {
            const auto all = others(m.session);
            return std::to_string(close_sessions(all)) + " of " + std::to_string(all.size());
        });
        // Every call by the id of the session that came first, which is gone by then.
        on(8, [this](const Message&) {
            const SessionId gone = seen.front();
            gantry::SessionInfo info;
            CHECK(send(gone, 10, Bytes{"x"}) == Status::not_found);
            CHECK(close_session(gone) == Status::not_found);
            CHECK(net().session_info(gone, &info) == Status::not_found);
            CHECK(net().group_join(group("odd"), gone) == Status::not_found);
            CHECK(net().group_leave(group("odd"), gone) == Status::not_found);
            CHECK(net().move(gone, find_world("world")) == Status::not_found);
            CHECK(send(std::vector<SessionId>{gone}, 10, Bytes{"x"}) == Status::ok);
            CHECK(close_sessions(std::vector<SessionId>{gone, SessionId{}, SessionId{~0ull}}) == 0);
            return std::string{"asked"};
        });
    }
    std::vector<SessionId> others(SessionId me) {
        return sessions_where([me](const gantry::SessionInfo& one) { return one.session != me; });
    }
};
/// The same from a shard.
class ShardCaller final : public gantry::IoPlugin {
    void setup() override {
        route(20, [this](const gantry::IoMessage&) {
            CHECK(io().send(seen.front(), 10, 0, Bytes{"x"}) == Status::not_found);
            CHECK(io().close(seen.front()) == Status::not_found);
            CHECK(io().release(seen.front(), gantry::Verdict::pass) == Status::not_found);
            return Bytes{"asked"};
        });
    }
};
constexpr gantry::PluginDesc caller = linked("caller", "1.0.0", gantry::create<Caller>);
constexpr gantry::PluginDesc shard_caller =
    linked("shard_caller", "1.0.0", nullptr, gantry::create<ShardCaller>);

struct Three {
    Three() : host{{.plugins = {&caller, &shard_caller}}} {
        seen.clear();
        for (auto* client : {&a, &b, &c}) client->emplace(host.connect());
        a->send(1, "");
        c->send(1, "");
        host.settle();
    }
    /// How many messages each has got since the last call.
    std::string got() {
        host.settle();
        std::string counts;
        for (auto* client : {&a, &b, &c}) counts += std::to_string((*client)->received().size());
        return counts;
    }
    TestHost host;
    std::optional<TestClient> a, b, c;
};

}  // namespace

TEST_CASE_FIXTURE(Three, "sessions are spoken to by id, group, condition, and all at once") {
    b->send(2, "");
    CHECK(got() == "111");
    b->send(3, "");
    CHECK(got() == "101");
    b->send(4, "");
    CHECK(got() == "101");
    CHECK(b->call(5, "").text == "3 2 0");
}

TEST_CASE_FIXTURE(Three, "sessions are closed by group and by condition") {
    b->send(6, "");
    host.settle();
    CHECK(a->closed_by_host());
    CHECK(c->closed_by_host());
    CHECK(b->call(5, "").text == "1 0 0");
    auto d = host.connect();
    CHECK(d.call(7, "").text == "1 of 1");
    host.settle();
    CHECK(b->closed_by_host());
}

TEST_CASE_FIXTURE(Three, "the id of a closed session is answered with not_found by every call") {
    a->close();
    host.settle();
    CHECK(b->call(8, "").text == "asked");
    CHECK(b->call(20, "").text == "asked");
}

TEST_CASE("ids are never given twice, and nothing is left of those that went") {
    seen.clear();
    TestHost host{{.plugins = {&caller}, .shards = 2, .workers = 2}};
    constexpr int rounds = 400;
    for (int round = 0; round < rounds; ++round) {
        std::vector<TestClient> clients;
        for (int i = 0; i < 5; ++i) clients.push_back(host.connect());
        clients[0].close();
        clients[1].link().reset();
        clients[2].call(7, "");  // closes the others that are there yet
    }
    host.settle();
    CHECK(seen.size() == 5u * rounds);
    std::set<std::uint64_t> distinct;
    for (const SessionId id : seen) distinct.insert(id.value);
    CHECK(distinct.size() == seen.size());
    CHECK_FALSE(distinct.contains(0));

    host.advance_ms(3000);  // those that never saw the client's end
    CHECK(host.world().session_count() == 0);
    CHECK(host.world().entity_count() == 0);
    for (gantry::session::IoRoom* shard : host.host().rooms().shards) {
        CHECK(shard->session_count() == 0);
        CHECK(shard->shard().load() == 0);
        CHECK(shard->snapshot(SIZE_MAX).empty());
        CHECK(shard->counters().sessions_opened == shard->counters().sessions_closed);
    }
}
