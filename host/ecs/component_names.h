// ComponentNames: one number per component name for all worlds of a host.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "gantry/ecs/desc.h"

namespace gantry::ecs {

/// Only grows; the layout behind a name is each world's own affair. [any thread]
class ComponentNames {
public:
    explicit ComponentNames(std::uint32_t names_max = 65'536) : names_max_{names_max} {}

    /// The name's id, given now if it is new; no_component at the limit.
    ComponentId intern(std::string_view name);
    /// no_component when nobody has used the name.
    ComponentId find(std::string_view name) const;
    /// Empty for an id that was never given. Valid as long as this object.
    std::string_view name(ComponentId id) const;

private:
    mutable std::mutex mutex_;
    std::deque<std::string> names_;  // never moves its strings
    std::map<std::string_view, ComponentId> ids_;
    std::uint32_t names_max_;
};

}  // namespace gantry::ecs
