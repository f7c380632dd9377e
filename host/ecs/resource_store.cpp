#include "host/ecs/resource_store.h"

#include <algorithm>
#include <cstring>

namespace gantry::ecs {
namespace {

auto place_of(auto& resources, ComponentId id) {
    return std::lower_bound(
        resources.begin(), resources.end(), id,
        [](const Resource& one, ComponentId wanted) { return one.id < wanted; });
}

}  // namespace

Lines make_lines(std::uint32_t bytes) {
    const std::size_t rounded = (std::size_t{bytes} + 64) / 64 * 64;
    Lines lines{take_lines(rounded)};
    std::memset(lines.get(), 0, rounded);
    return lines;
}

Resource* ResourceStore::find(ComponentId id) noexcept {
    const auto place = place_of(resources_, id);
    return place != resources_.end() && place->id == id ? &*place : nullptr;
}

const Resource* ResourceStore::find(ComponentId id) const noexcept {
    return const_cast<ResourceStore*>(this)->find(id);
}

Resource& ResourceStore::set(ComponentId id, const Schema& schema) {
    const auto place = place_of(resources_, id);
    if (place != resources_.end() && place->id == id) return *place;
    Resource made{id, schema.size, 0, make_lines(schema.size)};
    if (schema.size > 0) std::memcpy(made.value.get(), schema.defaults.data(), schema.size);
    return *resources_.insert(place, std::move(made));
}

bool ResourceStore::remove(ComponentId id) noexcept {
    const auto place = place_of(resources_, id);
    if (place == resources_.end() || place->id != id) return false;
    resources_.erase(place);
    return true;
}

}  // namespace gantry::ecs
