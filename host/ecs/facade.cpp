#include "host/ecs/facade.h"

#include "host/core/log.h"
#include "host/ecs/parts.h"
#include "host/platform/given.h"

namespace gantry::ecs {
namespace {

void look_at_desc(const ComponentDesc& desc) {
    platform::look_at_one(&desc);
    platform::look_at(desc.name);
    platform::look_at_list(desc.fields, desc.field_count);
    for (std::uint64_t i = 0; i < desc.field_count; ++i) platform::look_at(desc.fields[i].name);
    if (desc.defaults != nullptr) platform::look_at(desc.defaults, desc.size);
    const ComponentHistory* const history = history_of(desc);
    if (history == nullptr) return;
    platform::look_at_one(history);
    platform::look_at_list(history->origins, history->origin_count);
    for (std::uint64_t i = 0; i < history->origin_count; ++i) {
        platform::look_at(history->origins[i].was);
    }
}

}  // namespace

bool Facade::at_home(const char* call) const noexcept {
    const Parts& parts = world_.parts();
    if (parts.thread == nullptr || parts.thread->here()) [[likely]]
        return true;
    if (!strayed_.exchange(true)) parts.stray(owner_, call);
    return false;
}

void Facade::look_at_values(ComponentId component, const void* values, std::uint64_t count,
                            std::uint32_t stride) const noexcept {
    const Schema* const schema = values == nullptr ? nullptr : world_.schema(component);
    if (schema == nullptr || count == 0) return;
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(count - 1, stride, &bytes)) bytes = UINT64_MAX - schema->size;
    platform::look_at(values, bytes + schema->size);
}

Status Facade::report(const Error& error) noexcept {
    if (last_reported_ != error.message) log::warn("{}: {}", label_, error.message);
    last_reported_ = error.message;
    return error.status;
}

Status Facade::register_component(const ComponentDesc* desc, ComponentId* out) noexcept {
    if (!at_home("register_component")) return Status::refused;
    if (desc == nullptr || out == nullptr) return Status::invalid;
    look_at_desc(*desc);
    platform::look_into_one(out);
    const auto id = world_.register_component(owner_, *desc);
    if (!id) return report(id.error());
    *out = *id;
    return Status::ok;
}

ComponentId Facade::find_component(Str name) const noexcept {
    platform::look_at(name);
    return world_.find_component(name);
}

EcsData* Facade::data() noexcept { return &world_.data(); }

Status Facade::create_rows(const ComponentId* components, std::uint32_t component_count,
                           std::uint64_t wanted, ChunkCursor* rows) noexcept {
    if (!at_home("create_rows")) return Status::refused;
    platform::look_at_list(components, component_count);
    platform::look_into_one(rows);
    return world_.create_rows({components, component_count}, wanted, *rows);
}

Entity Facade::create_entity(const ComponentId* components,
                             std::uint32_t component_count) noexcept {
    if (!at_home("create_entity")) return {};
    platform::look_at_list(components, component_count);
    const auto made = world_.create({components, component_count});
    if (made) return *made;
    (void)report(made.error());
    return Entity{};
}

bool Facade::valid(Entity entity) const noexcept { return world_.valid(entity); }

Status Facade::destroy_entities(const Entity* entities, std::uint64_t count,
                                std::uint64_t* destroyed) noexcept {
    if (!at_home("destroy_entities")) return Status::refused;
    platform::look_at_list(entities, count);
    if (destroyed != nullptr) platform::look_into_one(destroyed);
    const auto done = world_.destroy({entities, count});
    if (destroyed != nullptr) *destroyed = done ? *done : 0;
    return done ? Status::ok : report(done.error());
}

void* Facade::add_component(Entity entity, ComponentId component, const void* value) noexcept {
    if (!at_home("add_component")) return nullptr;
    look_at_values(component, value, 1, 0);
    return world_.add(entity, component, value);
}

Status Facade::add_components(const Entity* entities, std::uint64_t count, ComponentId component,
                              const void* values, std::uint32_t stride) noexcept {
    if (!at_home("add_components")) return Status::refused;
    platform::look_at_list(entities, count);
    look_at_values(component, values, count, stride);
    return world_.add({entities, count}, component, values, stride);
}

Status Facade::remove_components(const Entity* entities, std::uint64_t count, ComponentId component,
                                 std::uint64_t* removed) noexcept {
    if (!at_home("remove_components")) return Status::refused;
    platform::look_at_list(entities, count);
    if (removed != nullptr) platform::look_into_one(removed);
    const auto done = world_.remove({entities, count}, component);
    if (removed != nullptr) *removed = done ? *done : 0;
    return done ? Status::ok : report(done.error());
}

const void* Facade::get_component(Entity entity, ComponentId component) const noexcept {
    return world_.get(entity, component);
}

void* Facade::get_component_mut(Entity entity, ComponentId component) noexcept {
    if (!at_home("get_component_mut")) return nullptr;
    return world_.get_mut(entity, component);
}

Status Facade::open_query(const QueryTerm* terms, std::uint32_t term_count,
                          EcsQuery** out) noexcept {
    if (!at_home("open_query")) return Status::refused;
    if (out == nullptr || (terms == nullptr && term_count > 0)) return Status::invalid;
    platform::look_at_list(terms, term_count);
    platform::look_into_one(out);
    const auto query = world_.open_query(owner_, {terms, term_count});
    if (!query) return report(query.error());
    *out = *query;
    return Status::ok;
}

void Facade::close_query(EcsQuery* query) noexcept {
    if (!at_home("close_query")) return;
    world_.close_query(owner_, query);
}

std::uint64_t Facade::mark() noexcept {
    if (!at_home("mark")) return 0;
    return world_.mark();
}

void* Facade::set_resource(ComponentId resource, const void* value) noexcept {
    if (!at_home("set_resource")) return nullptr;
    look_at_values(resource, value, 1, 0);
    return world_.set_resource(resource, value);
}

const void* Facade::resource(ComponentId resource) const noexcept {
    return world_.resource(resource);
}

void* Facade::resource_mut(ComponentId resource) noexcept {
    if (!at_home("resource_mut")) return nullptr;
    return world_.resource_mut(resource);
}

Status Facade::remove_resource(ComponentId resource) noexcept {
    if (!at_home("remove_resource")) return Status::refused;
    return world_.remove_resource(resource) ? Status::ok : Status::not_found;
}

Status Facade::flush_commands() noexcept {
    if (!at_home("flush_commands")) return Status::refused;
    return world_.apply(commands_);
}

}  // namespace gantry::ecs
