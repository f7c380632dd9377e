// ComponentTable: what a world knows of each component: its layout, its users, its staged layouts.
#pragma once
#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/core/result.h"
#include "host/ecs/component_names.h"
#include "host/ecs/limits.h"
#include "host/ecs/schema.h"

namespace gantry::ecs {

struct Component {
    Schema schema;
    std::vector<OwnerId> users;
    std::uint64_t collected_tick = 0;  ///< of the last collect_changed
};

/// A layout that an owner registered while those it replaces still use another.
struct StagedSchema {
    ComponentId component = no_component;
    OwnerId owner = 0;
    Schema schema;
};

/// The functions of an owner that convert a component, dropped with it.
struct Converter {
    ComponentId component = no_component;
    OwnerId owner = 0;
    ConvertRows up = nullptr;
    ConvertRows down = nullptr;
};

inline Converter converter_of(ComponentId component, OwnerId owner,
                              const ComponentDesc& desc) noexcept {
    const ComponentHistory* const history = history_of(desc);
    if (history == nullptr) return {component, owner};
    return {component, owner, history->up, history->down};
}

/// [world]
class ComponentTable {
public:
    ComponentTable(ComponentNames& names, std::uint32_t components_max) noexcept
        : names_{names}, components_max_{components_max} {}

    /// Knows `schema` from now on, with `user` as a user. `label_of` names owners in the sentence.
    template <class LabelOf>
    Result<ComponentId> add(OwnerId user, std::span<const OwnerId> replaces, Schema schema,
                            const LabelOf& label_of);
    void drop_user(OwnerId user) noexcept;
    std::size_t used_by(OwnerId user) const noexcept;

    /// Null when unknown here.
    Component* find(ComponentId id) noexcept {
        return id < by_id_.size() ? by_id_[id].get() : nullptr;
    }
    const Component* find(ComponentId id) const noexcept {
        return id < by_id_.size() ? by_id_[id].get() : nullptr;
    }
    /// For an id that find() has.
    Component& operator[](ComponentId id) noexcept { return *by_id_[id]; }
    const Component& operator[](ComponentId id) const noexcept { return *by_id_[id]; }

    ComponentId find(std::string_view name) const { return names_.find(name); }
    /// In the order of registering.
    const std::vector<ComponentId>& known() const noexcept { return known_; }
    const std::vector<StagedSchema>& staged() const noexcept { return staged_; }
    void drop_staged(OwnerId owner) noexcept;
    /// Forgets the staged layouts that are the present ones by now.
    void drop_settled();
    /// Replaces what the owner had for the component; one without functions only drops.
    void set_converter(const Converter& converter);
    /// Null when the owner has none.
    const Converter* find_converter(ComponentId component, OwnerId owner) const noexcept;
    /// One above the highest id known.
    std::uint32_t ids_end() const noexcept { return static_cast<std::uint32_t>(by_id_.size()); }

private:
    /// The first user that is not among `replaces`, or null.
    static const OwnerId* other_user(const Component& component, OwnerId user,
                                     std::span<const OwnerId> replaces) noexcept;
    Result<ComponentId> add_new(OwnerId user, Schema schema);
    void stage(OwnerId user, ComponentId id, Schema schema);
    Error disagreement(const Schema& have, const Schema& want, const std::string& holder,
                       const std::string& comer) const;

    ComponentNames& names_;
    std::uint32_t components_max_;
    std::vector<std::unique_ptr<Component>> by_id_;
    std::vector<ComponentId> known_;
    std::vector<StagedSchema> staged_;
    std::vector<Converter> converters_;
};

template <class LabelOf>
Result<ComponentId> ComponentTable::add(OwnerId user, std::span<const OwnerId> replaces,
                                        Schema schema, const LabelOf& label_of) {
    const ComponentId id = names_.find(schema.name);
    Component* const present = find(id);
    if (present == nullptr) return add_new(user, std::move(schema));

    const bool is_user =
        std::find(present->users.begin(), present->users.end(), user) != present->users.end();
    if (difference(present->schema, schema)) {
        const OwnerId* const other = other_user(*present, user, replaces);
        if (replaces.empty() || other != nullptr) {
            Error error = disagreement(present->schema, schema,
                                       other == nullptr ? "the stored entities" : label_of(*other),
                                       label_of(user));
            if (other == nullptr)
                error.message += "; only what is registered in setup() is migrated";
            return error;
        }
        stage(user, id, std::move(schema));
    }
    if (!is_user) present->users.push_back(user);
    return id;
}

}  // namespace gantry::ecs
