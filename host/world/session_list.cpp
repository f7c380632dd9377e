#include "host/world/session_list.h"

#include <algorithm>
#include <cstring>

#include "host/core/assert.h"

namespace gantry::world {

bool Group::join(SessionId session) {
    if (!places_.emplace(session.value, static_cast<std::uint32_t>(members_.size())).second)
        return false;
    members_.push_back(session);
    return true;
}

bool Group::leave(SessionId session) {
    const auto found = places_.find(session.value);
    if (found == places_.end()) return false;
    const std::uint32_t place = found->second;
    places_.erase(found);
    if (place + 1 != members_.size()) {
        members_[place] = members_.back();
        places_[members_[place].value] = place;
    }
    members_.pop_back();
    return true;
}

WorldSession& SessionList::open(const route::OpenedRecord& record) {
    const std::uint64_t shard = record.session.value >> 56;
    const std::uint64_t slot = (record.session.value >> 32) & 0xffffff;
    if (shard >= slots_.size()) slots_.resize(shard + 1);
    if (slot >= slots_[shard].size()) slots_[shard].resize(slot + 1);
    auto& place = slots_[shard][slot];
    GANTRY_ASSERT(place == nullptr);
    place = std::make_unique<WorldSession>();
    place->id = record.session;
    place->since = record.since;
    place->last_activity = record.since;
    place->broadcasts_before = broadcasts_;
    std::memcpy(place->remote, record.remote, sizeof place->remote);
    std::memcpy(place->protocol, record.protocol, sizeof place->protocol);
    std::memcpy(place->listener, record.listener, sizeof place->listener);
    place->index = static_cast<std::uint32_t>(ids_.size());
    ids_.push_back(record.session);
    return *place;
}

void SessionList::close(SessionId id) {
    WorldSession* const session = find(id);
    if (session == nullptr) return;
    for (const Membership& one : session->groups) {
        if (Group* const members = find(one.group)) members->leave(id);
    }
    const std::uint32_t index = session->index;
    ids_[index] = ids_.back();
    ids_.pop_back();
    if (index < ids_.size()) find(ids_[index])->index = index;
    found_ = nullptr;
    slots_[id.value >> 56][(id.value >> 32) & 0xffffff].reset();
}

Result<GroupId> SessionList::group(std::string_view name) {
    std::string key{name};
    if (const auto found = group_names_.find(key); found != group_names_.end())
        return found->second;
    if (groups_.size() >= groups_max)
        return Error{Status::limit, "a world has 65,536 groups at most"};
    const GroupId id{next_group_++};
    group_names_.emplace(std::move(key), id);
    groups_.emplace(id.value, Group{});
    return id;
}

Status SessionList::join(GroupId id, SessionId session) {
    Group* const group = find(id);
    WorldSession* const member = find(session);
    if (group == nullptr || member == nullptr) return Status::not_found;
    if (!group->join(session)) return Status::already_exists;
    member->groups.push_back({id, group->sent()});
    return Status::ok;
}

// What came with the group stays counted.
void SessionList::forget_membership(WorldSession& session, GroupId id) {
    std::erase_if(session.groups, [&](const Membership& one) {
        if (one.group != id) return false;
        session.messages_out += find(id)->sent() - one.sent_before;
        return true;
    });
}

std::uint64_t SessionList::messages_out(const WorldSession& session) const noexcept {
    std::uint64_t count = session.messages_out + broadcasts_ - session.broadcasts_before;
    for (const Membership& one : session.groups) {
        count += groups_.at(one.group.value).sent() - one.sent_before;
    }
    return count;
}

Status SessionList::leave(GroupId id, SessionId session) {
    Group* const group = find(id);
    if (group == nullptr || !group->leave(session)) return Status::not_found;
    if (WorldSession* const member = find(session)) forget_membership(*member, id);
    return Status::ok;
}

Status SessionList::destroy(GroupId id) {
    Group* const group = find(id);
    if (group == nullptr) return Status::not_found;
    for (const SessionId session : group->members()) {
        if (WorldSession* const member = find(session)) forget_membership(*member, id);
    }
    groups_.erase(id.value);
    std::erase_if(group_names_, [id](const auto& entry) { return entry.second == id; });
    return Status::ok;
}

}  // namespace gantry::world
