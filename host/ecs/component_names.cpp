#include "host/ecs/component_names.h"

namespace gantry::ecs {

ComponentId ComponentNames::intern(std::string_view name) {
    const std::lock_guard lock{mutex_};
    if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
    if (names_.size() >= names_max_) return no_component;
    const auto id = static_cast<ComponentId>(names_.size());
    names_.emplace_back(name);
    ids_.emplace(names_.back(), id);
    return id;
}

ComponentId ComponentNames::find(std::string_view name) const {
    const std::lock_guard lock{mutex_};
    const auto found = ids_.find(name);
    return found == ids_.end() ? no_component : found->second;
}

std::string_view ComponentNames::name(ComponentId id) const {
    const std::lock_guard lock{mutex_};
    return id < names_.size() ? std::string_view{names_[id]} : std::string_view{};
}

}  // namespace gantry::ecs
