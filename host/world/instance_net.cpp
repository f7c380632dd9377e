// WorldInstance as "gantry.net/1".
#include "host/platform/given.h"
#include "host/route/named_sentence.h"
#include "host/world/instance.h"
#include "host/world/world.h"

#include <algorithm>
#include <cstring>

namespace gantry::world {

Status WorldInstance::route(std::uint16_t message_id, Str name, MessageFunction handler,
                            void* context) noexcept {
    if (!at_home("route")) return Status::refused;
    platform::look_at(name);
    if (handler == nullptr || message_id >= net::host_message_id_first) return Status::invalid;
    if (full()) return Status::limit;
    for (const auto& route : ledger_.routes) {
        if (route.id == message_id) return Status::already_exists;
    }
    ledger_.routes.push_back({message_id, std::string{name.view()}, handler, context});
    return Status::ok;
}

Status WorldInstance::on_session(SessionFunction opened, SessionFunction closed,
                                 void* context) noexcept {
    if (!at_home("on_session")) return Status::refused;
    if (full()) return Status::limit;
    ledger_.session_hooks.push_back({opened, closed, context});
    return Status::ok;
}

Status WorldInstance::on_pressure(PressureFunction changed, void* context) noexcept {
    if (!at_home("on_pressure")) return Status::refused;
    if (full()) return Status::limit;
    ledger_.pressure_hooks.push_back({changed, context});
    return Status::ok;
}

Status WorldInstance::send(SessionId to, std::uint16_t message_id, std::uint8_t channel,
                           Bytes payload) noexcept {
    if (!at_home("send")) return Status::refused;
    platform::look_at(payload);
    WorldSession* const session = world_.sessions_.find(to);
    if (session == nullptr || session->left) return Status::not_found;
    ++session->messages_out;
    if (world_.tables_->followers.want(SessionEventKind::sent)) {
        world_.tell(SessionEventKind::sent, to, {}, message_id, payload.size);
    }
    return world_.outbox_->send(to, net::FrameHead{0, message_id, 0, channel, 0}, payload, false);
}

Status WorldInstance::reply(const Message* request, Bytes payload) noexcept {
    if (!at_home("reply")) return Status::refused;
    platform::look_at_one(request);
    platform::look_at(payload);
    // A framing without ids has no requests: what a handler returns is simply sent back.
    if (!request->is_request() && request->id != 0) return Status::invalid;
    WorldSession* const session = world_.sessions_.find(request->session);
    if (session == nullptr || session->left) return Status::not_found;
    world_.requests_.answered(*request);
    ++session->messages_out;
    ++world_.counters_.replies;
    if (world_.tables_->followers.want(SessionEventKind::sent)) {
        world_.tell(SessionEventKind::sent, request->session, {}, request->id, payload.size);
    }
    const std::uint8_t flags = request->is_request() ? message_flags::response : std::uint8_t{0};
    return world_.outbox_->send(
        request->session,
        net::FrameHead{0, request->id, flags, request->channel, request->correlation}, payload,
        request->text != 0);
}

Status WorldInstance::fail(const Message* request, Status status, Str sentence) noexcept {
    if (!at_home("fail")) return Status::refused;
    platform::look_at_one(request);
    platform::look_at(sentence);
    if (!request->is_request()) return Status::invalid;
    vitals().add(vitals().errors, 1);
    world_.requests_.answered(*request);
    world_.answer_failure(*request, status,
                          route::named_sentence(owner_.label, status, sentence.view()));
    return Status::ok;
}

Status WorldInstance::send_many(const SessionId* to, std::uint32_t count, std::uint16_t message_id,
                                Bytes payload) noexcept {
    if (!at_home("send_many")) return Status::refused;
    platform::look_at_list(to, count);
    platform::look_at(payload);
    const Status status = send_shared(to, count, message_id, payload);
    if (status != Status::ok) return status;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (WorldSession* const session = world_.sessions_.find(to[i])) ++session->messages_out;
    }
    return status;
}

Status WorldInstance::send_shared(const SessionId* to, std::uint32_t count,
                                  std::uint16_t message_id, Bytes payload) noexcept {
    constexpr auto bytes_max = std::numeric_limits<std::uint32_t>::max() - net::frame_header_bytes;
    if (payload.size > bytes_max) return Status::invalid;
    if (world_.tables_->followers.want(SessionEventKind::sent)) {
        for (std::uint32_t i = 0; i < count; ++i) {
            if (world_.sessions_.find(to[i]) == nullptr) continue;
            world_.tell(SessionEventKind::sent, to[i], {}, message_id, payload.size);
        }
    }
    world_.outbox_->send_shared(to, count, message_id, payload);
    return Status::ok;
}

Status WorldInstance::broadcast(std::uint16_t message_id, Bytes payload) noexcept {
    if (!at_home("broadcast")) return Status::refused;
    platform::look_at(payload);
    const auto& all = world_.sessions_.ids();
    const Status status =
        send_shared(all.data(), static_cast<std::uint32_t>(all.size()), message_id, payload);
    if (status == Status::ok) world_.sessions_.count_broadcast();
    return status;
}

Status WorldInstance::group(Str name, GroupId* out) noexcept {
    if (!at_home("group")) return Status::refused;
    platform::look_at(name);
    platform::look_into_one(out);
    const auto id = world_.sessions_.group(name);
    if (!id) return id.error().status;
    *out = *id;
    return Status::ok;
}

Status WorldInstance::group_join(GroupId group, SessionId session) noexcept {
    if (!at_home("group_join")) return Status::refused;
    return world_.sessions_.join(group, session);
}

Status WorldInstance::group_leave(GroupId group, SessionId session) noexcept {
    if (!at_home("group_leave")) return Status::refused;
    return world_.sessions_.leave(group, session);
}

Status WorldInstance::group_send(GroupId group, std::uint16_t message_id, Bytes payload) noexcept {
    if (!at_home("group_send")) return Status::refused;
    platform::look_at(payload);
    Group* const found = world_.sessions_.find(group);
    if (found == nullptr) return Status::not_found;
    const auto& members = found->members();
    const Status status = send_shared(members.data(), static_cast<std::uint32_t>(members.size()),
                                      message_id, payload);
    if (status == Status::ok) found->count_message();
    return status;
}

std::uint32_t WorldInstance::group_size(GroupId group) noexcept {
    if (!at_home("group_size")) return 0;
    const Group* const found = world_.sessions_.find(group);
    return found == nullptr ? 0 : static_cast<std::uint32_t>(found->members().size());
}

Status WorldInstance::group_destroy(GroupId group) noexcept {
    if (!at_home("group_destroy")) return Status::refused;
    return world_.sessions_.destroy(group);
}

Status WorldInstance::close(SessionId session) noexcept {
    if (!at_home("close")) return Status::refused;
    if (world_.sessions_.find(session) == nullptr) return Status::not_found;
    world_.outbox_->close(session, net::CloseReason::requested);
    return Status::ok;
}

std::uint32_t WorldInstance::sessions(SessionId* out, std::uint32_t capacity) noexcept {
    if (!at_home("sessions")) return 0;
    const auto& all = world_.sessions_.ids();
    platform::look_into(out, std::min<std::size_t>(capacity, all.size()) * sizeof *out);
    std::copy_n(all.begin(), std::min<std::size_t>(capacity, all.size()), out);
    return static_cast<std::uint32_t>(all.size());
}

Status WorldInstance::members(GroupId group, SessionId* out, std::uint32_t capacity,
                              std::uint32_t* count) noexcept {
    if (!at_home("members")) return Status::refused;
    const Group* const found = world_.sessions_.find(group);
    if (found == nullptr) return Status::not_found;
    const auto& all = found->members();
    platform::look_into(out, std::min<std::size_t>(capacity, all.size()) * sizeof *out);
    platform::look_into_one(count);
    std::copy_n(all.begin(), std::min<std::size_t>(capacity, all.size()), out);
    *count = static_cast<std::uint32_t>(all.size());
    return Status::ok;
}

Status WorldInstance::subscribe(std::uint32_t kinds, SessionEventFunction told,
                                void* context) noexcept {
    if (!at_home("subscribe")) return Status::refused;
    if (told == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    ledger_.followers.push_back({kinds, told, context, &owner_});
    return Status::ok;
}

Status WorldInstance::session_info(SessionId id, SessionInfo* out) noexcept {
    if (!at_home("session_info")) return Status::refused;
    platform::look_into_one(out);
    const WorldSession* const session = world_.sessions_.find(id);
    if (session == nullptr) return Status::not_found;
    out->session = id;
    out->entity = session->entity;
    out->since = session->since;
    out->messages_in = session->messages_in;
    out->bytes_in = session->bytes_in;
    std::memcpy(out->remote, session->remote, sizeof out->remote);
    std::memcpy(out->protocol, session->protocol, sizeof out->protocol);
    std::memcpy(out->listener, session->listener, sizeof out->listener);
    return Status::ok;
}

Status WorldInstance::move(SessionId id, WorldId to) noexcept {
    if (!at_home("move")) return Status::refused;
    WorldSession* const session = world_.sessions_.find(id);
    if (session == nullptr || session->left || !to) return Status::not_found;
    if (to == world_.config_.id) return Status::ok;
    if (session->moving) return Status::unavailable;
    session->moving = true;
    world_.outbox_->move(id, to);
    return Status::ok;
}

}  // namespace gantry::world
