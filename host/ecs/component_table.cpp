#include "host/ecs/component_table.h"

#include <fmt/format.h>

namespace gantry::ecs {

const OwnerId* ComponentTable::other_user(const Component& component, OwnerId user,
                                          std::span<const OwnerId> replaces) noexcept {
    for (const OwnerId& one : component.users) {
        const bool leaves = std::find(replaces.begin(), replaces.end(), one) != replaces.end();
        if (one != user && !leaves) return &one;
    }
    return nullptr;
}

Result<ComponentId> ComponentTable::add_new(OwnerId user, Schema schema) {
    const ComponentId id = names_.intern(schema.name);
    if (id == no_component || id >= components_max_) {
        return Error{Status::limit, fmt::format("component {}: a world takes {} components at most "
                                                "(components_max)",
                                                schema.name, components_max_)};
    }
    if (id >= by_id_.size()) by_id_.resize(std::size_t{id} + 1);
    by_id_[id] = std::make_unique<Component>();
    by_id_[id]->schema = std::move(schema);
    by_id_[id]->users.push_back(user);
    known_.push_back(id);
    return id;
}

Error ComponentTable::disagreement(const Schema& have, const Schema& want,
                                   const std::string& holder, const std::string& comer) const {
    return Error{Status::refused,
                 fmt::format("component {}: {} has it as {}, but {} brings {}: {}", have.name,
                             holder, layout_text(have), comer, layout_text(want),
                             difference(have, want).value_or("they agree"))};
}

void ComponentTable::stage(OwnerId user, ComponentId id, Schema schema) {
    for (StagedSchema& one : staged_) {
        if (one.owner != user || one.component != id) continue;
        one.schema = std::move(schema);
        return;
    }
    staged_.push_back({id, user, std::move(schema)});
}

void ComponentTable::drop_staged(OwnerId owner) noexcept {
    std::erase_if(staged_, [owner](const StagedSchema& one) { return one.owner == owner; });
}

void ComponentTable::drop_settled() {
    std::erase_if(staged_, [this](const StagedSchema& one) {
        return !difference(by_id_[one.component]->schema, one.schema);
    });
}

void ComponentTable::drop_user(OwnerId user) noexcept {
    for (const ComponentId id : known_) std::erase(by_id_[id]->users, user);
    std::erase_if(converters_, [user](const Converter& one) { return one.owner == user; });
    drop_staged(user);
}

void ComponentTable::set_converter(const Converter& converter) {
    std::erase_if(converters_, [&](const Converter& one) {
        return one.component == converter.component && one.owner == converter.owner;
    });
    if (converter.up != nullptr || converter.down != nullptr) converters_.push_back(converter);
}

const Converter* ComponentTable::find_converter(ComponentId component,
                                                OwnerId owner) const noexcept {
    for (const Converter& one : converters_) {
        if (one.component == component && one.owner == owner) return &one;
    }
    return nullptr;
}

std::size_t ComponentTable::used_by(OwnerId user) const noexcept {
    std::size_t count = 0;
    for (const ComponentId id : known_) {
        const auto& users = by_id_[id]->users;
        count += std::find(users.begin(), users.end(), user) != users.end();
    }
    return count;
}

}  // namespace gantry::ecs
