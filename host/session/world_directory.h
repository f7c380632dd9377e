// WorldDirectory: the worker of every world, for the shards.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "gantry/types.h"

namespace gantry::session {

/// Which worker a world is on. Written by control before the world can be named, read by all.
class WorldDirectory {
public:
    static constexpr std::uint32_t worlds_max = 65'536;
    static constexpr std::uint16_t nowhere = 0xffff;
    WorldDirectory() {
        for (auto& worker : workers_) worker.store(nowhere, std::memory_order_relaxed);
    }
    void set(WorldId world, std::uint16_t worker) noexcept { workers_[world.value].store(worker); }
    std::uint16_t worker(WorldId world) const noexcept {
        return world.value < worlds_max ? workers_[world.value].load(std::memory_order_acquire)
                                        : nowhere;
    }

private:
    std::array<std::atomic<std::uint16_t>, worlds_max> workers_;
};

}  // namespace gantry::session
