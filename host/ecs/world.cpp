// Owners, components, queries and resources of a world.
#include "host/ecs/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/ecs/parts.h"

namespace gantry::ecs {

World::World(ComponentNames& names, const WorldLimits& limits)
    : parts_{std::make_unique<Parts>(names, limits)} {}
World::~World() = default;

EcsData& World::data() noexcept { return parts_->data; }
const EcsData& World::data() const noexcept { return parts_->data; }

bool World::settle(std::uint64_t rows_max) { return !parts_->unsettled.settle(rows_max); }
void World::settle_all() { parts_->unsettled.settle_all(); }
bool World::settled() const noexcept { return !parts_->unsettled.any(); }

std::string Parts::label(OwnerId owner) const {
    const Facade* const found = facade(owner);
    return found != nullptr ? found->label() : fmt::format("owner {}", owner);
}

Facade* Parts::facade(OwnerId owner) const noexcept {
    for (const auto& one : owners) {
        if (one->owner() == owner) return one.get();
    }
    return nullptr;
}

bool Parts::locked() noexcept {
    if (__atomic_load_n(&data.loops, __ATOMIC_RELAXED) == 0) return false;
    ++counters.loop_refusals;
    return true;
}

void World::runs_on(const core::RoomThread& thread, Stray stray) {
    parts_->thread = &thread;
    parts_->stray = std::move(stray);
}

Ecs& World::open(OwnerId owner, std::string label, std::span<const OwnerId> replaces) {
    GANTRY_ASSERT(parts_->facade(owner) == nullptr);
    parts_->owners.push_back(std::make_unique<Facade>(*this, owner, std::move(label), replaces));
    return *parts_->owners.back();
}

void World::took_over(OwnerId owner) noexcept {
    if (Facade* const facade = parts_->facade(owner)) facade->took_over();
}

void World::release_owner(OwnerId owner) noexcept {
    parts_->components.drop_user(owner);
    parts_->queries.close_all(owner, parts_->tables.archetypes());
    std::erase_if(parts_->owners, [owner](const auto& one) { return one->owner() == owner; });
}

std::size_t World::owned(OwnerId owner) const noexcept {
    return parts_->components.used_by(owner) + parts_->queries.owned(owner);
}

Result<ComponentId> World::register_component(OwnerId owner, const ComponentDesc& desc) {
    auto schema = make_schema(desc);
    if (!schema) return schema.error();
    const Facade* const facade = parts_->facade(owner);
    const auto replaces = facade != nullptr ? facade->replaces() : std::span<const OwnerId>{};
    const std::size_t known = parts_->components.known().size();
    const auto id = parts_->components.add(owner, replaces, std::move(*schema),
                                           [this](OwnerId who) { return parts_->label(who); });
    if (!id) {
        if (id.error().status == Status::limit) (void)parts_->limit_met();
        return id;
    }
    parts_->components.set_converter(converter_of(*id, owner, desc));
    if (parts_->components.known().size() == known) return id;
    const Schema& added = parts_->components[*id].schema;
    parts_->tables.reserve_ids(*id + 1);
    parts_->sparse.reserve_ids(parts_->data.component_count);
    if (added.sparse()) parts_->sparse.add_component(*id, added);
    return id;
}

const Schema* World::schema(ComponentId component) const noexcept {
    const Component* const found = parts_->components.find(component);
    return found != nullptr ? &found->schema : nullptr;
}

ComponentId World::find_component(std::string_view name) const noexcept {
    const ComponentId id = parts_->components.find(name);
    return parts_->components.find(id) != nullptr ? id : no_component;
}

Result<EcsQuery*> World::open_query(OwnerId owner, std::span<const QueryTerm> terms) {
    if (terms.size() > query_terms_max) {
        return Error{Status::invalid, fmt::format("a query has {} terms at most", query_terms_max)};
    }
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const Component* const component = parts_->components.find(terms[i].component);
        if (component == nullptr) {
            return Error{
                Status::invalid,
                fmt::format("query: this world has no component with id {}", terms[i].component)};
        }
        const std::string& name = component->schema.name;
        if (component->schema.sparse()) {
            return Error{
                Status::invalid,
                fmt::format("query: {} is sparse and has no columns; read EcsData::sparse", name)};
        }
        if (terms[i].kind > TermKind::optional || terms[i].access > TermAccess::write) {
            return Error{Status::invalid, fmt::format("query: the term on {} is malformed", name)};
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (terms[j].component != terms[i].component) continue;
            return Error{Status::invalid, fmt::format("query: two terms on {}", name)};
        }
    }
    bool is_new = false;
    Query* const query = parts_->queries.open(owner, terms, is_new);
    if (query == nullptr) {
        (void)parts_->limit_met();
        return Error{Status::limit,
                     fmt::format("query: a world has {} queries at most (queries_max)",
                                 parts_->limits.queries_max)};
    }
    if (!is_new) return static_cast<EcsQuery*>(query);
    for (const auto& archetype : parts_->tables.archetypes()) {
        if (query->matches(*archetype)) query->add(*archetype);
    }
    return static_cast<EcsQuery*>(query);
}

void World::close_query(OwnerId owner, EcsQuery* query) noexcept {
    parts_->queries.close(owner, query, parts_->tables.archetypes());
}

void* World::set_resource(ComponentId resource, const void* value) {
    const Component* const component = parts_->components.find(resource);
    if (component == nullptr) return nullptr;
    const bool is_new = parts_->resources.find(resource) == nullptr;
    Resource& found = parts_->resources.set(resource, component->schema);
    if (value != nullptr) std::memcpy(found.value.get(), value, found.bytes);
    if (value != nullptr || is_new) found.written_tick = parts_->data.tick;
    return found.value.get();
}

const void* World::resource(ComponentId resource) const noexcept {
    const Resource* const found = parts_->resources.find(resource);
    return found != nullptr ? found->value.get() : nullptr;
}

void* World::resource_mut(ComponentId resource) noexcept {
    Resource* const found = parts_->resources.find(resource);
    if (found == nullptr) return nullptr;
    found->written_tick = parts_->data.tick;
    return found->value.get();
}

bool World::remove_resource(ComponentId resource) { return parts_->resources.remove(resource); }

CommandBuffer& World::commands(OwnerId owner) {
    if (parts_->facade(owner) == nullptr)
        (void)open(owner, owner == 0 ? "host" : parts_->label(owner));
    return parts_->facade(owner)->buffer();
}

std::unique_ptr<CommandBuffer> World::make_commands() {
    return std::make_unique<CommandBuffer>(*this);
}

Status World::apply_all() {
    Status worst = Status::ok;
    for (const auto& owner : parts_->owners) {
        const Status status = apply(owner->buffer());
        if (worst == Status::ok) worst = status;
    }
    return worst;
}

std::uint64_t World::mark() noexcept { return parts_->data.tick++; }

WorldStats World::stats() const noexcept {
    WorldStats stats = parts_->counters;
    stats.entities = parts_->entities.alive_count();
    stats.archetypes = parts_->tables.archetypes().size();
    stats.chunks = parts_->tables.chunk_count();
    stats.components = parts_->components.known().size();
    stats.queries = parts_->queries.size();
    stats.resources = parts_->resources.all().size();
    stats.memory_bytes =
        parts_->tables.bytes() + parts_->entities.bytes() + parts_->sparse.bytes() + sizeof(Parts);
    return stats;
}

}  // namespace gantry::ecs
