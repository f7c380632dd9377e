// The arena's components. Rules v2 give Body one more field; the host migrates what is there.
#pragma once
#include <gantry/gantry.h>

namespace arena {

struct Position {
    float x = 0;
    float y = 0;
};
GANTRY_COMPONENT_AS("arena.position", Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))

struct Velocity {
    float x = 0;
    float y = 0;
};
GANTRY_COMPONENT_AS("arena.velocity", Velocity, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))

#if ARENA_RULES >= 2
struct Body {
    std::uint32_t hue = 0;
    std::uint32_t score = 0;
    float energy = 100;  // new in v2: bodies that existed before have the default
};
GANTRY_COMPONENT_AS("arena.body", Body, 2, GANTRY_FIELD(hue), GANTRY_FIELD(score),
                    GANTRY_FIELD(energy))
#else
struct Body {
    std::uint32_t hue = 0;
    std::uint32_t score = 0;
};
GANTRY_COMPONENT_AS("arena.body", Body, 1, GANTRY_FIELD(hue), GANTRY_FIELD(score))
#endif

/// On the entities of players only.
struct Player {
    std::uint64_t session = 0;
    std::uint32_t moves_handled = 0;
    char name[24] = {};
};
GANTRY_COMPONENT_AS("arena.player", Player, 1, GANTRY_FIELD(session), GANTRY_FIELD(moves_handled),
                    GANTRY_FIELD(name))

/// One of a world; outlives every version of the rules.
struct Field {
    std::uint32_t states_sent = 0;
    float width = 150;
    float height = 90;
};
GANTRY_COMPONENT_AS("arena.field", Field, 1, GANTRY_FIELD(states_sent), GANTRY_FIELD(width),
                    GANTRY_FIELD(height))

}  // namespace arena
