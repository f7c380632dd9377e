// gantry/net.h: "gantry.net/1", messages of a world: handlers, sending, groups, sessions.
#pragma once
#include "gantry/types.h"

namespace gantry {

namespace message_flags {
inline constexpr std::uint8_t request = 0x01;   ///< the sender waits for an answer
inline constexpr std::uint8_t response = 0x02;  ///< answers the request of the same correlation id
inline constexpr std::uint8_t error = 0x04;     ///< with response: the payload is an error
inline constexpr std::uint8_t echo = 0x08;      ///< answered by the host with the same payload
}  // namespace message_flags

/// What a handler gets. Pointers are valid for the call; copy what is needed after a co_await.
struct Message {
    SessionId session;
    Entity entity;         ///< the session's entity in this world
    std::uint16_t id = 0;  ///< 0 on a listener whose framing has no ids
    std::uint8_t flags = 0;
    std::uint8_t channel = 0;
    std::uint32_t correlation = 0;  ///< chosen by the sender of a request
    Bytes payload;
    TimeNs received_at = 0;
    std::uint32_t text = 0;  ///< 1: came as a text message (WebSocket)
    std::uint32_t reserved = 0;

    bool is_request() const noexcept { return (flags & message_flags::request) != 0; }
};

/// Any Status but ok answers a request with an error reply; of a one-way message it is only
/// counted.
using MessageFunction = Status (*)(void* context, const Message* message) noexcept;

struct SessionInfo {
    SessionId session;
    Entity entity;
    TimeNs since = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t bytes_in = 0;
    char remote[64] = {};    ///< "127.0.0.1:41234"
    char protocol[16] = {};  ///< "tcp", "ws"
    char listener[48] = {};
};

/// `opened` with the session's fresh entity; `closed` before that entity is destroyed.
using SessionFunction = void (*)(void* context, SessionId session, Entity entity) noexcept;

/// `high` 1: more than the listener's high watermark waits for this session, so send it less; 0:
/// the queue has fallen to the low watermark.
using PressureFunction = void (*)(void* context, SessionId session, std::uint32_t high) noexcept;

struct GroupId {
    std::uint32_t value = 0;
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(GroupId, GroupId) noexcept = default;
};

/// All calls [world]. Sending queues: nothing is written before the end of the batch, and what a
/// full queue does is the listener's policy (slow consumers are closed, with a counter).
struct Net {
    static constexpr const char* interface_id = "gantry.net/1";

    /// Claim a message id. `already_exists` when another plugin owns it: the log names both.
    virtual Status route(std::uint16_t message_id, Str name, MessageFunction handler,
                         void* context) noexcept = 0;
    virtual Status on_session(SessionFunction opened, SessionFunction closed,
                              void* context) noexcept = 0;

    virtual Status on_pressure(PressureFunction changed, void* context) noexcept = 0;

    virtual Status send(SessionId to, std::uint16_t message_id, std::uint8_t channel,
                        Bytes payload) noexcept = 0;
    /// Answers a request with its id and correlation. `invalid` when the message is no request.
    virtual Status reply(const Message* request, Bytes payload) noexcept = 0;
    /// An error reply: the code and a sentence the player's programmer can act on; without one it
    /// says which plugin, version and generation failed.
    virtual Status fail(const Message* request, Status status, Str sentence) noexcept = 0;
    /// Encodes once for all receivers. Unknown or closed sessions are passed over.
    virtual Status send_many(const SessionId* to, std::uint32_t count, std::uint16_t message_id,
                             Bytes payload) noexcept = 0;
    /// To every session of this world.
    virtual Status broadcast(std::uint16_t message_id, Bytes payload) noexcept = 0;

    /// A named set of sessions; the same name gives the same group. Empty groups of closed sessions
    /// stay until destroyed. Joining and leaving cost the same whatever the group's size.
    virtual Status group(Str name, GroupId* out) noexcept = 0;
    virtual Status group_join(GroupId group, SessionId session) noexcept = 0;
    virtual Status group_leave(GroupId group, SessionId session) noexcept = 0;
    virtual Status group_send(GroupId group, std::uint16_t message_id, Bytes payload) noexcept = 0;
    virtual std::uint32_t group_size(GroupId group) noexcept = 0;
    virtual Status group_destroy(GroupId group) noexcept = 0;

    /// Ends a session after what is queued for it was sent.
    virtual Status close(SessionId session) noexcept = 0;
    /// Fills at most `capacity` ids, returns how many sessions there are.
    virtual std::uint32_t sessions(SessionId* out, std::uint32_t capacity) noexcept = 0;
    virtual Status session_info(SessionId session, SessionInfo* out) noexcept = 0;
    /// Hands a session over to another world of this host, in order: what it sent before is handled
    /// here, what it sends after there. Its entity's components go along to the fresh entity, as
    /// they are before `closed` is called here and `opened` there: laid out as that world has them,
    /// with references to other entities set to none. What no plugin of that world has stays
    /// behind, with a line in the log.
    virtual Status move(SessionId session, WorldId to) noexcept = 0;

protected:
    ~Net() = default;
};

}  // namespace gantry
