// ResourceStore: the singletons of a world, owned by it and not by a plugin.
#pragma once
#include <memory>
#include <vector>

#include "host/ecs/pages.h"
#include "host/ecs/schema.h"

namespace gantry::ecs {

struct LinesDeleter {
    void operator()(std::byte* lines) const noexcept { free_lines(lines); }
};
using Lines = std::unique_ptr<std::byte, LinesDeleter>;

/// Memory for one value, aligned to 64 and zeroed.
Lines make_lines(std::uint32_t bytes);

struct Resource {
    ComponentId id = no_component;
    std::uint32_t bytes = 0;
    std::uint64_t written_tick = 0;
    Lines value;
};

/// Few, so a sorted list. [world]
class ResourceStore {
public:
    Resource* find(ComponentId id) noexcept;
    const Resource* find(ComponentId id) const noexcept;
    /// Made with the schema's default if new.
    Resource& set(ComponentId id, const Schema& schema);
    bool remove(ComponentId id) noexcept;
    const std::vector<Resource>& all() const noexcept { return resources_; }

private:
    std::vector<Resource> resources_;  // by id
};

}  // namespace gantry::ecs
