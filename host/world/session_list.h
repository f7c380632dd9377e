// SessionList: the sessions of one world and the groups they are in.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gantry/net.h"
#include "host/core/result.h"
#include "host/route/records.h"

namespace gantry::world {

struct Membership {
    GroupId group;
    std::uint64_t sent_before = 0;  ///< to the group, when the session joined it
};

struct WorldSession {
    SessionId id;
    Entity entity;
    TimeNs since = 0;
    TimeNs last_activity = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t messages_out = 0;  ///< to it alone; see SessionList::messages_out
    std::uint64_t broadcasts_before = 0;
    std::uint32_t unknown_ids = 0;  ///< messages that nobody handles
    std::uint32_t index = 0;        ///< in the list of all
    bool left = false;              ///< closed: nothing of it is handled any more
    bool moving = false;            ///< to another world: what still comes is forwarded there
    std::vector<std::vector<std::byte>> to_forward;  ///< bounded by the session's credit
    std::vector<Membership> groups;
    char remote[64] = {};
    char protocol[16] = {};
    char listener[48] = {};
};

/// Joining and leaving cost the same whatever the size of the group.
class Group {
public:
    bool join(SessionId session);
    bool leave(SessionId session);
    const std::vector<SessionId>& members() const noexcept { return members_; }
    std::uint64_t sent() const noexcept { return sent_; }
    void count_message() noexcept { ++sent_; }

private:
    std::uint64_t sent_ = 0;
    std::vector<SessionId> members_;
    std::unordered_map<std::uint64_t, std::uint32_t> places_;
};

class SessionList {
public:
    /// Pointers stay valid until close().
    WorldSession& open(const route::OpenedRecord& record);
    void close(SessionId id);
    /// By slot, without a hash: once per message.
    WorldSession* find(SessionId id) noexcept {
        if (found_ != nullptr && found_->id == id) return found_;  // whose message is handled now
        const std::uint64_t shard = id.value >> 56;
        const std::uint64_t slot = (id.value >> 32) & 0xffffff;
        if (shard >= slots_.size() || slot >= slots_[shard].size()) return nullptr;
        WorldSession* const session = slots_[shard][slot].get();
        if (session == nullptr || session->id != id) return nullptr;
        return found_ = session;
    }
    const std::vector<SessionId>& ids() const noexcept { return ids_; }

    static constexpr std::uint32_t groups_max = 65'536;
    Result<GroupId> group(std::string_view name);
    Group* find(GroupId id) noexcept {
        const auto found = groups_.find(id.value);
        return found != groups_.end() ? &found->second : nullptr;
    }
    Status join(GroupId id, SessionId session);
    Status leave(GroupId id, SessionId session);
    Status destroy(GroupId id);

    /// A message to all costs one count, not one per session.
    void count_broadcast() noexcept { ++broadcasts_; }
    /// All that was sent to the session: alone, in its groups, with all others.
    std::uint64_t messages_out(const WorldSession& session) const noexcept;

private:
    void forget_membership(WorldSession& session, GroupId id);

    std::vector<std::vector<std::unique_ptr<WorldSession>>> slots_;  // by shard, by slot
    WorldSession* found_ = nullptr;  ///< the one that was looked for last
    std::vector<SessionId> ids_;
    std::unordered_map<std::uint32_t, Group> groups_;
    std::unordered_map<std::string, GroupId> group_names_;
    std::uint32_t next_group_ = 1;
    std::uint64_t broadcasts_ = 0;
};

}  // namespace gantry::world
