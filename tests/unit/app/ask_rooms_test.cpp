// Asking rooms. One that was stuck cost every answer of the admin listener a fifth of a second,
// also when it had long been known; answers stand in line for each other.
#include "host/app/ask_rooms.h"

#include <doctest/doctest.h>

#include "host/app/room_ports.h"

using namespace gantry;
using namespace gantry::app;

TEST_CASE("a room to which there is no way is left out at once, the others answer as themselves") {
    const route::PostToRoom here = [](std::function<void()> work) { work(); };
    const std::function<std::size_t(std::size_t)> itself = [](std::size_t room) { return room; };
    const auto days = std::chrono::hours{100};
    CHECK(ask_rooms<std::size_t>({here, {}, here}, itself, days) == std::vector<std::size_t>{0, 2});
    CHECK(ask_rooms<std::size_t>({route::PostToRoom{}}, itself, days).empty());
}

TEST_CASE("a room that does not answer in time is left out, and answers into nothing") {
    std::function<void()> late;
    const route::PostToRoom slow = [&late](std::function<void()> work) { late = std::move(work); };
    const std::function<int(std::size_t)> seven = [](std::size_t) { return 7; };
    CHECK(ask_rooms<int>({slow}, seven, std::chrono::milliseconds{1}).empty());
    late();
}

TEST_CASE("a room that still owes an answer is not asked again until it has given it") {
    std::function<void()> late;
    const route::PostToRoom slow = [&late](std::function<void()> work) { late = std::move(work); };
    const auto owes = std::make_shared<std::atomic<bool>>(false);
    const std::function<int(std::size_t)> seven = [](std::size_t) { return 7; };
    CHECK(
        ask_rooms<int>({port_of_debtor(owes, slow)}, seven, std::chrono::milliseconds{1}).empty());
    CHECK_FALSE(port_of_debtor(owes, slow));
    late();
    const route::PostToRoom here = [](std::function<void()> work) { work(); };
    CHECK(ask_rooms<int>({port_of_debtor(owes, here)}, seven) == std::vector<int>{7});
    CHECK(port_of_debtor(owes, here));
}

TEST_CASE("a room is known to be stuck by its thread, unless another has taken over") {
    StuckCall call;
    call.thread = "worker-1";
    CHECK(is_stuck({call}, "worker-1"));
    CHECK_FALSE(is_stuck({call}, "worker-10"));
    CHECK_FALSE(is_stuck({call}, "worker-0"));
    call.thread = "worker-1-2";  // the thread that took over is stuck, too
    CHECK(is_stuck({call}, "worker-1"));
    call.keeps = "arena";
    CHECK_FALSE(is_stuck({call}, "worker-1"));
}
