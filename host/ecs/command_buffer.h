// CommandBuffer: structural changes recorded by a plugin, in memory of the host's.
#pragma once
#include <cstdlib>

#include "gantry/ecs.h"

namespace gantry::ecs {

class World;

/// The bytes are written by plugins through EcsCommands::data and read once, by World::apply.
/// [world]
class CommandBuffer final : public EcsCommands {
public:
    explicit CommandBuffer(World& world) noexcept : world_{world} {}
    ~CommandBuffer() { std::free(data_.bytes); }
    CommandBuffer(const CommandBuffer&) = delete;
    CommandBuffer& operator=(const CommandBuffer&) = delete;

    CommandData* data() noexcept override { return &data_; }
    Status grow(std::uint32_t bytes) noexcept override;
    Entity reserve() noexcept override;

    bool empty() const noexcept { return data_.size == 0; }
    void clear() noexcept { data_.size = 0; }

private:
    World& world_;
    CommandData data_{nullptr, 0, 0};
};

}  // namespace gantry::ecs
