// Surroundings: what a world reaches outside of itself. The host implements it; tests may fake it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gantry/service.h"
#include "gantry/types.h"
#include "host/core/clock.h"
#include "host/core/owner.h"
#include "host/route/transit.h"

namespace gantry::route {

/// How work gets back to a room: `post` may be called on [any thread], and wakes the room.
using PostToRoom = std::function<void(std::function<void()>)>;

/// A function offered to all rooms under a name, and the room that runs it. `owner` tells whose.
struct ServedFunction {
    PostToRoom room;
    std::function<void(const ServiceCall& call)> run;  ///< in that room only
};

/// A call into a plugin that a fault ended; or a thread of its own.
struct FaultReport {
    std::string kind;  ///< "segmentation fault"
    std::string call;  ///< "handler on<Move>"
    std::string room;  ///< "world arena"; empty: in a thread of the plugin's own
    const void* address = nullptr;
    std::vector<void*> frames;  ///< where it was first
    std::string inside;         ///< whose code it was, where another's new version had called it
};

class Surroundings {
public:
    virtual ~Surroundings() = default;

    virtual const core::Clock& clock() const noexcept = 0;
    /// None when there is no world of that name. [any thread]
    virtual WorldId find_world(std::string_view name) noexcept = 0;
    /// Delivers an event in another world at its next turn. [any thread]
    virtual Status post_event(WorldId world, std::string_view name, Bytes payload) = 0;
    /// Runs `work` on the pool, then `done` in the caller's room. `limit` when the pool is full.
    virtual Status offload(std::function<void()> work, std::function<void()> done,
                           PostToRoom room) = 0;
    /// Names a function for all rooms; replaces what stood there. Null function: takes it away.
    virtual void serve(const std::string& name, ServedFunction function) = 0;
    /// Asks for it. `answer` comes once in `room`, unless nobody serves the name: then `not_found`
    /// is returned and no answer comes.
    virtual Status call(const std::string& name, std::string method, std::string request,
                        std::function<void(Status, std::string)> answer, PostToRoom room) = 0;
    /// What sessions carry from world to world. [any thread]
    virtual Transit& transit() noexcept = 0;
    /// A plugin's code failed: counted here, and watched during a probation. [any thread]
    virtual void failed(const core::Owner& owner, std::string_view where,
                        std::string_view what) = 0;
    /// A plugin's code faulted and is parked in that room. [any thread]
    virtual void faulted(const core::Owner& owner, const FaultReport& report) = 0;
    /// A plugin has more to protect than the host keeps (gantry/protected.h). [any thread]
    virtual void protected_full(const core::Owner& owner) noexcept = 0;
    /// A call was answered with `limit`: too many of that room wait for an answer. [its room]
    virtual void calls_full(std::string_view service) noexcept = 0;
};

}  // namespace gantry::route
