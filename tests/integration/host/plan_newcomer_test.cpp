// A plan brings a plugin that was not loaded: it joins in the moment in which the others are
// replaced, and leaves again when they go back.
#include <doctest/doctest.h>

#include "host/core/log.h"
#include "tests/integration/host/trial_pair.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;
using plugin::PluginState;
using plugin::SwapOutcome;

namespace {

using Texts = std::vector<std::string>;

constexpr std::uint16_t shop_id = 1, fail_id = 2, count_id = 3, fail_newcomer_id = 4, gate_id = 5,
                        credit_id = 6;

std::set<std::pair<int, bool>> seen;  ///< by ticks: the version of the shop, and is there a bank
std::string fails_in;                 ///< the world where the second version cannot restore
std::string refuses_in;               ///< the world where the newcomer does not start

struct Bank {
    static constexpr const char* name = "newcomer.bank/1";
    virtual int rate() = 0;

protected:
    ~Bank() = default;
};

namespace v1 {
struct Purse {
    std::int32_t coins = 10;
};
GANTRY_COMPONENT_AS("newcomer.purse", Purse, 1, GANTRY_FIELD(coins))
}  // namespace v1
namespace v2 {
struct Purse {
    std::int32_t debt = 0;
    std::int32_t coins = 10;
};
GANTRY_COMPONENT_AS("newcomer.purse", Purse, 2, GANTRY_FIELD(debt), GANTRY_FIELD(coins))
}  // namespace v2

template <class Purse>
int one_more(Registry& world, Entity entity) {
    if (!world.all_of<Purse>(entity)) world.emplace<Purse>(entity);
    return ++world.get<Purse>(entity).coins;
}

/// The first keeps the purses itself; the second leaves that to the bank.
template <class Purse, int number>
class Shop : public WorldPlugin {
    void setup() override {
        expect(world().template use<Purse>());
        bank_ = service<Bank>(Bank::name);
        on(shop_id, [this](const Message&) {
            return std::to_string(number) + ":" + std::to_string(++sold_);
        });
        on(fail_id, [](const Message&) { throw std::runtime_error{"on purpose"}; });
        if (number == 1) {
            on(credit_id, [this](const Message& message) {
                return "shop " + std::to_string(one_more<Purse>(world(), message.entity));
            });
        }
        system("look", Stage::update, [this](const Tick&) { seen.emplace(number, bool{bank_}); });
    }
    void save_state(StateWriter& writer) override {
        const std::string text = std::to_string(sold_);
        writer.put("sold", Bytes{std::string_view{text}});
    }
    void restore_state(StateReader& reader) override {
        if (number == 2 && fails_in == self().world_name.view()) {
            throw std::runtime_error{"cannot read that"};
        }
        sold_ = std::atoi(std::string{reader.get("sold").text()}.c_str());
    }
    Service<Bank> bank_;
    int sold_ = 0;
};

/// Uses the component in the layout that comes with the shop's second version.
class BankPlugin final : public WorldPlugin, public Bank {
    int rate() override { return 5; }
    void setup() override {
        if (refuses_in == self().world_name.view()) return refuse("not here");
        expect(world().use<v2::Purse>());
        provide<Bank>(Bank::name, this);
        on_session([this](SessionId, Entity) { ++players_; }, [](SessionId, Entity) {});
        on(count_id, [this](const Message&) { return std::to_string(players_); });
        on(fail_newcomer_id, [](const Message&) { throw std::runtime_error{"on purpose"}; });
        on(credit_id, [this](const Message& message) {
            return "bank " + std::to_string(one_more<v2::Purse>(world(), message.entity));
        });
    }
    int players_ = 0;
};

constexpr PluginDesc shop_1 = linked("shop", "1.0.0", create<Shop<v1::Purse, 1>>);
constexpr PluginDesc shop_2 =
    linked("shop", "2.0.0", create<Shop<v2::Purse, 2>>, nullptr, nullptr, {"bank", "1.0.0"});
constexpr PluginDesc bank_1 = linked("bank", "1.0.0", create<BankPlugin>);
constexpr std::array both{&shop_2, &bank_1};

struct ShopHost : PairHost {
    explicit ShopHost(std::vector<const PluginDesc*> plugins = {&shop_1})
        : PairHost{{{"left", {"shop"}}, {"right", {"shop"}}}, std::move(plugins)} {
        log::set_level(log::Level::error);
        seen.clear();
        fails_in.clear();
        refuses_in.clear();
        for (TestClient& player : players) {
            CHECK(player.call(shop_id, "").text == "1:1");
            CHECK(player.call(credit_id, "").text == "shop 11");
        }
        advance_ms(100);
    }
    /// The first version serves alone, in all rooms, as if there had been nothing else.
    void check_back(const char* coins) {
        advance_ms(200);
        for (TestClient& player : players) {
            CHECK(player.call(shop_id, "").text.starts_with("1:"));
            CHECK(player.call(credit_id, "").text == std::string{"shop "} + coins);
            CHECK(player.call(count_id, "").status == Status::not_found);
            CHECK_FALSE(player.closed_by_host());
        }
        const auto snapshot = plugins().snapshot();
        REQUIRE(snapshot.plugins.size() == 1);
        CHECK(snapshot.plugins[0].version == "1.0.0");
        CHECK(snapshot.plugins[0].state == PluginState::active);
        CHECK(snapshot.generations.size() == 1);
        seen.clear();
        advance_ms(200);
        CHECK(seen == std::set<std::pair<int, bool>>{{1, false}});
    }
};

}  // namespace

TEST_CASE("what a version needs comes along with it, and takes over a route of it in all worlds") {
    ShopHost host;
    CHECK(host.swap(shop_2).reason ==
          "shop@2.0.0#2 needs the plugin bank 1.0.0 or later, which is not loaded");
    const auto report = host.swap(both);
    CHECK(report.outcome == SwapOutcome::committed);
    CHECK(report.from == "shop@1.0.0#1");
    CHECK(report.to == "shop@2.0.0#3, bank@1.0.0#1");
    CHECK(report.notes ==
          Texts{"shop@1.0.0#1 had not served long enough to compare with: shop@2.0.0#3 is judged "
                "by faults, failures and memory alone",
                "bank was not loaded before: it joins worlds left, right; it leaves "
                "again when the others go back in their probation"});
    CHECK(host.status("bank").state == PluginState::probation);
    host.advance_ms(200);
    // No tick found the new version without what it needs, nor the old one with it.
    CHECK(seen == std::set<std::pair<int, bool>>{{1, false}, {2, true}});
    for (TestClient& player : host.players) {
        CHECK(player.call(shop_id, "").text == "2:2");
        CHECK(player.call(credit_id, "").text == "bank 12");
        CHECK(player.call(count_id, "").text == "1");  // it heard of who was there before it
        CHECK_FALSE(player.closed_by_host());
    }
    host.advance_ms(6000);
    CHECK(host.status("bank").state == PluginState::active);
    CHECK(host.status("shop").state == PluginState::active);
    CHECK(host.plugins().snapshot().generations.size() == 2);
    CHECK(host.players[0].call(credit_id, "").text == "bank 13");
    CHECK(host.report(report.ticket).settled);
}

TEST_CASE("when a plan is rolled back, what came along leaves again") {
    ShopHost host;
    const auto report = host.swap(both);
    REQUIRE(report.outcome == SwapOutcome::committed);
    CHECK(host.players[0].call(credit_id, "").text == "bank 12");
    CHECK(host.players[1].call(credit_id, "").text == "bank 12");
    for (int i = 0; i < 3; ++i) (void)host.players[1].call(fail_id, "");
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    const auto incidents = host.host().incidents().latest();
    REQUIRE(incidents.size() == 1);
    CHECK(incidents[0].went_back_to == "shop@1.0.0#1");
    CHECK(incidents[0].with == Texts{"bank@1.0.0#1"});
    host.check_back("13");
    CHECK(host.swap(both).outcome == SwapOutcome::committed);
    CHECK(host.players[0].call(credit_id, "").text == "bank 14");
}

TEST_CASE("what came along takes the others back with it when it is the one that fails") {
    ShopHost host;
    const auto report = host.swap(both);
    for (int i = 0; i < 3; ++i) (void)host.players[0].call(fail_newcomer_id, "");
    const auto now = host.report(report.ticket);
    CHECK(now.outcome == SwapOutcome::rolled_back);
    CHECK(now.reason.starts_with("bank@1.0.0#1: 3 failures in its probation"));
    const auto incidents = host.host().incidents().latest();
    REQUIRE(incidents.size() == 1);
    CHECK(incidents[0].plugin == "bank@1.0.0#1");
    CHECK(incidents[0].went_back_to.empty());
    CHECK(incidents[0].with == Texts{"shop@2.0.0#2"});
    host.check_back("12");
}

TEST_CASE("a fault of what came along takes the others back, too") {
    ShopHost host;
    REQUIRE(host.swap(both).outcome == SwapOutcome::committed);
    core::Owner owner;
    for (const auto& instance : host.world("left").instances()) {
        if (instance->owner().plugin == "bank") owner = instance->owner();
    }
    host.plugins().faulted(owner, {"segmentation fault", "a call", "world left", nullptr, {}, {}});
    host.settle();
    CHECK(host.status("shop").version == "1.0.0");
    CHECK(host.plugins().snapshot().plugins.size() == 1);
    CHECK(host.players[0].call(credit_id, "").text == "shop 12");
    CHECK(host.players[1].call(count_id, "").status == Status::not_found);
}

TEST_CASE("a plan that is given up or refused in one world leaves nobody behind") {
    ShopHost host;
    fails_in = "right";
    const auto given_up = host.swap(both);
    CHECK(given_up.outcome == SwapOutcome::given_up);
    CHECK(given_up.reason ==
          "world right: shop@2.0.0#2 could not take over the state of shop@1.0.0#1");
    host.check_back("12");
    fails_in.clear();
    refuses_in = "right";
    const auto refused = host.swap(both);
    CHECK(refused.outcome == SwapOutcome::refused);
    CHECK(refused.reason.starts_with("world right: bank@1.0.0#2 refused to start"));
    host.check_back("13");
    refuses_in.clear();
    CHECK(host.swap(both).outcome == SwapOutcome::committed);
}

TEST_CASE("what comes along is looked at with the whole plan") {
    static constexpr PluginDesc needs_later =
        linked("shop", "2.1.0", create<Shop<v2::Purse, 2>>, nullptr, nullptr, {"bank", "1.1.0"});
    class Greedy final : public WorldPlugin {
        void setup() override {
            on(shop_id, [](const Message&) { return "mine"; });
        }
    };
    static constexpr PluginDesc greedy = linked("bank", "1.1.0", create<Greedy>);
    static constexpr PluginDesc picky =
        linked("bank", "1.2.0", create<BankPlugin>, nullptr, nullptr, {"vault", "1.0.0"});
    ShopHost host;
    CHECK(host.swap(std::array{&needs_later, &bank_1}).reason ==
          "shop@2.1.0#2 needs bank 1.1.0 or later of that major version, not bank@1.0.0#1");
    CHECK(host.swap(std::array{&needs_later, &picky}).reason ==
          "bank@1.2.0#2 needs the plugin vault 1.0.0 or later, which is not loaded");
    CHECK(host.swap(std::array{&needs_later, &greedy})
              .reason.ends_with("message id 1 of bank@1.1.0#3 already belongs to shop@2.1.0#4"));
    host.check_back("12");
}

TEST_CASE("two that are new come in one moment, too, and stay") {
    class Second final : public WorldPlugin {
        void setup() override {
            bank_ = service<Bank>(Bank::name);
            on(gate_id, [this](const Message&) { return std::to_string(bank_->rate()); });
        }
        Service<Bank> bank_;
    };
    static constexpr PluginDesc second =
        linked("second", "1.0.0", create<Second>, nullptr, nullptr, {"bank", "1.0.0"});
    class Plain final : public WorldPlugin, public Bank {
        int rate() override { return 7; }
        void setup() override { provide<Bank>(Bank::name, this); }
    };
    static constexpr PluginDesc plain = linked("bank", "1.0.0", create<Plain>);
    ShopHost host;
    const auto report = host.swap(std::array{&second, &plain});
    CHECK(report.outcome == SwapOutcome::committed);
    CHECK(report.from.empty());
    CHECK(report.settled);
    REQUIRE(report.notes.size() == 2);
    CHECK(report.notes[1].ends_with("gantry remove second takes it out again"));
    CHECK(host.status("second").state == PluginState::active);
    for (TestClient& player : host.players) CHECK(player.call(gate_id, "").text == "7");
    CHECK_FALSE(host.plugins().remove("bank"));
    CHECK(host.plugins().remove("second"));
    host.settle();
    CHECK(host.plugins().remove("bank"));
    host.check_back("12");
}

namespace {

class Gate final : public IoPlugin {
    void setup() override {
        route(gate_id, [](const IoMessage&) { return Bytes{std::string_view{"gate"}}; });
    }
};
class Open final : public IoPlugin {
    void setup() override {}
};
class Guard final : public IoPlugin {
    void setup() override {
        route(gate_id, [](const IoMessage&) { return Bytes{std::string_view{"guard"}}; });
        route(fail_newcomer_id, [](const IoMessage&) { throw std::runtime_error{"on purpose"}; });
    }
};
class Ledger final : public HostPlugin {
    void setup() override {
        serve("newcomer.ledger/1", [](Str, Bytes) { return std::string{"kept"}; });
    }
};
class Broken final : public HostPlugin {
    void setup() override { refuse("there is no disk"); }
};

constexpr PluginDesc gate_1 = linked("gate", "1.0.0", nullptr, create<Gate>);
constexpr PluginDesc gate_2 = linked("gate", "2.0.0", nullptr, create<Open>);
constexpr PluginDesc guard = linked("guard", "1.0.0", nullptr, create<Guard>);
constexpr PluginDesc guard_with_ledger =
    linked("guard", "1.1.0", nullptr, create<Guard>, create<Ledger>);
constexpr PluginDesc guard_that_breaks =
    linked("guard", "1.2.0", nullptr, create<Guard>, create<Broken>);

}  // namespace

TEST_CASE("on shards what comes along takes over a route, and gives it back, needed or not") {
    static constexpr PluginDesc needs_guard =
        linked("gate", "2.0.0", nullptr, create<Open>, nullptr, {"guard", "1.0.0"});
    for (const PluginDesc* const next : {&gate_2, &needs_guard}) {
        ShopHost host{{&shop_1, &gate_1}};
        TestClient& player = host.players[0];
        CHECK(player.call(gate_id, "").text == "gate");
        const auto report = host.swap(std::array{&guard_with_ledger, next});
        CHECK(report.outcome == SwapOutcome::committed);
        CHECK(player.call(gate_id, "").text == "guard");
        for (int i = 0; i < 3; ++i) (void)player.call(fail_newcomer_id, "");
        CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
        CHECK(player.call(gate_id, "").text == "gate");
        host.advance_ms(200);
        CHECK(host.plugins().snapshot().plugins.size() == 2);
        CHECK(host.plugins().snapshot().generations.size() == 2);
    }
}

TEST_CASE("what has joined some rooms leaves them when a later room refuses it") {
    ShopHost host{{&shop_1, &gate_1}};
    const auto report = host.swap(std::array{&gate_2, &guard_that_breaks});
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("guard@1.2.0#1 refused to start as a service") != std::string::npos);
    CHECK(host.players[1].call(gate_id, "").text == "gate");
    host.advance_ms(200);
    CHECK(host.plugins().snapshot().generations.size() == 2);
    CHECK(host.swap(std::array{&gate_2, &guard}).outcome == SwapOutcome::committed);
    CHECK(host.players[1].call(gate_id, "").text == "guard");
}

// Whether the others need it decides who goes first, in the worlds and on the way back.
TEST_CASE(
    "what has joined worlds leaves them again, needed or not, also when the service refuses") {
    static constexpr PluginDesc free_shop = linked("shop", "2.0.0", create<Shop<v2::Purse, 2>>);
    static constexpr PluginDesc breaks =
        linked("bank", "1.1.0", create<BankPlugin>, nullptr, create<Broken>);
    ShopHost host;
    const auto report = host.swap(std::array{&free_shop, &bank_1});
    REQUIRE(report.outcome == SwapOutcome::committed);
    for (int i = 0; i < 3; ++i) (void)host.players[0].call(fail_id, "");
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    host.check_back("12");
    CHECK(host.swap(std::array{&free_shop, &breaks}).outcome == SwapOutcome::given_up);
    host.check_back("13");
    CHECK(host.swap(std::array{&shop_2, &breaks}).outcome == SwapOutcome::given_up);
    host.check_back("14");
}
