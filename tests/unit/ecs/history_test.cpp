// What a component declares about its older versions: former names, functions up and down, arrays.
#include <doctest/doctest.h>

#include "host/ecs/migration.h"
#include "tests/unit/ecs/components.h"

using namespace gantry;

namespace v1 {
struct Slot {
    std::uint8_t item = 1;
    std::uint16_t amount = 2;
};
GANTRY_COMPONENT(Slot, 1, GANTRY_FIELD(item), GANTRY_FIELD(amount))
struct Place {
    float x = 0;
    float height = 0;
};
GANTRY_COMPONENT(Place, 1, GANTRY_FIELD(x), GANTRY_FIELD(height))
struct Body {
    float height = 3;
    float x = 0.5f;          // metres
    std::uint32_t cell = 0;  // row and column in one
    std::int16_t scores[4] = {1, 2, 3, 4};
    Slot slots[3] = {};
    float frame[2][2] = {{1, 2}, {3, 4}};
    char name[8] = "ann";
};
GANTRY_COMPONENT(Body, 1, GANTRY_FIELD(height), GANTRY_FIELD(x), GANTRY_FIELD(cell),
                 GANTRY_FIELD(scores), GANTRY_FIELD(slots), GANTRY_FIELD(frame), GANTRY_FIELD(name))
}  // namespace v1

namespace v2 {
struct Slot {
    std::uint32_t amount = 9;
    std::uint16_t kind = 0;
};
GANTRY_COMPONENT(Slot, 2, GANTRY_FIELD(amount), GANTRY_FIELD(kind, .was = "item"))
struct Place {
    std::int8_t cell_x = 0;
    float z = 0;
    static void up(const OldRow& old, Place& now) noexcept {
        now.cell_x = static_cast<std::int8_t>(old.get<float>("x") / 10);
    }
    static void down(const Place& now, OldRow& old) noexcept { old.set("x", now.cell_x * 10); }
};
GANTRY_COMPONENT(Place, 2, GANTRY_FIELD(cell_x, .was = "x", .converted = true),
                 GANTRY_FIELD(z, .was = "height"))
struct Body {
    double y = 0;
    std::int32_t x = 7;  // centimetres
    std::uint16_t row = 0, column = 0;
    std::int64_t scores[2] = {0, 0};
    std::array<Slot, 4> bag = {};
    float frame[3][3] = {};
    char first_name[16] = "";

    static void up(const OldRow& old, Body& now) noexcept {
        now.x = static_cast<std::int32_t>(old.get<float>("x") * 100);
        const auto cell = old.get<std::uint32_t>("cell");
        now.row = static_cast<std::uint16_t>(cell >> 16);
        now.column = static_cast<std::uint16_t>(cell);
    }
    static void down(const Body& now, OldRow& old) noexcept {
        old.set("x", static_cast<float>(now.x) / 100);
        old.set("cell", static_cast<std::uint32_t>(now.row) << 16 | now.column);
    }
};
GANTRY_COMPONENT(Body, 2, GANTRY_FIELD(y, .was = "height"), GANTRY_FIELD(x, .converted = true),
                 GANTRY_FIELD(row), GANTRY_FIELD(column), GANTRY_FIELD(scores, .shrinks = true),
                 GANTRY_FIELD(bag, .was = "slots"), GANTRY_FIELD(frame),
                 GANTRY_FIELD(first_name, .was = "name"))
}  // namespace v2

namespace {

constexpr ecs::OwnerId old_owner[] = {1};
constexpr std::uint32_t bodies = 1500;

/// A world with bodies of version 1, and version 2 standing beside.
struct Swap {
    Swap() {
        for (std::uint32_t i = 0; i < bodies; ++i) {
            v1::Body body;
            body.height = static_cast<float>(i);
            body.x = static_cast<float>(i) + 0.25f;
            body.cell = i << 16 | 5;
            body.slots[2].amount = static_cast<std::uint16_t>(i);
            entities.push_back(old.create(body));
        }
        old.set_resource(v1::Body{.height = 11});
    }
    std::unique_ptr<ecs::Migration> commit(ecs::CallOwner call = {}) {
        REQUIRE(next.use<v2::Body>() == Status::ok);
        const auto plan = world.plan_migration(2);
        REQUIRE_MESSAGE(plan.has_value(), plan.error().message);
        auto migration = world.prepare(*plan, std::move(call));
        REQUIRE(migration.has_value());
        REQUIRE((*migration)->advance(700).has_value());
        REQUIRE((*migration)->commit());
        return std::move(*migration);
    }

    ecs::ComponentNames names;
    ecs::World world{names};
    Registry old{world.open(1, "rules@1#1")};
    Registry next{world.open(2, "rules@2#2", old_owner)};
    std::vector<Entity> entities;
};

/// Descriptions of bare i32 fields, with former names, for the rules of naming.
struct Names {
    struct Entry {
        const char* name;
        const char* was = "";
    };
    Names(std::uint32_t version, std::vector<Entry> entries) {
        for (std::uint32_t i = 0; i < entries.size(); ++i) {
            fields.push_back({entries[i].name, 4 * i, 1, FieldKind::i32, {}});
            defaults.push_back(-1);
            origins.push_back({entries[i].was, i, 0});
        }
        history.origins = origins.data();
        history.origin_count = origins.size();
        desc.name = "names";
        desc.version = version;
        desc.size = static_cast<std::uint32_t>(4 * fields.size());
        desc.align = 4;
        desc.reserved[0] = 1;
        desc.fields = fields.data();
        desc.field_count = fields.size();
        desc.defaults = defaults.data();
        whole.history = &history;
    }
    std::vector<FieldDesc> fields;
    std::vector<std::int32_t> defaults;
    std::vector<FieldOrigin> origins;
    ComponentHistory history;
    ComponentDescWithHistory whole;
    ComponentDesc& desc = whole.desc;
};

/// A row of `from` with the values 0, 1, 2 ... as it comes out: "2 -1", or why not.
std::string migrated(const Names& from, const Names& to) {
    ecs::ComponentNames names;
    ecs::World world{names};
    (void)world.open(1, "a@1#1");
    const ComponentId id = world.register_component(1, from.desc).value();
    const Entity entity = world.create({&id, 1}).value();
    auto* values = static_cast<std::int32_t*>(world.get_mut(entity, id));
    for (std::uint32_t i = 0; i < from.fields.size(); ++i) values[i] = static_cast<std::int32_t>(i);
    const auto plan = world.plan_migration({&to.desc, 1}, old_owner);
    if (!plan) return plan.error().message;
    const auto migration = world.prepare(*plan);
    REQUIRE((*migration)->commit());
    values = static_cast<std::int32_t*>(world.get_mut(entity, id));
    std::string text;
    for (std::uint32_t i = 0; i < to.fields.size(); ++i) {
        text += (i > 0 ? " " : "") + std::to_string(values[i]);
    }
    return text;
}

}  // namespace

TEST_CASE_FIXTURE(Swap, "renamed, converted, split and nested fields come up") {
    const auto migration = commit();
    for (std::uint32_t i = 0; i < bodies; ++i) {
        const auto& body = next.get<const v2::Body>(entities[i]);
        REQUIRE(body.y == i);
        REQUIRE(body.x == static_cast<std::int32_t>(i * 100 + 25));
        REQUIRE(body.row == i);
        REQUIRE(body.column == 5);
        REQUIRE(body.bag[2].amount == i);
        REQUIRE(body.bag[2].kind == 1);
    }
    const auto& body = next.get<const v2::Body>(entities[8]);
    CHECK(body.scores[1] == 2);
    CHECK(body.bag[1].amount == 2);
    CHECK(body.bag[3].amount == 9);  // an element more takes its default
    CHECK(body.frame[1][0] == 3);
    CHECK(body.frame[1][1] == 4);
    CHECK(body.frame[2][2] == 0);
    CHECK(std::string_view{body.first_name} == "ann");
    CHECK(next.resource<const v2::Body>()->y == 11);
    CHECK(next.resource<const v2::Body>()->x == 50);
}

TEST_CASE_FIXTURE(Swap, "a rollback takes all of it back with what was done since") {
    const auto migration = commit();
    auto& changed = next.get<v2::Body>(entities[3]);
    changed.y = 1.5;
    changed.x = 450;
    changed.row = 77;
    changed.scores[1] = -20;
    changed.bag[0].kind = 44;
    const Entity born = next.create(v2::Body{.x = 300});
    REQUIRE(migration->rollback());
    world.release_owner(2);

    const auto& body = old.get<const v1::Body>(entities[3]);
    CHECK(body.height == 1.5f);
    CHECK(body.x == 4.5f);
    CHECK(body.cell == (77u << 16 | 5));
    CHECK(body.scores[1] == -20);
    CHECK(body.scores[3] == 4);  // the part that version 2 had no room for
    CHECK(body.slots[0].item == 44);
    CHECK(old.get<const v1::Body>(entities[4]).x == 4.25f);
    CHECK(old.get<const v1::Body>(born).x == 3.0f);
    CHECK(old.resource<const v1::Body>()->height == 11);
}

TEST_CASE_FIXTURE(Swap, "the functions of an owner that has left are not called") {
    const auto migration = commit();
    next.get<v2::Body>(entities[3]).x = 450;
    next.get<v2::Body>(entities[3]).y = 8;
    world.release_owner(2);
    REQUIRE(migration->rollback());
    CHECK(old.get<const v1::Body>(entities[3]).x == 3.25f);  // as it was at the hand-over
    CHECK(old.get<const v1::Body>(entities[3]).height == 8);
}

TEST_CASE_FIXTURE(Swap, "a function that does not return keeps the old layout") {
    REQUIRE(next.use<v2::Body>() == Status::ok);
    const auto plan = world.plan_migration(2);
    const std::uint64_t hash = world.hash();
    ecs::OwnerId asked = 0;
    auto migration = world.prepare(*plan, [&](ecs::OwnerId owner, const auto&) {
        asked = owner;
        return false;
    });
    const auto committed = (*migration)->commit();
    REQUIRE_FALSE(committed);
    CHECK(committed.error().message ==
          "component Body: the function of rules@2#2 from version 1 to 2 did not return");
    CHECK(asked == 2);
    migration->reset();
    CHECK(world.hash() == hash);
}

TEST_CASE_FIXTURE(Swap, "a later swap back to the older version loses nothing without a word") {
    commit()->accept();
    world.release_owner(1);
    world.took_over(2);
    const ecs::OwnerId second[] = {2};
    Registry back{world.open(3, "rules@1#3", second)};
    REQUIRE(back.use<v1::Body>() == Status::ok);
    const auto plan = world.plan_migration(3);
    REQUIRE_FALSE(plan);
    CHECK(plan.error().message.find("field height cannot turn from f64 into") != std::string::npos);
}

TEST_CASE("a swap back to the older version goes through down() of the newer one") {
    ecs::ComponentNames names;
    ecs::World world{names};
    Registry newer{world.open(1, "rules@2#1")};
    const Entity entity = newer.create(v2::Place{.cell_x = 3, .z = 8});
    Registry older{world.open(2, "rules@1#2", old_owner)};
    REQUIRE(older.use<v1::Place>() == Status::ok);
    const auto plan = world.plan_migration(2);
    REQUIRE(plan.has_value());
    CHECK(plan->text().find(", renamed: z>height, converted: x") != std::string::npos);
    const auto migration = world.prepare(*plan);
    REQUIRE((*migration)->commit());
    CHECK(older.get<const v1::Place>(entity).x == 30);
    CHECK(older.get<const v1::Place>(entity).height == 8);
    older.get<v1::Place>(entity).x = 55;
    REQUIRE((*migration)->rollback());  // up() of the newer one, which is still there
    CHECK(newer.get<const v2::Place>(entity).cell_x == 5);
    CHECK(newer.get<const v2::Place>(entity).z == 8);
}

TEST_CASE("a field is found by its name first, then by its former one") {
    CHECK(migrated({1, {{"a"}}}, {2, {{"b", "a"}}}) == "0");
    CHECK(migrated({1, {{"a"}, {"b"}}}, {2, {{"b", "a"}, {"c", "b"}}}) == "0 1");
    CHECK(migrated({2, {{"b"}, {"c"}}}, {3, {{"b", "a"}, {"c", "b"}, {"d"}}}) == "0 1 -1");
    // A new field of the old name is a new one.
    CHECK(migrated({1, {{"a"}}}, {2, {{"a"}, {"b", "a"}}}) == "-1 0");
    CHECK(migrated({2, {{"a"}, {"b"}}}, {3, {{"c"}, {"a"}, {"b", "a"}}}) == "-1 0 1");
    // Back to the older version.
    CHECK(migrated({2, {{"x"}, {"b", "a"}}}, {1, {{"a"}}}) == "1");
    CHECK(migrated({1, {{"a"}, {"b"}}}, {2, {{"b", "a"}}}) ==
          "component names: field b was a, and the older layout has both; the world has names v1, "
          "8 bytes {a i32 at 0, b i32 at 4}, the new version brings names v2, 4 bytes {b i32 at "
          "0}");
}

TEST_CASE("declarations that tell nothing are refused with the description") {
    const auto refusal = [](const Names& names) {
        const auto schema = ecs::make_schema(names.desc);
        return schema ? std::string{} : schema.error().message;
    };
    CHECK(refusal({2, {{"a", "b"}, {"b", "a"}}}).find("in a circle") != std::string::npos);
    CHECK(refusal({2, {{"a", "z"}, {"b", "z"}}}) ==
          "component names: fields a and b both were z; split it by up()");
    Names names{2, {{"a"}}};
    names.origins[0].flags = field_origin::converted;
    CHECK(refusal(names) == "component names: field a is declared converted, but there is no up()");
    names.origins[0].flags = 8;
    CHECK(refusal(names).find("a field or flag that is not there") != std::string::npos);
    names.origins[0] = {"", 5, 0};
    CHECK(refusal(names).find("a field or flag that is not there") != std::string::npos);
    names.history.bytes = 8;
    CHECK(refusal(names).find("malformed") != std::string::npos);
    names.desc.reserved[0] = 2;
    CHECK(refusal(names).find("the SDK is newer than this host") != std::string::npos);
}

TEST_CASE("of a description without a history nothing behind its end is read") {
    Names names{1, {{"a"}}};
    names.desc.reserved[0] = 0;
    names.whole.history = reinterpret_cast<const ComponentHistory*>(std::uintptr_t{1});
    CHECK(ecs::make_schema(names.desc).has_value());
}

TEST_CASE("arrays become shorter only where that is declared") {
    const auto plan = [](std::uint32_t count, std::uint32_t flags) {
        ecs::ComponentNames names;
        ecs::World world{names};
        (void)world.open(1, "a@1#1");
        FieldDesc field{"list", 0, 4, FieldKind::u16, {}};
        ComponentDescWithHistory whole;
        ComponentDesc& desc = whole.desc;
        desc.name = "array";
        desc.size = 8;
        desc.align = 2;
        desc.fields = &field;
        desc.field_count = 1;
        REQUIRE(world.register_component(1, desc));
        const FieldOrigin origin{{}, 0, flags};
        ComponentHistory history;
        history.origins = &origin;
        history.origin_count = 1;
        field.count = count;
        desc.version = 2;
        desc.size = 2 * count;
        desc.reserved[0] = 1;
        whole.history = &history;
        const auto made = world.plan_migration({&desc, 1}, old_owner);
        return made ? std::string{} : made.error().message;
    };
    CHECK(plan(5, 0) == "");
    CHECK(plan(3, field_origin::shrinks) == "");
    CHECK(plan(3, 0).find("field list shrinks from 4 elements to 3") != std::string::npos);
}

namespace v2 {
struct OneWay {
    std::int32_t whole = 0;
    static void up(const OldRow& old, OneWay& now) noexcept {
        now.whole = static_cast<std::int32_t>(old.get<float>("part"));
    }
};
GANTRY_COMPONENT_AS("one_way", OneWay, 2, GANTRY_FIELD(whole, .was = "part", .converted = true))
}  // namespace v2
namespace v1 {
struct OneWay {
    float part = 2.5f;
};
GANTRY_COMPONENT_AS("one_way", OneWay, 1, GANTRY_FIELD(part))
}  // namespace v1

TEST_CASE("a plan tells what no way leads back from") {
    ecs::ComponentNames names;
    ecs::World world{names};
    Registry old{world.open(1, "rules@1#1")};
    Registry next{world.open(2, "rules@2#2", old_owner)};
    REQUIRE(old.use<v1::OneWay>() == Status::ok);
    REQUIRE(next.use<v2::OneWay>() == Status::ok);
    const auto plan = world.plan_migration(2);
    REQUIRE(plan.has_value());
    REQUIRE(plan->one_way().size() == 1);
    CHECK(plan->one_way()[0] ==
          "component one_way: nothing leads back from version 2 to 1: after a rollback whole would "
          "be as at the hand-over; declare a down()");
}
