// gantry/service.h: "gantry.services/1" and "gantry.events/1", how plugins of one host meet.
#pragma once
#include "gantry/types.h"

namespace gantry {

/// Where a provider's interface stands now. The host re-points `target` at a swap and empties it
/// when the provider leaves: read it at each call, never keep what it holds.
struct ServiceSlot {
    void* target = nullptr;
    std::uint64_t changes = 0;  ///< how often it was re-pointed
};

/// What a call from another room brings. `reply` may be called once, within the call.
struct ServiceCall {
    Str method;
    Bytes request;
    void (*reply)(void* caller, Status status, Bytes response) noexcept = nullptr;
    void* caller = nullptr;
};
using ServiceFunction = void (*)(void* context, const ServiceCall* call) noexcept;
/// The answer, on the caller's own thread. The bytes are valid for the call.
using AnswerFunction = void (*)(void* context, Status status, Bytes response) noexcept;

/// All calls [own thread].
struct Services {
    static constexpr const char* interface_id = "gantry.services/1";

    /// Offer a virtual interface under a versioned name, "chat.filter/1", to plugins of this room.
    /// `already_exists` when another plugin provides it here. Only during start().
    virtual Status provide(Str name, void* target) noexcept = 0;
    /// The slot of that name in this room; it may be empty until the provider comes. Never null.
    virtual const ServiceSlot* slot(Str name) noexcept = 0;

    /// Offer the name to every room, answered by `handler` in this one. Only during start().
    virtual Status serve(Str name, ServiceFunction handler, void* context) noexcept = 0;
    /// Ask a service wherever it lives. `answer` always comes exactly once: with `timeout` after
    /// `deadline`, with `not_found` when nobody serves the name, with `limit` when too many
    /// calls of this room wait, with `cancelled` when the
    /// instance leaves before. Returns an id for cancel(); or 0, and then no answer comes: for who
    /// leaves, and from another thread.
    virtual std::uint64_t call(Str name, Str method, Bytes request, TimeNs deadline,
                               AnswerFunction answer, void* context) noexcept = 0;
    /// The answer will not come any more.
    virtual Status cancel(std::uint64_t call) noexcept = 0;

protected:
    ~Services() = default;
};

/// As which C++ type a plugin knows an interface: the host compares what two of them mean by it.
struct ServiceTypes {
    static constexpr const char* interface_id = "gantry.service_types/1";

    /// `type` is its full name, "chat::Filter". `provides` is 1 for who offers it, 0 for who asks
    /// for it. Told with each provide() and slot(). [own thread]
    virtual void declare(Str service, Str type, std::uint32_t provides) noexcept = 0;

protected:
    ~ServiceTypes() = default;
};

using EventFunction = void (*)(void* context, Str name, Bytes payload) noexcept;

/// Notices between the plugins of one world, and between worlds. All calls [world].
struct Events {
    static constexpr const char* interface_id = "gantry.events/1";

    virtual Status subscribe(Str name, EventFunction handler, void* context) noexcept = 0;
    /// Every subscriber has run when this returns, in the order in which they subscribed.
    virtual void emit(Str name, Bytes payload) noexcept = 0;
    /// The subscribers run at the next stage of the tick, or at the end of the turn between ticks.
    virtual Status post(Str name, Bytes payload) noexcept = 0;
    /// Like post, in another world of this host. `not_found` when there is none of that id.
    virtual Status post_to(WorldId world, Str name, Bytes payload) noexcept = 0;
    /// The world of that name, or none.
    virtual WorldId find_world(Str name) noexcept = 0;

protected:
    ~Events() = default;
};

}  // namespace gantry
