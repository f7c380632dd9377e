// gantry abi: every kind of finding has its verdict, and names the field.
#include "host/app/abi_compare.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

using namespace gantry;
using namespace gantry::app;

namespace {

bool found(const AbiReport& report, std::string_view line) {
    for (const std::string& finding : report.findings) INFO(finding);
    return std::find(report.findings.begin(), report.findings.end(), line) != report.findings.end();
}

PluginDesc desc(std::uint32_t facets = facet_bits::world) {
    PluginDesc desc{};
    desc.abi_major = GANTRY_ABI_MAJOR;
    desc.abi_minor = GANTRY_ABI_MINOR;
    desc.facets = facets;
    return desc;
}

void add_dependency(PluginDesc& desc, const char* name, const char* version,
                    std::uint32_t optional = 0) {
    Dependency& one = desc.dependencies[desc.dependency_count++];
    std::strcpy(one.name, name);
    std::strcpy(one.version_min, version);
    one.optional = optional;
}

AbiReport compare(const PluginDesc& before, const PluginDesc& after) {
    AbiReport report;
    compare_descriptors(before, after, report);
    return report;
}

ecs::Schema body(FieldKind kind, std::uint32_t offset = 0, std::uint32_t count = 1) {
    ecs::Schema schema;
    schema.name = "game.body";
    ecs::Field& field = schema.fields.emplace_back();
    field.name = "size";
    field.kind = kind;
    field.offset = offset;
    field.count = count;
    schema.size = offset + field.bytes();
    return schema;
}

AbiReport compare(const ecs::Schema& before, const ecs::Schema& after) {
    AbiReport report;
    compare_components({&before, 1}, {&after, 1}, report);
    return report;
}

AbiReport compare(std::string_view before, std::string_view after) {
    AbiReport report;
    compare_messages(plugin::read_messages(before), plugin::read_messages(after), report);
    return report;
}

}  // namespace

TEST_CASE("Facets that differ need a restart") {
    const auto gone = compare(desc(3), desc(1));
    CHECK(gone.verdict == AbiVerdict::needs_restart);
    CHECK(found(gone, "facets: io is gone"));
    CHECK(found(compare(desc(1), desc(5)), "facets: service is new"));
    CHECK(compare(desc(3), desc(3)).verdict == AbiVerdict::swap_safe);
}

TEST_CASE("Another ABI needs a restart, an older minor does not") {
    PluginDesc other = desc();
    other.abi_major = 2;
    CHECK(compare(desc(), other).verdict == AbiVerdict::needs_restart);
    other = desc();
    other.abi_minor = GANTRY_ABI_MINOR + 1;
    CHECK(compare(desc(), other).verdict == AbiVerdict::needs_restart);
    CHECK(compare(other, desc()).verdict == AbiVerdict::swap_safe);
}

TEST_CASE("Dependencies may become fewer, not more") {
    PluginDesc none = desc();
    PluginDesc one = desc();
    add_dependency(one, "chat", "1.0.0");
    PluginDesc later = desc();
    add_dependency(later, "chat", "1.2.0");
    PluginDesc optional = desc();
    add_dependency(optional, "chat", "1.0.0", 1);
    CHECK(found(compare(none, one), "dependencies: chat 1.0.0 is new, and has to be loaded first"));
    CHECK(
        found(compare(one, later), "dependencies: chat was 1.0.0 or later and is 1.2.0 or later"));
    CHECK(found(compare(optional, one), "dependencies: chat was optional and is not any more"));
    for (const auto& report : {compare(one, none), compare(later, one), compare(one, optional),
                               compare(none, optional), compare(one, one)}) {
        CHECK(report.verdict == AbiVerdict::swap_safe);
    }
}

TEST_CASE("Components: what the host migrates, and what needs a conversion") {
    CHECK(compare(body(FieldKind::f32), body(FieldKind::f32)).findings.empty());
    const auto moved = compare(body(FieldKind::f32), body(FieldKind::f32, 4));
    CHECK(found(moved, "component game.body: field size was at 0 and is at 4, and is moved"));
    CHECK(moved.verdict == AbiVerdict::needs_migration);
    const auto shrunk = compare(body(FieldKind::u8, 0, 4), body(FieldKind::u8, 0, 2));
    CHECK(found(shrunk,
                "component game.body: field size was u8[4] and is u8[2], which the host cannot "
                "convert: it would refuse the swap"));
    REQUIRE(shrunk.stubs.size() == 1);
    CHECK(shrunk.stubs[0].find("GANTRY_FIELD(size, .shrinks = true)") != std::string::npos);

    ecs::Schema sparse = body(FieldKind::f32);
    sparse.storage = ComponentStorage::sparse;
    const auto stored = compare(body(FieldKind::f32), sparse);
    CHECK(stored.verdict == AbiVerdict::needs_migration);
    CHECK(stored.findings.at(0).find("its storage cannot change") != std::string::npos);
    ecs::Schema newer = body(FieldKind::f32);
    newer.version = 2;
    CHECK(compare(body(FieldKind::f32), newer).findings.at(0).find("game.body v2") !=
          std::string::npos);
    AbiReport gone;
    const ecs::Schema was = body(FieldKind::f32);
    compare_components({&was, 1}, {}, gone);
    CHECK(gone.verdict == AbiVerdict::swap_safe);
    CHECK(gone.findings.size() == 1);
}

TEST_CASE("Components: what the newer version declares is known, up and down") {
    const ecs::Schema old = body(FieldKind::f32, 0, 4);
    ecs::Schema next = body(FieldKind::i16, 0, 2);
    next.version = 2;
    next.fields[0].name = "mass";
    CHECK(found(compare(old, next),
                "component game.body: field mass is new (i16[2]) and takes its default"));
    next.fields[0].was = "size";
    CHECK(compare(old, next).stubs.size() == 1);
    CHECK(compare(next, old).stubs.empty());  // back it widens
    next.fields[0].flags = field_origin::converted;
    for (const auto& report : {compare(old, next), compare(next, old)}) {
        CHECK(report.verdict == AbiVerdict::needs_migration);
        CHECK(report.stubs.empty());
        CHECK(report.findings.size() == 2);
    }
    CHECK(found(compare(old, next), "component game.body: field mass was called size"));
    CHECK(found(compare(old, next),
                "component game.body: field mass was f32[4] and is i16[2], which the plugin's own "
                "functions convert"));
    next.fields[0].kind = FieldKind::f32;
    next.fields[0].flags = field_origin::shrinks;
    CHECK(found(compare(old, next),
                "component game.body: field mass was f32[4] and is f32[2], and loses its last "
                "elements as declared"));
}

TEST_CASE("Routes that are gone break clients, new ones and renamed ones do not") {
    const Surface::Route before[] = {{1, "on<Move>"}, {2, "on 2"}, {4, "message 4"}};
    const Surface::Route after[] = {{1, "on<Walk>"}, {3, "on 3"}};
    AbiReport report;
    compare_routes(before, after, report);
    CHECK(report.verdict == AbiVerdict::breaks_clients);
    CHECK(report.findings.size() == 2);
    CHECK(found(report, "message 2 (on 2): nobody handles it any more"));
    CHECK(found(report, "message 4: nobody handles it any more"));
}

TEST_CASE("Exit codes are those that the SDK's page promises") {
    CHECK(exit_code(AbiVerdict::swap_safe) == 0);
    CHECK(exit_code(AbiVerdict::needs_migration) == 1);
    CHECK(exit_code(AbiVerdict::breaks_clients) == 2);
    CHECK(exit_code(AbiVerdict::needs_restart) == 3);
    CHECK(exit_code(AbiVerdict::cannot_tell) == 4);
    CHECK(exit_code(AbiVerdict::breaks_plugins) == 5);
}

TEST_CASE(
    "An interface that is not offered any more breaks its users, one that is not asked for any "
    "more nobody") {
    const plugin::InterfaceSide before{"old", "", {{"a/1", "A", true}, {"b/1", "B", false}}};
    AbiReport report;
    compare_interfaces(before, {"new", "", {}}, report);
    CHECK(report.verdict == AbiVerdict::breaks_plugins);
    CHECK(report.findings.size() == 1);
    CHECK(found(report,
                "interface A (a/1): is not offered any more; who asks for it has to come in the "
                "same swap"));
}

TEST_CASE("Messages: numbers and types are what clients speak, names are not") {
    CHECK(compare("message 1 a.M\nfield 1 x float\n", "message 1 b.N\nfield 1 y float\n")
              .findings.empty());
    CHECK(found(compare("message 1 a.M\n", ""), "message 1 a.M: the id is gone"));
    CHECK(found(
        compare("message 1 a.M\nfield 1 x float\n", "message 1 a.M\nfield 1 x repeated float\n"),
        "message 1 a.M: field 1 x was float and is repeated float"));
    CHECK(found(compare("message 1 a.M\nfield 1 x float\n", "message 1 a.M\nfield 2 x float\n"),
                "message 1 a.M: field 1 x has the number 2 now"));
    CHECK(compare("message 1 a.M\nfield 1 x float\n", "message 1 a.M\n").verdict ==
          AbiVerdict::swap_safe);
    CHECK(compare("message 1 a.M\nfield 1 c enum a.C\n", "message 1 a.M\nfield 1 c enum a.D\n")
              .findings.empty());
}

TEST_CASE("Messages are followed into their fields, also those that hold themselves") {
    const std::string_view before =
        "message 1 a.Tree\nfield 1 left message a.Tree\nfield 2 leaf repeated message a.Leaf\n"
        "message 0 a.Leaf\nfield 1 hue uint32\n";
    const std::string_view after =
        "message 1 a.Tree\nfield 1 left message a.Tree\nfield 2 leaf repeated message a.Green\n"
        "message 0 a.Green\nfield 1 hue string\n";
    const auto report = compare(before, after);
    CHECK(report.verdict == AbiVerdict::breaks_clients);
    CHECK(report.findings.size() == 1);
    CHECK(found(report, "message 1 a.Tree: field 2 leaf, field 1 hue was uint32 and is string"));
    CHECK(compare(before, before).findings.empty());
}

TEST_CASE("What is no line of a message is passed over") {
    using plugin::read_messages;
    const std::string_view noise{
        "\0\0field 1 x float\nmessage x y\nmessage 1\nmessage 7 a.M\0\n"
        "field 99999999999999 x float\nfield 1 x\n\n",
        93};
    const auto messages = read_messages(noise);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].id == 7);
    REQUIRE(messages[0].fields.size() == 1);
    CHECK(messages[0].fields[0].type.empty());
    CHECK(messages[0].field("x") != nullptr);
    CHECK(messages[0].field("y") == nullptr);
}
