// Who asks a service hears an answer, exactly once, whatever becomes of his version meanwhile.
// Versions that left with a call under way once heard nothing, nor did their players: when a
// service crashed in the probation of its plugin, the way back could take the asker away before the
// answer came.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "gantry/gantry.h"
#include "host/core/clock.h"
#include "host/route/service_room.h"
#include "host/route/transit.h"

using namespace gantry;
using namespace gantry::route;

namespace {

/// Takes every call and keeps it.
class Elsewhere final : public Surroundings {
public:
    const core::Clock& clock() const noexcept override { return clock_; }
    WorldId find_world(std::string_view) noexcept override { return {}; }
    Status post_event(WorldId, std::string_view, Bytes) override { return Status::not_found; }
    Status offload(std::function<void()>, std::function<void()>, PostToRoom) override {
        return Status::limit;
    }
    void serve(const std::string&, ServedFunction) override {}
    Status call(const std::string&, std::string, std::string,
                std::function<void(Status, std::string)> answer, PostToRoom room) override {
        calls_.push_back([answer = std::move(answer), room = std::move(room)] {
            room([answer] { answer(Status::ok, ""); });
        });
        return Status::ok;
    }
    Transit& transit() noexcept override { return transit_; }
    void failed(const core::Owner&, std::string_view, std::string_view) override {}
    void faulted(const core::Owner&, const FaultReport&) override {}
    void protected_full(const core::Owner&) noexcept override {}
    void calls_full(std::string_view service) noexcept override { refused_ += service; }
    std::string take_refused() { return std::exchange(refused_, {}); }

    void answer_all() {
        for (const auto& answer : calls_) answer();
        calls_.clear();
    }

private:
    core::ManualClock clock_;
    Transit transit_;
    std::vector<std::function<void()>> calls_;
    std::string refused_;
};

std::string heard;
std::string take_heard() { return std::exchange(heard, {}); }

class Asks final : public HostPlugin {
public:
    static inline Asks* newest = nullptr;
    static inline bool refuses = false;
    void ask() {
        call("far/1", "", {}, std::chrono::hours{1}, [this](Status status, Bytes) {
            heard += std::string{self().version.view()} + " " + status_name(status) + "; ";
            if (asks_again) ask();
        });
    }
    bool asks_again = false;

private:
    void setup() override {
        newest = this;
        if (!std::exchange(refuses, false)) return;
        ask();
        refuse("it would rather not");
    }
    void teardown() override { heard += "end of " + std::string{self().version.view()} + "; "; }
};

struct Room {
    Room() {
        heard.clear();
        add("1", "");
    }

    bool try_add(const std::string& version, const std::string& replaces) {
        FacetOrder order;
        order.owner = {next_owner++, "asks@" + version, "asks", version, 1};
        order.create = create<Asks>;
        order.replaces = replaces;
        return static_cast<bool>(room.add(order));
    }
    void add(const std::string& version, const std::string& replaces) {
        REQUIRE(try_add(version, replaces));
    }
    std::string heard_now() {
        room.poll(elsewhere.clock().now());
        return take_heard();
    }

    Elsewhere elsewhere;
    ServiceRoom room{elsewhere};
    std::uint32_t next_owner = 1;
};

}  // namespace

TEST_CASE("an answer that comes after a swap reaches the version that asked") {
    Room host;
    Asks::newest->ask();
    host.add("2", "asks");
    Asks::newest->ask();
    CHECK(host.heard_now().empty());
    host.elsewhere.answer_all();
    CHECK(host.heard_now() == "1 ok; 2 ok; ");
}

TEST_CASE("who leaves hears that his calls are cancelled, in their order and before his end") {
    Room host;
    SUBCASE("after the probation of the next version") {
        Asks::newest->ask();
        Asks::newest->ask();
        host.add("2", "asks");
        host.room.settle("asks");
        CHECK(host.heard_now() == "1 cancelled; 1 cancelled; end of 1; ");
    }
    SUBCASE("with a rollback") {
        host.add("2", "asks");
        Asks::newest->ask();
        Asks::newest->ask();
        CHECK(host.room.roll_back("asks"));
        CHECK(host.heard_now() == "2 cancelled; 2 cancelled; end of 2; ");
    }
    // What was dropped was leaked, too.
    SUBCASE("when it is removed, and what it asks then is dropped") {
        Asks::newest->asks_again = true;
        Asks::newest->ask();
        CHECK(host.room.remove("asks"));
        CHECK(host.heard_now() == "1 cancelled; end of 1; ");
    }
    SUBCASE("when it has asked and is then refused") {
        Asks::refuses = true;
        CHECK(!host.try_add("2", "asks"));
        CHECK(host.heard_now() == "2 cancelled; ");
    }
    host.elsewhere.answer_all();  // too late
    CHECK(host.heard_now().empty());
}

TEST_CASE("a room waits for so many answers and no more") {
    Room host;
    for (std::size_t i = 0; i < RoomServices::calls_max; ++i) Asks::newest->ask();
    CHECK(host.elsewhere.take_refused().empty());
    Asks::newest->ask();
    CHECK(host.elsewhere.take_refused() == "far/1");
    CHECK(host.heard_now() == "1 limit; ");
    host.elsewhere.answer_all();
    (void)host.heard_now();
    Asks::newest->ask();
    CHECK(host.elsewhere.take_refused().empty());
    host.elsewhere.answer_all();
    CHECK(host.heard_now() == "1 ok; ");
}
