// Rows that wait for their new layout: whoever touches them brings them, nobody sees the old one.
#include <doctest/doctest.h>

#include <array>

#include "gantry/ecs/old_row.h"
#include "host/ecs/migration.h"
#include "tests/unit/ecs/components.h"

using namespace gantry;

namespace {

std::uint64_t brought = 0;  // rows that have gone through an up()

namespace v1 {
struct Hero {
    std::int32_t coins = 7;
    std::int32_t scars = 3;
};
GANTRY_COMPONENT_AS("hero", Hero, 1, GANTRY_FIELD(coins), GANTRY_FIELD(scars))
struct Curse {
    std::int32_t left = 5;
};
GANTRY_COMPONENT_AS("curse", Curse, 1, gantry::sparse, GANTRY_FIELD(left))
struct Item {
    std::int32_t weight = 1;
    std::int32_t charm = 2;
};
GANTRY_COMPONENT_AS("item", Item, 1, GANTRY_FIELD(weight), GANTRY_FIELD(charm))
}  // namespace v1

namespace v2 {
struct Hero {
    std::int64_t coins = 0;
    float glory = 1;
    static void up(const OldRow& old, Hero& now) noexcept {
        now.glory = static_cast<float>(old.get<std::int32_t>("scars"));
        ++brought;
    }
    static void down(const Hero& now, OldRow& old) noexcept {
        old.set("scars", static_cast<std::int32_t>(now.glory));
    }
};
GANTRY_COMPONENT_AS("hero", Hero, 2, GANTRY_FIELD(coins), GANTRY_FIELD(glory))
struct Curse {
    std::int64_t left = 0;
    std::int32_t depth = 4;
};
GANTRY_COMPONENT_AS("curse", Curse, 2, gantry::sparse, GANTRY_FIELD(left), GANTRY_FIELD(depth))
struct Item {
    std::int32_t price = 9;
    std::int64_t weight = 0;
};
GANTRY_COMPONENT_AS("item", Item, 2, GANTRY_FIELD(price), GANTRY_FIELD(weight))
}  // namespace v2

constexpr ecs::OwnerId old_owner[] = {1};

/// A world of version 1 with all of its rows behind, so that each of them has to be brought.
struct Waiting {
    explicit Waiting(std::uint32_t count) {
        limits.chunk_bytes = 4096;
        world = std::make_unique<ecs::World>(names, limits);
        old = std::make_unique<Registry>(world->open(1, "rules@1#1"));
        next = std::make_unique<Registry>(world->open(2, "rules@2#2", old_owner));
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto number = static_cast<std::int32_t>(i);
            entities.push_back(old->create(v1::Hero{number, number % 50}, v1::Item{number, 5}));
            old->emplace<v1::Curse>(entities.back(), number);
        }
        brought = 0;
    }
    template <class... Ts>
    void commit(ecs::CallOwner call = {}) {
        REQUIRE(next->use<Ts...>() == Status::ok);
        const auto plan = world->plan_migration(2);
        REQUIRE_MESSAGE(plan.has_value(), plan.error().message);
        migration = std::move(world->prepare(*plan, std::move(call)).value());
        REQUIRE(migration->commit(ecs::Rest::on_touch));
    }
    bool direct() const { return world->data().layout_version == ecs_layout_version; }

    ecs::ComponentNames names;
    ecs::WorldLimits limits;
    std::unique_ptr<ecs::World> world;
    std::unique_ptr<Registry> old, next;
    std::vector<Entity> entities;
    std::unique_ptr<ecs::Migration> migration;
};

}  // namespace

TEST_CASE("a row is brought with its chunk when it is looked up, and only once") {
    Waiting here{2000};
    here.commit<v2::Hero>();
    CHECK_FALSE(here.world->settled());
    CHECK_FALSE(here.direct());
    CHECK(brought == 0);
    CHECK(here.next->get<const v2::Hero>(here.entities[700]).coins == 700);
    const std::uint64_t of_a_chunk = brought;
    CHECK(of_a_chunk > 0);
    CHECK(of_a_chunk < 500);
    here.next->get<v2::Hero>(here.entities[701]).coins = -5;
    CHECK(brought == of_a_chunk);
    here.world->settle_all();
    CHECK(brought == 2000);
    CHECK(here.direct());
    CHECK(here.next->get<const v2::Hero>(here.entities[701]).coins == -5);
    CHECK(here.next->get<const v2::Hero>(here.entities[701]).glory == 1);
}

TEST_CASE("a loop brings what it visits, chunk by chunk; one that skips brings nothing") {
    Waiting here{2000};
    here.commit<v2::Hero>();
    const std::uint64_t now = here.world->mark();
    here.next->view<const v2::Hero>().changed_since(now).each([](const v2::Hero&) {});
    CHECK(brought == 0);
    CHECK(here.next->view<const v2::Hero>().size() == 2000);
    CHECK(brought == 0);
    std::int64_t sum = 0;
    here.next->view<v2::Hero>().each([&](v2::Hero& hero) { sum += hero.coins++; });
    CHECK(sum == 1999 * 1000);
    CHECK(brought == 2000);
    CHECK(here.world->settled());
    CHECK(here.direct());
}

TEST_CASE("a world's turns bring the rest in slices") {
    Waiting here{2000};
    here.commit<v2::Hero>();
    int slices = 1;
    for (; !here.world->settle(300); ++slices) CHECK(brought <= 2000);
    CHECK(slices >= 4);
    CHECK(brought == 2000);
    CHECK(here.migration->settled());
}

TEST_CASE("rows that move, come and go take their new layout before") {
    Waiting here{3000};
    here.commit<v2::Hero, v2::Item, v2::Curse>();
    Registry& next = *here.next;
    const auto number = [&](std::size_t i) { return next.get<const v2::Hero>(here.entities[i]); };
    REQUIRE(next.use<v2::Hero>() == Status::ok);
    CHECK(next.remove<v2::Item>(here.entities[10]));  // a row moves, the last fills it
    CHECK(next.remove<v2::Item>(std::span{here.entities}.subspan(1000, 700)) == 700);
    CHECK(next.destroy(std::span{here.entities}.subspan(100, 300)) == 300);
    CHECK(next.destroy(here.entities[2999]));
    const Entity born = next.create(v2::Hero{5, 6}, v2::Item{});
    CHECK_FALSE(here.world->settled());
    for (const std::size_t i : {0u, 10u, 99u, 400u, 999u, 1000u, 1500u, 1699u, 1700u, 2998u}) {
        CAPTURE(i);
        CHECK(number(i).coins == static_cast<std::int64_t>(i));
        CHECK(number(i).glory == static_cast<float>(i % 50));
    }
    CHECK(next.get<const v2::Hero>(born).glory == 6);
    CHECK(next.get<const v2::Item>(here.entities[2998]).price == 9);
    CHECK(next.get<const v2::Item>(here.entities[2998]).weight == 2998);
    CHECK_FALSE(next.all_of<v2::Item>(here.entities[10]));
}

TEST_CASE("blocks of a sparse set take their new layout before rows of them come or go") {
    Waiting here{10'000};
    here.commit<v2::Curse>();
    Registry& next = *here.next;
    const auto left = [&](std::size_t i) {
        return next.get<const v2::Curse>(here.entities[i]).left;
    };
    // The last of the third block goes to a row of the first.
    CHECK(next.remove<v2::Curse>(here.entities[17]));
    CHECK_FALSE(here.world->settled());
    CHECK(left(9999) == 9999);
    CHECK(left(16) == 16);
    CHECK(left(5000) == 5000);
    CHECK(next.get<const v2::Curse>(here.entities[5000]).depth == 4);
    CHECK(here.world->settled());
    const Entity born = next.create();
    next.emplace<v2::Curse>(born, 3);
    CHECK(next.get<const v2::Curse>(born).left == 3);
    std::int64_t sum = 0;
    next.view<const v2::Curse>().each([&](const v2::Curse& curse) { sum += curse.left; });
    CHECK(sum == 9999 * 5000 - 17 + 3);
}

// A rollback made all memory anew and converted every row back, though nobody had written one.
TEST_CASE("what nobody has written since the commit goes back as it is, by its pointer") {
    Waiting here{2000};
    const auto* const place = here.old->try_get<const v1::Item>(here.entities[1500]);
    here.commit<v2::Item>();
    here.next->get<v2::Item>(here.entities[3]).weight = 77;
    const std::uint64_t rows = here.migration->rows();
    REQUIRE(here.migration->rollback({}, ecs::Rest::on_touch));
    CHECK(here.migration->rows() == rows);
    CHECK(here.old->try_get<const v1::Item>(here.entities[1500]) == place);
    CHECK(here.old->get<const v1::Item>(here.entities[3]).weight == 77);
    CHECK(here.old->get<const v1::Item>(here.entities[3]).charm == 5);
    CHECK(here.old->get<const v1::Item>(here.entities[1999]).weight == 1999);
}

TEST_CASE("what was written goes back on touch, too, with what was dropped as it was") {
    Waiting here{2000};
    here.commit<v2::Item>();
    here.next->view<v2::Item>().each([](v2::Item& item) { ++item.weight; });
    CHECK(here.next->destroy(std::span{here.entities}.subspan(0, 20)) == 20);  // rows move
    REQUIRE(here.migration->rollback({}, ecs::Rest::on_touch));
    CHECK_FALSE(here.migration->settled());
    here.world->release_owner(2);
    for (std::size_t i = 20; i < 2000; i += 33) {
        CHECK(here.old->get<const v1::Item>(here.entities[i]).weight ==
              static_cast<std::int32_t>(i) + 1);
        CHECK(here.old->get<const v1::Item>(here.entities[i]).charm == 5);
    }
    here.world->settle_all();
    CHECK(here.migration->settled());
}

// It answered the place of what was there without a mark, so a swap could lose what was written.
TEST_CASE("what is written through the place that an add answers goes back, too") {
    Waiting here{2000};
    here.commit<v2::Item>();
    Ecs& ecs = here.next->raw();
    auto* const item = static_cast<v2::Item*>(
        ecs.add_component(here.entities[9], here.next->id<v2::Item>(), nullptr));
    REQUIRE(item != nullptr);
    item->weight = 42;
    REQUIRE(here.migration->rollback({}, ecs::Rest::on_touch));
    CHECK(here.old->get<const v1::Item>(here.entities[9]).weight == 42);
}

TEST_CASE("a rollback before the rows were brought finds them where they were") {
    Waiting here{2000};
    here.commit<v2::Hero, v2::Item, v2::Curse>();
    CHECK(here.next->get<const v2::Item>(here.entities[1000]).weight == 1000);
    REQUIRE(here.migration->rollback({}, ecs::Rest::on_touch));
    CHECK(brought < 500);
    for (std::size_t i = 0; i < 2000; i += 99) {
        const auto value = static_cast<std::int32_t>(i);
        CHECK(here.old->get<const v1::Hero>(here.entities[i]).coins == value);
        CHECK(here.old->get<const v1::Hero>(here.entities[i]).scars == value % 50);
        CHECK(here.old->get<const v1::Item>(here.entities[i]).charm == 5);
        CHECK(here.old->get<const v1::Curse>(here.entities[i]).left == value);
    }
}

TEST_CASE("a function that fails on touch is told once, and the values without it stay") {
    Waiting here{2000};
    int calls = 0;
    here.commit<v2::Hero>([&](ecs::OwnerId, const std::function<void()>&) {
        ++calls;
        return false;
    });
    here.world->settle_all();
    CHECK(calls == 1);
    CHECK(here.next->get<const v2::Hero>(here.entities[1234]).coins == 1234);
    CHECK(here.next->get<const v2::Hero>(here.entities[1234]).glory == 1);  // its default
    REQUIRE(here.migration->rollback());
    CHECK(here.old->get<const v1::Hero>(here.entities[1234]).scars == 1234 % 50);
}

TEST_CASE("the next migration begins from rows that have all come") {
    Waiting here{2000};
    here.commit<v2::Item>();
    auto first = std::move(here.migration);
    here.commit<v2::Hero>();
    here.world->settle_all();
    CHECK(brought == 2000);
    CHECK(here.next->get<const v2::Item>(here.entities[50]).price == 9);
    CHECK(here.next->get<const v2::Hero>(here.entities[50]).glory == 0);
    REQUIRE(here.migration->rollback());
    REQUIRE(first->rollback({}, ecs::Rest::on_touch));  // others have laid it out since
    CHECK(here.old->get<const v1::Item>(here.entities[50]).charm == 5);
}
