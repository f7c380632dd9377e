// Schema: what a description says, which ones are refused, and how they read.
#include "host/ecs/schema.h"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

#include "gantry/ecs/component.h"

using namespace gantry;

namespace {

struct Vector {
    float x = 1, y = 2;
};
GANTRY_COMPONENT(Vector, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))

enum class Mood : std::int16_t { calm, angry };

struct Everything {
    Vector at;
    double ratio = 0.5;
    std::array<std::int32_t, 3> numbers = {1, 2, 3};
    char name[8] = "bob\"";
    Entity target;
    Mood mood = Mood::angry;
    bool alive = true;
    std::uint8_t level = 200;
};
GANTRY_COMPONENT_AS("test.everything", Everything, 3, gantry::replicated, GANTRY_FIELD(at),
                    GANTRY_FIELD(ratio), GANTRY_FIELD(numbers), GANTRY_FIELD(name),
                    GANTRY_FIELD(target), GANTRY_FIELD(mood), GANTRY_FIELD(alive),
                    GANTRY_FIELD(level))

ecs::Schema schema_of_everything() {
    return ComponentTraits<Everything>::with_desc(
        [](const ComponentDesc& desc) { return ecs::make_schema(desc).value(); });
}

/// A good description of eight bytes, for a test to spoil.
struct Spoiled {
    Spoiled() {
        fields[0].name = "a";
        fields[0].kind = FieldKind::f32;
        fields[1].name = "b";
        fields[1].kind = FieldKind::i32;
        fields[1].offset = 4;
        desc.name = "spoiled";
        desc.size = 8;
        desc.align = 4;
        desc.fields = fields;
        desc.field_count = 2;
    }
    std::string message() const {
        const auto made = ecs::make_schema(desc);
        return made ? "" : made.error().message;
    }
    FieldDesc fields[2];
    ComponentDesc desc;
};

}  // namespace

TEST_CASE("a description lists every field flat, with its kind, count, place and default") {
    const ecs::Schema schema = schema_of_everything();
    CHECK(ecs::layout_text(schema) ==
          "test.everything v3, 56 bytes {at.x f32 at 0, at.y f32 at 4, ratio f64 at 8, "
          "numbers i32[3] at 16, name text[8] at 28, target entity at 40, mood i16 at 48, "
          "alive bool at 50, level u8 at 51}");
    CHECK(schema.replicated);
    CHECK_FALSE(schema.sparse());
    Everything defaults;
    std::memcpy(static_cast<void*>(&defaults), schema.defaults.data(), sizeof defaults);
    CHECK(defaults.at.y == 2);
    CHECK(defaults.numbers[2] == 3);
    CHECK(defaults.mood == Mood::angry);
}

TEST_CASE("fields read as people write them") {
    Everything value;
    value.target = Entity{std::uint64_t{3} << 32 | 7};
    std::string text;
    for (const ecs::Field& field : schema_of_everything().fields) {
        text += ecs::field_text(field, &value);
        text += ' ';
    }
    CHECK(text == "1 2 0.5 [1, 2, 3] \"bob\\\"\" entity 7/3 1 true 200 ");
}

TEST_CASE("a description that cannot be is refused with its reason") {
    CHECK(Spoiled{}.message() == "");
    const auto spoil = [](auto&& how) {
        Spoiled one;
        how(one);
        return one.message();
    };
    using S = Spoiled&;
    CHECK(spoil([](S s) { s.desc.name = ""; }).find("its name") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.name = "a b"; }).find("its name") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.name.data = nullptr; }).find("its name") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.align = 3; }).find("alignment 3") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.align = 128; }).find("alignment 128") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.size = 10; }).find("divides") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.size = 1u << 20; }).find("more than") != std::string::npos);
    CHECK(spoil([](S s) { s.fields[1].offset = 8; }).find("ends at byte 12 of 8") !=
          std::string::npos);
    CHECK(spoil([](S s) { s.fields[1].count = 0x40000001; }).find("ends at") != std::string::npos);
    CHECK(spoil([](S s) { s.fields[1].count = 0; }).find("field b") != std::string::npos);
    CHECK(spoil([](S s) { s.fields[1].offset = 2; }).find("overlap") != std::string::npos);
    CHECK(spoil([](S s) { s.fields[1].name = "a"; }).find("two fields") != std::string::npos);
    CHECK(spoil([](S s) { s.fields[1].name = ""; }).find("no proper name") != std::string::npos);
    CHECK(spoil([](S s) { s.fields[1].kind = FieldKind{32}; }).find("kind 32") !=
          std::string::npos);
    CHECK(spoil([](S s) { s.desc.reserved[1] = 1; }).find("newer") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.storage = ComponentStorage{7}; }).find("storage") !=
          std::string::npos);
    CHECK(spoil([](S s) { s.desc.field_count = 1u << 30; }).find("at most") != std::string::npos);
    CHECK(spoil([](S s) { s.desc.fields = nullptr; }).find("at most") != std::string::npos);
}

TEST_CASE("the first difference of two descriptions is named, and defaults are none") {
    const ecs::Schema here = ecs::make_schema(Spoiled{}.desc).value();
    const auto with = [&](auto&& change) {
        ecs::Schema there = here;
        change(there);
        return ecs::difference(here, there).value_or("none");
    };
    CHECK(with([](auto& s) { s.defaults[0] = std::byte{1}; }) == "none");
    CHECK(with([](auto& s) { s.fields[0].count = 2; }) ==
          "field a is f32 at 0 here and f32[2] at 0 there");
    CHECK(with([](auto& s) { s.fields.pop_back(); }) == "field b is only here");
    CHECK(with([](auto& s) { s.fields[0].name = std::string(1, 'c'); }) == "field a is only here");
    CHECK(with([](auto& s) { s.version = 2; }) == "the version is 1 here and 2 there");
    CHECK(with([](auto& s) { s.size = 16; }) == "the size is 8 here and 16 there");
    CHECK(with([](auto& s) { s.replicated = true; }) == "replication is false here and true there");
}
