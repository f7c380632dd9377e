// What a world may grow to, and what it counts.
#pragma once
#include <cstdint>

#include "gantry/types.h"
#include "host/ecs/pages.h"

namespace gantry::ecs {

/// A plugin instance, as the host numbers it; zero is the host itself.
using OwnerId = std::uint32_t;

/// At each limit the call answers Status::limit, nothing has changed, and WorldStats counts it.
struct WorldLimits {
    std::uint32_t entities_max = 1u << 24;
    std::uint32_t components_max = 1024;  ///< ids of ComponentNames that this world can use
    std::uint32_t archetypes_max = 1u << 16;
    std::uint32_t archetype_columns_max = 128;
    std::uint32_t queries_max = 4096;
    std::uint32_t command_bytes_max = 16u << 20;  ///< recorded and not yet applied, per buffer
    std::uint32_t chunk_bytes = 64u << 10;        ///< what a full chunk aims at
    const PageSource* pages = &system_pages();    ///< outlives the world
    bool huge_pages = true;                       ///< ask for them once a world is past 1 MiB
};

struct WorldStats {
    std::uint64_t entities = 0;
    std::uint64_t archetypes = 0;
    std::uint64_t chunks = 0;
    std::uint64_t components = 0;
    std::uint64_t queries = 0;
    std::uint64_t resources = 0;
    std::uint64_t memory_bytes = 0;    ///< chunks, records, sparse sets, tables
    std::uint64_t limit_refusals = 0;  ///< calls that met a limit
    std::uint64_t loop_refusals = 0;   ///< structural calls inside a loop
    std::uint64_t rows_waited = 0;     ///< left by an exchange of layouts, to be converted on touch
    std::uint64_t commands_applied = 0;
    std::uint64_t commands_skipped = 0;  ///< on entities that were dead by then
    std::uint64_t commands_lost = 0;     ///< not recorded: the buffer was at its limit
};

}  // namespace gantry::ecs
