// World: its making, and the messages that reach it.
#include "host/world/world.h"

#include <fmt/format.h>

#include <cstring>

#include "host/core/log.h"
#include "host/world/call.h"
#include "host/world/connection_component.h"

namespace gantry::world {
namespace {

ecs::WorldLimits limits_of(const WorldConfig& config) {
    ecs::WorldLimits limits;
    limits.entities_max = config.entities_max;
    return limits;
}

}  // namespace

World::World(WorldConfig config, ecs::ComponentNames& names, route::Surroundings& surroundings,
             Outbox& outbox, route::PostToRoom post_here)
    : config_{std::move(config)},
      surroundings_{surroundings},
      outbox_{&outbox},
      post_here_{[this, post = std::move(post_here)](std::function<void()> work) {
          post([this, work = std::move(work)]() mutable { run_here(std::move(work)); });
      }},
      random_{config_.seed},
      now_{surroundings.clock().now()},
      ecs_{names, limits_of(config_)},
      late_rows_{ecs_, surroundings.clock()},
      timers_{config_.timers_max},
      services_{surroundings, post_here_,
                [this](std::uint32_t owner, const auto& body) { return run_as(owner, body); }},
      tables_{std::make_unique<Tables>()} {
    connection_component_ = register_connection(ecs_);
    ecs_.runs_on(home_, [this](ecs::OwnerId owner, const char* call) { stray(owner, call); });
    tick_step_ = config_.tick_hz > 0 ? static_cast<TimeNs>(1e9 / config_.tick_hz) : 0;
    tick_.step = tick_step_;
    next_tick_ = now_ + tick_step_;
}

World::~World() {
    pool_has_ended_ = true;   // the host sees to it
    late_rows_.settle_all();  // as long as those live who have functions for it
    swaps_.clear();
    parked_.clear();
    leaving_.clear();
    tables_ = std::make_unique<Tables>();
    replaced_.clear();
    while (!instances_.empty()) instances_.pop_back();  // the last loaded depends on those before
}

bool World::holding() const noexcept {
    return faulted_ || frozen() || std::any_of(swaps_.begin(), swaps_.end(), [](const auto& swap) {
               return swap->holding();
           });
}

bool World::frozen() const noexcept {
    return std::any_of(swaps_.begin(), swaps_.end(),
                       [](const auto& swap) { return swap->frozen(); }) ||
           std::any_of(replaced_.begin(), replaced_.end(),
                       [](const Replaced& one) { return one.stands_still; });
}

// While a swap holds, whatever reaches the world waits in order: a session's messages keep theirs.
bool World::hold(route::ToWorld kind, std::span<const std::byte> head,
                 std::span<const std::byte> payload) {
    if (!holding() && held_.empty()) return false;
    const std::uint64_t bytes = head.size() + payload.size();
    if (held_bytes_ + bytes > config_.held_bytes_max) {
        for (const auto& swap : swaps_) {
            if (swap->holding()) swap->give_up("more messages arrived than may wait for it");
        }
        end_standstills();
        release_held();
        return false;
    }
    route::KeptRecord record{static_cast<std::uint32_t>(kind), {}};
    record.body.reserve(static_cast<std::size_t>(bytes));
    record.body.insert(record.body.end(), head.begin(), head.end());
    record.body.insert(record.body.end(), payload.begin(), payload.end());
    if (held_.empty()) held_since_ = now_;
    held_.push_back(std::move(record));
    held_bytes_ += bytes;
    ++counters_.held;
    return true;
}

void World::release_held() {
    if (!held_.empty()) counters_.hold_ns_max = std::max(counters_.hold_ns_max, now_ - held_since_);
    while (!held_.empty()) {
        const route::KeptRecord record = std::move(held_.front());
        held_.pop_front();
        held_bytes_ -= record.body.size();
        const std::span<const std::byte> body{record.body};
        switch (static_cast<route::ToWorld>(record.kind)) {
            case route::ToWorld::opened:
                handle_opened(route::read_as<route::OpenedRecord>(body));
                break;
            case route::ToWorld::messages: {
                const auto head = route::read_as<route::MessagesRecord>(body);
                const auto one = route::first_message(body.subspan(sizeof head));
                if (handle(head, sessions_.find(head.session), one)) {
                    outbox_->credit(head.session, 1, one.entry.head.payload_bytes);
                }
                break;
            }
            case route::ToWorld::closed:
                handle_closed(route::read_as<route::ClosedRecord>(body));
                break;
            case route::ToWorld::pressure:
                handle_pressure(route::read_as<route::PressureRecord>(body));
                break;
        }
    }
}

void World::opened(const route::OpenedRecord& record) {
    if (!hold(route::ToWorld::opened, route::bytes_of(record), {})) handle_opened(record);
}

// Also the rest of a record in which a thread got stuck is handled by that thread: it keeps the
// world until it is out of here.
void World::messages(const route::MessagesRecord& record, std::span<const std::byte> entries) {
    WorldSession* session = sessions_.find(record.session);
    std::uint32_t handled = 0, handled_bytes = 0;
    while (!entries.empty()) {
        const route::MessageView one = route::first_message(entries);
        entries = entries.subspan(one.whole.size());
        if (!swaps_.empty() || !replaced_.empty() || !held_.empty() || faulted_) [[unlikely]] {
            if (hold(route::ToWorld::messages, route::bytes_of(record), one.whole)) continue;
            session = sessions_.find(record.session);  // it may have waited, too
        }
        if (!handle(record, session, one)) continue;
        ++handled;
        handled_bytes += one.entry.head.payload_bytes;
    }
    if (handled != 0) outbox_->credit(record.session, handled, handled_bytes);
}

void World::closed(const route::ClosedRecord& record) {
    if (!hold(route::ToWorld::closed, route::bytes_of(record), {})) handle_closed(record);
}

void World::handle_opened(const route::OpenedRecord& record) {
    WorldSession& session = sessions_.open(record);
    session.entity = create_connection(ecs_, connection_component_, session);
    if (record.moved != 0) unpack(session);
    tell(SessionEventKind::established, session.id, session.remote);
    for (const auto& hook : tables_->session_hooks) {
        call_plugin(*hook.instance, core::CallKind::session, "opened",
                    [&] { hook.opened(hook.context, session.id, session.entity); });
        apply_commands(*hook.instance);
    }
}

void World::handle_closed(const route::ClosedRecord& record) {
    WorldSession* const session = sessions_.find(record.session);
    if (session == nullptr) return;
    session->left = true;
    const Entity entity = session->entity;
    if (record.moved_to != 0) pack(*session);
    const auto reason = static_cast<net::CloseReason>(record.reason);
    const char* const why = record.moved_to != 0 ? "moved" : net::close_reason_name(reason);
    if (record.moved_to == 0 && !net::is_orderly(reason)) {
        tell(SessionEventKind::error, record.session, why);
    }
    tell(SessionEventKind::closed, record.session, why);
    for (const auto& hook : tables_->session_hooks) {
        call_plugin(*hook.instance, core::CallKind::session, "closed",
                    [&] { hook.closed(hook.context, record.session, entity); });
        apply_commands(*hook.instance);
    }
    (void)ecs_.destroy({&entity, 1});
    const auto to_forward = std::move(session->to_forward);
    sessions_.close(record.session);
    if (record.moved_to == 0) return;
    outbox_->move(record.session, WorldId{record.moved_to});
    for (const auto& message : to_forward) outbox_->forward(record.session, message);
    outbox_->moved(record.session);
}

void World::pressure(const route::PressureRecord& record) {
    if (!hold(route::ToWorld::pressure, route::bytes_of(record), {})) handle_pressure(record);
}

void World::handle_pressure(const route::PressureRecord& record) {
    if (sessions_.find(record.session) == nullptr) return;
    for (const auto& hook : tables_->pressure_hooks) {
        call_plugin(*hook.instance, core::CallKind::session, "pressure",
                    [&] { hook.function(hook.context, record.session, record.high); });
        apply_commands(*hook.instance);
    }
}

// False for one that is not handled here.
bool World::handle(const route::MessagesRecord& record, WorldSession* session,
                   const route::MessageView& one) {
    if (session == nullptr || session->left) {
        ++counters_.late_messages;
        return false;
    }
    if (session->moving) {
        auto& kept = session->to_forward.emplace_back(sizeof record + one.whole.size());
        std::memcpy(kept.data(), &record, sizeof record);
        std::memcpy(kept.data() + sizeof record, one.whole.data(), one.whole.size());
        return false;
    }
    ++counters_.messages;
    ++session->messages_in;
    session->bytes_in += one.payload.size();
    session->last_activity = record.received_at;

    Message message;
    message.session = record.session;
    message.entity = session->entity;
    message.id = one.entry.head.message_id;
    message.flags = one.entry.head.flags;
    message.channel = one.entry.head.channel;
    message.correlation = one.entry.head.correlation_id;
    message.payload = Bytes{one.payload};
    message.received_at = record.received_at;
    message.text = one.entry.text;
    if (keep_events_) note_network_event(message);
    if (tables_->followers.want(SessionEventKind::received)) {
        tell(SessionEventKind::received, message.session, {}, message.id, one.payload.size());
    }

    if (const auto* route = tables_->routes.find(message.id)) {
        run_handler(*route, message);
    } else if (!keep_events_) {
        nobody_handles(message, *session);
    }
    return true;
}

void World::run_handler(const WorldRouteTable::Route& route, const Message& message) {
    auto& vitals = route.instance->vitals();
    const bool timed = route.instance->wants_sample(now_);
    const TimeNs begin = timed ? surroundings_.clock().thread_time() : 0;
    Status status = Status::internal;
    requests_.handling(message, route.instance->owner().id, route.name);
    const bool returned = call_plugin(*route.instance, core::CallKind::handler, route.name,
                                      [&] { status = route.function(route.context, &message); });
    requests_.handled();
    vitals.add(vitals.messages, 1);
    if (timed) vitals.add_sample(surroundings_.clock().thread_time() - begin);
    if (status != Status::ok) {
        ++counters_.failed;
        vitals.add(vitals.errors, 1);
        if (message.is_request()) {
            requests_.answered(message);
            answer_failure(message, status,
                           fmt::format("{} of {}: {}", route.name, route.instance->owner().label,
                                       returned ? status_name(status) : "ended by a fault"));
        }
    }
    apply_commands(*route.instance);
}

void World::nobody_handles(const Message& message, WorldSession& session) {
    ++counters_.unknown_ids;
    ++session.unknown_ids;
    if (message.is_request()) {
        answer_failure(message, Status::not_found,
                       fmt::format("nobody handles message id {} here", message.id));
    }
    // A framing without ids sends everything as id 0: not the peer's mistake.
    if (message.id != 0 && session.unknown_ids == config_.unknown_ids_max) {
        outbox_->close(session.id, net::CloseReason::flood);
    }
}

void World::answer_failure(const Message& message, Status status, std::string_view sentence) {
    std::byte body[256];
    const std::size_t bytes = net::encode_error(status, sentence, body);
    ++counters_.replies;
    if (WorldSession* const session = sessions_.find(message.session)) ++session->messages_out;
    tell(SessionEventKind::sent, message.session, {}, message.id, bytes);
    outbox_->send(message.session,
                  net::FrameHead{0, message.id, message_flags::response | message_flags::error,
                                 message.channel, message.correlation},
                  Bytes{body, bytes}, false);
}

// Of a request whose task was dropped before it could answer.
void World::fail(const WaitingRequests::Request& request, Status status,
                 std::string_view sentence) {
    const WorldSession* const session = sessions_.find(request.head.session);
    if (session != nullptr && !session->left) answer_failure(request.head, status, sentence);
}

void World::tell(SessionEventKind kind, SessionId session, std::string_view text,
                 std::uint16_t message_id, std::uint64_t bytes) {
    if (!tables_->followers.want(kind)) return;
    SessionEvent event;
    event.kind = kind;
    event.message_id = message_id;
    event.session = session;
    event.at = now_;
    event.payload_bytes = bytes;
    event.text = text;
    tables_->followers.tell(event, [this](const auto& follower, const auto& body) {
        WorldInstance* const instance = find_owner(follower.owner->id);
        if (instance == nullptr) return;
        call_plugin(*instance, core::CallKind::session, "session event", body);
    });
}

void World::note_network_event(const Message& message) {
    NetworkEvent event;
    event.session = message.session;
    event.entity = message.entity;
    event.message_id = message.id;
    event.received_at = message.received_at;
    const auto size = static_cast<std::size_t>(message.payload.size);
    if (size != 0) {
        event_payloads_.push_back(std::make_unique<std::byte[]>(size));
        std::memcpy(event_payloads_.back().get(), message.payload.data, size);
        event.payload = Bytes{event_payloads_.back().get(), size};
    }
    events_.push_back(event);
}

}  // namespace gantry::world
