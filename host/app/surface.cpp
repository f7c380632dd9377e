#include "host/app/surface.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/ecs/inspect.h"

namespace gantry::app {
namespace {

using Json = nlohmann::json;

Json schema_json(const ecs::Schema& schema) {
    Json fields = Json::array();
    for (const ecs::Field& field : schema.fields) {
        fields.push_back({{"name", field.name},
                          {"kind", static_cast<std::uint32_t>(field.kind)},
                          {"offset", field.offset},
                          {"count", field.count},
                          {"was", field.was},
                          {"flags", field.flags}});
    }
    return {{"name", schema.name},        {"version", schema.version},
            {"size", schema.size},        {"align", schema.align},
            {"sparse", schema.sparse()},  {"replicated", schema.replicated},
            {"fields", std::move(fields)}};
}

ecs::Schema schema_of(const Json& json) {
    ecs::Schema schema;
    schema.name = json.at("name").get<std::string>();
    schema.version = json.at("version").get<std::uint32_t>();
    schema.size = json.at("size").get<std::uint32_t>();
    schema.align = json.at("align").get<std::uint32_t>();
    schema.storage =
        json.at("sparse").get<bool>() ? ComponentStorage::sparse : ComponentStorage::table;
    schema.replicated = json.at("replicated").get<bool>();
    for (const Json& one : json.at("fields")) {
        ecs::Field& field = schema.fields.emplace_back();
        field.name = one.at("name").get<std::string>();
        field.kind = static_cast<FieldKind>(one.at("kind").get<std::uint8_t>());
        field.offset = one.at("offset").get<std::uint32_t>();
        field.count = one.at("count").get<std::uint32_t>();
        field.was = one.at("was").get<std::string>();
        field.flags = one.at("flags").get<std::uint32_t>();
    }
    return schema;
}

}  // namespace

Json use_json(const route::InterfaceUse& use) {
    return {{"service", use.service}, {"type", use.type}, {"provides", use.provides}};
}

route::InterfaceUse use_of(const Json& json) {
    return {json.at("service").get<std::string>(), json.at("type").get<std::string>(),
            json.at("provides").get<bool>()};
}

void add_components(const ecs::World& world, const core::Owner& owner, Surface& surface) {
    for (const ecs::ComponentInfo& one : ecs::list_components(world)) {
        const bool used =
            std::find(one.users.begin(), one.users.end(), owner.label) != one.users.end();
        if (used) surface.components.push_back(*one.schema);
    }
}

std::vector<std::byte> encode_surface(const Surface& surface) {
    Json json = {
        {"routes", Json::array()}, {"components", Json::array()}, {"interfaces", Json::array()}};
    for (const Surface::Route& one : surface.routes) {
        json["routes"].push_back({{"id", one.id}, {"name", one.name}});
    }
    for (const ecs::Schema& one : surface.components) {
        json["components"].push_back(schema_json(one));
    }
    for (const route::InterfaceUse& one : surface.interfaces) {
        json["interfaces"].push_back(use_json(one));
    }
    const std::vector<std::uint8_t> bytes = Json::to_cbor(json);
    const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
    return {begin, begin + bytes.size()};
}

Result<Surface> decode_surface(std::span<const std::byte> bytes) try {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const Json json = Json::from_cbor(begin, begin + bytes.size());
    Surface surface;
    for (const Json& one : json.at("routes")) {
        surface.routes.push_back(
            {one.at("id").get<std::uint32_t>(), one.at("name").get<std::string>()});
    }
    for (const Json& one : json.at("components")) surface.components.push_back(schema_of(one));
    for (const Json& one : json.at("interfaces")) surface.interfaces.push_back(use_of(one));
    return surface;
} catch (const Json::exception& error) {
    return Error{Status::invalid,
                 std::string{"the canary process left an account of the library that cannot be "
                             "read: "} +
                     error.what()};
}

}  // namespace gantry::app
