// What an instance has in flight, in words, and what becomes of it at a swap.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "gantry/types.h"

namespace gantry::world {

class World;
class WorldInstance;

/// What a swap made of what it found.
enum class Fate : std::uint8_t {
    none,          ///< there is no swap: who asks wants to know what there is
    cancelled,     ///< at the deadline: what the swap would have waited for
    given_up_for,  ///< at the deadline, the other way
    goes_on,       ///< the swap was given up for another reason
    replaced,      ///< the swap goes on: what need not be waited for, and ends
};

/// Of one instance; both outlive this. [world]
class Leftovers {
public:
    Leftovers(const World& world, const WorldInstance& instance, TimeNs now)
        : world_{world}, instance_{instance}, now_{now} {}

    /// One sentence each: "arena@1.0.0#1: task on<Trade> waits at shop.cpp:41 for 120 ms:
    /// cancelled".
    std::vector<std::string> lines(Fate fate) const;

private:
    void add_tasks(Fate fate, std::vector<std::string>& list) const;
    void add_private_timers(std::vector<std::string>& list) const;

    const World& world_;
    const WorldInstance& instance_;
    TimeNs now_;
};

}  // namespace gantry::world
