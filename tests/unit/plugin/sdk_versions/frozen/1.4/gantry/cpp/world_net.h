// gantry/cpp/world_net.h: WorldNet, what a world plugin says to sessions: by id, group, condition.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gantry/cpp/codec.h"
#include "gantry/groups.h"
#include "gantry/net.h"

namespace gantry {

/// A part of WorldPlugin. All calls [world], from begin() on. An id of a session that is gone, or
/// that never was, is answered with `not_found`; ids are never given twice.
class WorldNet {
protected:
    Status send(SessionId to, std::uint16_t id, Bytes payload) {
        return net_->send(to, id, 0, payload);
    }
    template <Message_type T>
    Status send(SessionId to, const T& message) {
        return encoded(message,
                       [&](Bytes bytes) { return net_->send(to, message_id<T>, 0, bytes); });
    }
    /// To many, encoded once: send(sessions_where(...), 7, payload). Those that are gone are passed
    /// over.
    Status send(std::span<const SessionId> to, std::uint16_t id, Bytes payload) {
        return net_->send_many(to.data(), static_cast<std::uint32_t>(to.size()), id, payload);
    }
    Status broadcast(std::uint16_t id, Bytes payload) { return net_->broadcast(id, payload); }
    template <Message_type T>
    Status broadcast(const T& message) {
        return encoded(message, [&](Bytes bytes) { return net_->broadcast(message_id<T>, bytes); });
    }
    template <Message_type T>
    Status group_send(GroupId group, const T& message) {
        return encoded(message,
                       [&](Bytes bytes) { return net_->group_send(group, message_id<T>, bytes); });
    }
    GroupId group(Str name) {
        GroupId id;
        return net_->group(name, &id) == Status::ok ? id : GroupId{};
    }

    /// The sessions of this world as they are now, in no order.
    std::vector<SessionId> active_sessions() {
        std::vector<SessionId> ids(net_->sessions(nullptr, 0));
        net_->sessions(ids.data(), static_cast<std::uint32_t>(ids.size()));
        return ids;
    }
    /// Those of a group; none when there is no such group.
    std::vector<SessionId> active_sessions(GroupId group) {
        std::uint32_t count = 0;
        if (groups_->members(group, nullptr, 0, &count) != Status::ok) return {};
        std::vector<SessionId> ids(count);
        groups_->members(group, ids.data(), count, &count);
        return ids;
    }
    /// Those for which `wanted(const SessionInfo&)` is true.
    template <class Predicate>
    std::vector<SessionId> sessions_where(Predicate wanted) {
        std::vector<SessionId> ids = active_sessions();
        std::erase_if(ids, [&](SessionId id) {
            SessionInfo info;
            return net_->session_info(id, &info) != Status::ok || !wanted(std::as_const(info));
        });
        return ids;
    }

    /// Ends a session after what is queued for it was sent.
    Status close_session(SessionId session) { return net_->close(session); }
    /// Ends many; returns how many were there.
    std::uint32_t close_sessions(std::span<const SessionId> sessions) {
        std::uint32_t closed = 0;
        for (const SessionId id : sessions) closed += net_->close(id) == Status::ok;
        return closed;
    }

    Net& net() noexcept { return *net_; }

    Net* net_ = nullptr;
    Groups* groups_ = nullptr;
    std::string scratch_;  ///< messages are encoded here, so that none allocates in steady state

private:
    template <class T, class Send>
    Status encoded(const T& message, Send&& send) {
        Bytes bytes;
        return Codec<T>::encode(message, scratch_, bytes) ? send(bytes) : Status::invalid;
    }
};

}  // namespace gantry
