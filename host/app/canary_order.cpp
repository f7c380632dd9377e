#include "host/app/canary_order.h"

#include <nlohmann/json.hpp>

#include "host/app/surface.h"

namespace gantry::app {
namespace {

using Json = nlohmann::json;

Json bytes_json(std::span<const std::byte> bytes) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return Json::binary({begin, begin + bytes.size()});
}

Json state_json(const plugin::FacetState& one) {
    Json entries = Json::object();
    one.state->each([&](std::string_view name, std::span<const std::byte> bytes) {
        entries[std::string{name}] = bytes_json(bytes);
    });
    return {{"facet", static_cast<std::uint32_t>(one.facet)},
            {"saved_by", std::string{one.state->saved_by().view()}},
            {"entries", std::move(entries)}};
}

plugin::FacetState state_of(const Json& json) {
    plugin::FacetState one;
    one.facet = static_cast<Facet>(json.at("facet").get<std::uint32_t>());
    one.state =
        route::StateStore::make(json.at("saved_by").get<std::string>(), std::uint64_t{UINT32_MAX});
    for (const auto& [name, value] : json.at("entries").items()) {
        const auto& bytes = value.get_binary();
        (void)one.state->put(name,
                             Bytes{reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
    }
    return one;
}

Json rows_json(const ecs::RowSample& one) {
    return {{"component", one.component}, {"layout", one.layout}, {"rows", bytes_json(one.rows)}};
}

ecs::RowSample rows_of(const Json& json) {
    const auto& bytes = json.at("rows").get_binary();
    const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
    return {json.at("component").get<std::string>(),
            json.at("layout").get<std::string>(),
            {begin, begin + bytes.size()}};
}

Json neighbour_json(const plugin::Neighbour& one) {
    Json uses = Json::array();
    for (const route::InterfaceUse& use : one.side.uses) uses.push_back(use_json(use));
    return {{"plan", one.plan},
            {"label", one.side.label},
            {"file", one.side.file.string()},
            {"uses", std::move(uses)}};
}

plugin::Neighbour neighbour_of(const Json& json) {
    plugin::Neighbour one;
    one.plan = json.at("plan").get<std::string>();
    one.side.label = json.at("label").get<std::string>();
    one.side.file = json.at("file").get<std::string>();
    for (const Json& use : json.at("uses")) one.side.uses.push_back(use_of(use));
    return one;
}

}  // namespace

std::vector<std::byte> encode_order(const plugin::CanaryOrder& order) {
    Json json = {{"label", order.label},
                 {"file", order.file.string()},
                 {"candidate", order.candidate.string()},
                 {"incumbent_label", order.incumbent_label},
                 {"incumbent", order.incumbent.string()},
                 {"config", order.config},
                 {"environment", order.environment},
                 {"limit_ms", order.limit_ms},
                 {"gives_way", order.gives_way},
                 {"surface", order.surface.string()},
                 {"states", Json::array()},
                 {"rows", Json::array()},
                 {"neighbours", Json::array()}};
    for (const plugin::FacetState& one : order.states) json["states"].push_back(state_json(one));
    for (const ecs::RowSample& one : order.rows) json["rows"].push_back(rows_json(one));
    for (const plugin::Neighbour& one : order.neighbours) {
        json["neighbours"].push_back(neighbour_json(one));
    }
    const std::vector<std::uint8_t> bytes = Json::to_cbor(json);
    const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
    return {begin, begin + bytes.size()};
}

Result<plugin::CanaryOrder> decode_order(std::span<const std::byte> bytes) try {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const Json json = Json::from_cbor(begin, begin + bytes.size());
    plugin::CanaryOrder order;
    order.label = json.at("label").get<std::string>();
    order.file = json.at("file").get<std::string>();
    order.candidate = json.at("candidate").get<std::string>();
    order.incumbent_label = json.at("incumbent_label").get<std::string>();
    order.incumbent = json.at("incumbent").get<std::string>();
    order.config = json.at("config").get<std::string>();
    order.environment = json.at("environment").get<std::vector<std::string>>();
    order.limit_ms = json.at("limit_ms").get<std::uint32_t>();
    order.gives_way = json.at("gives_way").get<bool>();
    order.surface = json.at("surface").get<std::string>();
    for (const Json& one : json.at("states")) order.states.push_back(state_of(one));
    for (const Json& one : json.at("rows")) order.rows.push_back(rows_of(one));
    for (const Json& one : json.at("neighbours")) order.neighbours.push_back(neighbour_of(one));
    return order;
} catch (const Json::exception& error) {
    return Error{Status::invalid, std::string{"this is no order for a canary: "} + error.what()};
}

std::filesystem::path second_copy(const plugin::CanaryOrder& order) {
    return order.candidate.parent_path() / ("second-" + order.candidate.filename().string());
}

}  // namespace gantry::app
