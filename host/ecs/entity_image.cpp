#include "host/ecs/entity_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/ecs/field_plan.h"
#include "host/ecs/inspect.h"
#include "host/ecs/migration_state.h"
#include "host/ecs/parts.h"

namespace gantry::ecs {
namespace {

Converter converter_in(const Parts& parts, ComponentId id, const Serves& serves) {
    for (const OwnerId user : parts.components[id].users) {
        const Converter* const found = parts.components.find_converter(id, user);
        if (found != nullptr && serves(user)) return *found;
    }
    return {};
}

/// To an older version: what a migration would refuse and a rollback takes back comes, too.
Result<ComponentChange> way_back(ComponentId id, const EntityImage::Part& from, const Schema& to) {
    auto change = plan_change(id, from.schema, to, from.convert);
    if (change) return change;
    const auto forward = plan_change(id, to, from.schema, {}, from.convert);
    if (!forward || (!forward->converted.empty() && forward->revert == nullptr)) return change;
    return reverse_change(*forward);
}

/// The part's value as `to` lays it out.
Result<std::vector<std::byte>> value_for(Parts& parts, ComponentId id,
                                         const EntityImage::Part& from, const Serves& serves,
                                         const CallOwner& call) {
    const Schema& to = parts.components[id].schema;
    if (!difference(from.schema, to)) return from.value;
    const bool back = from.schema.version > to.version;
    auto change = back ? way_back(id, from, to)
                       : plan_change(id, from.schema, to, {}, converter_in(parts, id, serves));
    if (!change) return change.error();
    std::vector<std::byte> before = from.value;
    std::vector<std::byte> after(to.size);
    // Nobody of this world has the way back, so its owner is none of those here.
    if (back) change->converter_owner = 0;
    const CallOwner as_sender = [&](OwnerId, const std::function<void()>& body) {
        return call(from.convert.owner, body);
    };
    const CallOwner& how = back ? as_sender : call;
    if (auto done = convert_value(parts, *change, how, before.data(), after.data(), 1); !done) {
        if (!back) return done.error();
        return Error{Status::refused,
                     fmt::format("component {}: down() of version {} did not return",
                                 from.schema.name, from.schema.version)};
    }
    return after;
}

// A handle of the old world would be somebody else's here.
void rename_references(const Schema& schema, std::byte* value, Entity was, Entity is) {
    for (const Field& field : schema.fields) {
        if (field.kind != FieldKind::entity) continue;
        for (std::uint32_t i = 0; i < field.count; ++i) {
            std::byte* const at = value + field.offset + i * sizeof(Entity);
            Entity entity;
            std::memcpy(&entity, at, sizeof entity);
            entity = entity == was ? is : Entity{};
            std::memcpy(at, &entity, sizeof entity);
        }
    }
}

}  // namespace

EntityImage image_of(const World& world, Entity entity, std::span<const ComponentId> without,
                     const Serves& serves) {
    EntityImage image;
    image.entity = entity;
    for (const ComponentId id : components_of(world, entity)) {
        if (std::find(without.begin(), without.end(), id) != without.end()) continue;
        EntityImage::Part& part = image.parts.emplace_back();
        part.schema = *world.schema(id);
        part.convert = converter_in(world.parts(), id, serves);
        const auto* const value = static_cast<const std::byte*>(world.get(entity, id));
        if (part.schema.size != 0) part.value.assign(value, value + part.schema.size);
    }
    return image;
}

std::vector<std::string> put_image(World& world, Entity entity, const EntityImage& image,
                                   const Serves& serves, const CallOwner& call) {
    std::vector<std::string> refused;
    for (const EntityImage::Part& part : image.parts) {
        const ComponentId id = world.find_component(part.schema.name);
        if (world.schema(id) == nullptr) {
            refused.push_back(
                fmt::format("no plugin of this world has the component {}", part.schema.name));
            continue;
        }
        auto value = value_for(world.parts(), id, part, serves, call);
        if (!value) {
            refused.push_back(value.error().message);
            continue;
        }
        rename_references(*world.schema(id), value->data(), image.entity, entity);
        if (world.add(entity, id, value->data()) == nullptr && !value->empty()) {
            refused.push_back(
                fmt::format("component {} does not fit into this world", part.schema.name));
        }
    }
    return refused;
}

}  // namespace gantry::ecs
