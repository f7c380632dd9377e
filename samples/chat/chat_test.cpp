// A test of the two plugins together, in a host of its own: `gantry test`, which ctest calls.
#include <chat.gantry.h>
#include <doctest/doctest.h>
#include <gantry/test.h>

using namespace chat;
using gantry::message_id;

TEST_CASE("what one says reaches those in the same room, without the bad words") {
    gantry::test::TestHost host{{.plugins = {"chat", "chat_filter"}}};
    auto alice = host.connect();
    auto bob = host.connect();
    msg::Join join;
    join.set_room("lobby");
    join.set_name("alice");
    CHECK(alice.call(message_id<msg::Join>, join.SerializeAsString()).status == gantry::Status::ok);
    msg::Joined joined;
    REQUIRE(joined.ParseFromString(bob.call(message_id<msg::Join>, join.SerializeAsString()).text));
    CHECK(joined.members() == 2);

    msg::Say say;
    say.set_text("what the heck");
    alice.send(message_id<msg::Say>, say.SerializeAsString());
    host.settle();
    const auto heard = bob.received();
    REQUIRE(heard.size() == 1);
    msg::Said said;
    REQUIRE(said.ParseFromString(heard[0].text));
    CHECK(said.text() == "what the ****");
}
