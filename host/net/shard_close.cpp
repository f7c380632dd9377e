// ShardCore: endings. Nothing is freed while a call of its own may still be on the stack.
#include <algorithm>

#include "host/core/assert.h"
#include "host/net/shard_core.h"
#include "host/net/ws_session.h"

namespace gantry::net {

namespace {

RefuseReason refuse_reason_of(CloseReason reason) noexcept {
    switch (reason) {
        case CloseReason::handshake_timeout:
            return RefuseReason::timeout;
        case CloseReason::peer_closed:
        case CloseReason::reset:
            return RefuseReason::peer_left;
        default:
            return RefuseReason::handshake;
    }
}

}  // namespace

const char* refuse_reason_name(RefuseReason reason) noexcept {
    constexpr const char* names[] = {"max", "handshake", "timeout", "peer_left", "accept_error"};
    const auto index = static_cast<std::size_t>(reason);
    return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

Status ShardCore::close(ConnectionId id, CloseReason reason) {
    Connection* const c = table_.find(id);
    if (c == nullptr || c->reported) return Status::not_found;
    begin_close(*c, reason);
    return Status::ok;
}

void ShardCore::close_all(CloseReason reason) {
    for (std::uint32_t slot = 0; slot < table_.slots(); ++slot) {
        Connection& c = table_.at(slot);
        if (c.id) begin_close(c, reason);
    }
}

// In order: what is queued is written, the peer is told why where the protocol has words for it.
void ShardCore::begin_close(Connection& c, CloseReason reason) {
    if (c.state == ConnectionState::opening) return drop(c, reason);
    if (!delivers(c)) return;
    if (c.ws != nullptr && c.state == ConnectionState::open) {
        append_websocket_control(c);
        append_websocket_close(c, close_reason_ws_code(reason));
    }
    c.state = ConnectionState::closing;
    c.reason = reason;
    c.closing_since = now_;
    c.blocked = false;
    release_pending(c);
    closed_.push_back(&c);
    arm_deadline(c);
    mark_dirty(c);
    mark_ready(c, ready_flags::readable);  // a blocked one was not being watched
}

// At once: the link is broken, or nothing good comes of waiting.
void ShardCore::drop(Connection& c, CloseReason reason) {
    if (c.state == ConnectionState::gone) return;
    if (c.state != ConnectionState::closing && c.state != ConnectionState::lingering) {
        c.reason = reason;
        closed_.push_back(&c);
    }
    c.state = ConnectionState::gone;
    gone_.push_back(&c);
}

// Everything was written: end our side, then wait a little for the peer's end. Closing with unread
// bytes would reset the connection and take the last words with it.
void ShardCore::finish_sending(Connection& c) {
    c.link->shutdown();
    if (c.peer_ended) return drop(c, c.reason);
    c.state = ConnectionState::lingering;
}

void ShardCore::peer_ended(Connection& c) {
    c.peer_ended = true;
    switch (c.state) {
        case ConnectionState::open:
        case ConnectionState::handshaking:
            return begin_close(c, CloseReason::peer_closed);
        case ConnectionState::lingering:
            return drop(c, c.reason);
        default:
            return;
    }
}

// Handlers may close others: those are reported too. Each connection comes once.
void ShardCore::report_closed() {
    for (std::size_t i = 0; i < closed_.size(); ++i) report(*closed_[i]);
    closed_.clear();
}

void ShardCore::report(Connection& c) {
    GANTRY_ASSERT(!c.reported);
    const bool outbound = c.endpoint->client;
    if (c.was_open || outbound) ++counters_.closed[static_cast<std::size_t>(c.reason)];
    if (c.was_open) --counters_.open;
    if (!c.was_open && !outbound) {
        ++counters_.refused[static_cast<std::size_t>(refuse_reason_of(c.reason))];
    }
    if (c.was_open || outbound) events_.on_close(c.id, c.reason);
    c.reported = true;
}

void ShardCore::release_gone() {
    std::erase_if(gone_, [this](Connection* c) {
        if (!c->reported) return false;  // in the next turn
        release(*c);
        return true;
    });
}

void ShardCore::release(Connection& c) noexcept {
    wheel_.cancel(c);
    edges_.remove(c.edge);
    if (c.link != nullptr) c.link->destroy();
    release_pending(c);
    c.out.clear(pool_);
    if (c.dirty) std::erase(dirty_, &c);
    if (c.ready != 0) std::erase(ready_, &c);
    table_.free(c);
    load.fetch_sub(1, std::memory_order_relaxed);
}

// The next moment at which something about this connection may be due.
void ShardCore::arm_deadline(Connection& c) {
    const Endpoint& endpoint = *c.endpoint;
    TimeNs due = DeadlineWheel::never;
    switch (c.state) {
        case ConnectionState::opening:
        case ConnectionState::handshaking:
            due = c.since + endpoint.handshake_ns;
            break;
        case ConnectionState::closing:
        case ConnectionState::lingering:
            due = c.closing_since + config.linger_ms * ns_per_ms;
            break;
        case ConnectionState::open:
            if (endpoint.idle_ns != 0) due = c.last_activity + endpoint.idle_ns;
            if (c.ws != nullptr && endpoint.ping_ns != 0) {
                due =
                    std::min(due, std::max(c.last_activity, c.ws->pinged_at()) + endpoint.ping_ns);
            }
            break;
        default:
            break;
    }
    if (due == DeadlineWheel::never) return wheel_.cancel(c);
    wheel_.set(c, due);
}

void ShardCore::run_deadlines() {
    while (DeadlineNode* const node = wheel_.take_due(now_)) {
        on_deadline(static_cast<Connection&>(*node));
    }
}

void ShardCore::on_deadline(Connection& c) {
    const Endpoint& endpoint = *c.endpoint;
    switch (c.state) {
        case ConnectionState::opening:
        case ConnectionState::handshaking:
            return drop(c, CloseReason::handshake_timeout);
        case ConnectionState::closing:
        case ConnectionState::lingering:
            return drop(c, c.reason);
        case ConnectionState::open:
            break;
        default:
            return;
    }
    // While we do not read, the peer's silence says nothing.
    if (c.blocked) c.last_activity = now_;
    const TimeNs silent_ns = now_ - c.last_activity;
    if (endpoint.idle_ns != 0 && silent_ns >= endpoint.idle_ns) {
        return begin_close(c, CloseReason::idle);
    }
    if (c.ws != nullptr && endpoint.ping_ns != 0 && silent_ns >= endpoint.ping_ns) {
        c.ws->request_ping(now_);
        mark_dirty(c);
    }
    arm_deadline(c);
}

}  // namespace gantry::net
