// ShardCore: turns, listeners, and how a connection comes to life.
#include "host/net/shard_core.h"

#include <unistd.h>

#include <algorithm>

#include "host/core/assert.h"
#include "host/net/ws_session.h"
#include "host/platform/free_memory.h"

namespace gantry::net {

Connection::Connection() noexcept = default;
Connection::~Connection() = default;
void Connection::readable() noexcept { core->mark_ready(*this, ready_flags::readable); }
void Connection::writable() noexcept { core->mark_ready(*this, ready_flags::writable); }

namespace {

constexpr std::uint64_t give_back_bytes_min = 1024 * 1024;
constexpr TimeNs give_back_after = ns_per_s;

Error listener_error(const ListenerConfig& config, Status status, const std::string& why) {
    return {status, "listener \"" + config.name + "\": " + why};
}

template <class Config>
Endpoint endpoint_of(const Config& config, TransportFactory& factory, bool client) {
    Endpoint endpoint;
    endpoint.factory = &factory;
    endpoint.protocol = config.transport;
    endpoint.framing = config.framing;
    endpoint.kind = factory.kind();
    endpoint.websocket = parse_scheme(config.transport).websocket;
    endpoint.client = client;
    endpoint.payload_bytes_max = config.payload_bytes_max;
    endpoint.handshake_ns = config.handshake_ms * ns_per_ms;
    endpoint.idle_ns = config.idle_ms * ns_per_ms;
    endpoint.ping_ns = config.websocket.ping_interval_ms * ns_per_ms;
    endpoint.queue = config.queue;
    endpoint.ws = config.websocket;
    return endpoint;
}

/// What is wrong with settings that both sides have, or empty.
template <class Config>
std::string objection(const Config& config, const TransportFactory* factory,
                      const TransportRegistry& transports) {
    const Scheme scheme = parse_scheme(config.transport);
    if (factory == nullptr) {
        return "unknown transport \"" + config.transport + "\"; known: " + transports.names() +
               ", and \"ws\" or \"ws+name\" for WebSocket over them";
    }
    if (scheme.websocket && factory->kind() != LinkKind::stream) {
        return "WebSocket needs a stream below it, and \"" + std::string{scheme.base} +
               "\" carries messages";
    }
    const std::uint32_t limit = framing_payload_bytes_limit(config.framing);
    if (config.payload_bytes_max > limit) {
        return "payload_bytes_max " + std::to_string(config.payload_bytes_max) +
               " is more than framing " + framing_name(config.framing) + " can carry (" +
               std::to_string(limit) + ")";
    }
    if (config.handshake_ms == 0) return "handshake_ms must be above 0";
    const QueueLimits& queue = config.queue;
    if (queue.low_bytes > queue.high_bytes || queue.high_bytes > queue.max_bytes) {
        return "the queue's limits must be in order: low " + std::to_string(queue.low_bytes) +
               ", high " + std::to_string(queue.high_bytes) + ", max " +
               std::to_string(queue.max_bytes);
    }
    const std::string& path = config.websocket.path;
    if (scheme.websocket && !path.empty() && path.front() != '/') {
        return "the websocket path \"" + path + "\" must begin with '/'";
    }
    return {};
}

}  // namespace

ShardCore::ShardCore(const ShardConfig& configuration, const core::Clock& clock,
                     ShardEvents& events)
    : ReactorHost{clock},
      config{configuration},
      events_{events},
      clock_{clock},
      edges_{reactor()},
      now_{clock.now()},
      pool_{configuration.pool_keep_bytes},
      table_{configuration.index, configuration.connections_max},
      wheel_{now_},
      receive_buffer_{new std::byte[2 * std::size_t{configuration.receive_buffer_bytes}]} {
    GANTRY_ASSERT(configuration.index <= 0xFF);
    GANTRY_ASSERT(configuration.receive_buffer_bytes >= 256);
    const auto added = transports.add(tcp_);
    GANTRY_ASSERT(added.has_value());
}

ShardCore::~ShardCore() {
    stop_listening();
    for (std::uint32_t slot = 0; slot < table_.slots(); ++slot) {
        if (table_.at(slot).id) release(table_.at(slot));
    }
    for (const Adopted& adopted : adopted_) ::close(adopted.descriptor);
}

Result<BoundListener> ShardCore::listen(const ListenerConfig& listener) {
    TransportFactory* const factory = transports.find(parse_scheme(listener.transport).base);
    if (const std::string why = objection(listener, factory, transports); !why.empty()) {
        return listener_error(listener, Status::invalid, why);
    }
    auto endpoint = std::make_unique<Endpoint>(endpoint_of(listener, *factory, false));
    endpoint->name = listener.name;
    endpoint->index = static_cast<std::uint32_t>(endpoints_.size());

    std::uint16_t port = listener.port;
    if (listener.balance == Balance::kernel) {
        BindRequest request;
        request.address = Str{listener.address};
        request.port = listener.port;
        request.backlog = listener.backlog;
        request.listener_index = endpoint->index;
        request.share = listener.join_port ? PortShare::join : PortShare::first;
        TransportError why;
        const Status status = factory->bind(this, &request, &endpoint->listener, &why);
        if (status != Status::ok) return listener_error(listener, status, why.text);
        port = endpoint->listener->local().port;
        endpoint->address = listener.address;
        endpoint->port = port;
        endpoint->backlog = listener.backlog;
    }
    endpoints_.push_back(std::move(endpoint));
    return BoundListener{endpoints_.back()->index, port};
}

void ShardCore::stop_listening() {
    adopts = false;
    for (const auto& endpoint : endpoints_) stop_listener(endpoint->index);
}

void ShardCore::stop_listener(std::uint32_t listener_index) {
    if (listener_index >= endpoints_.size()) return;
    TransportListener* const listener =
        std::exchange(endpoints_[listener_index]->listener, nullptr);
    if (listener != nullptr) listener->destroy();
}

Result<ConnectionId> ShardCore::connect(const ConnectConfig& target) {
    TransportFactory* const factory = transports.find(parse_scheme(target.transport).base);
    if (const std::string why = objection(target, factory, transports); !why.empty()) {
        return Error{Status::invalid, "connect: " + why};
    }
    ConnectRequest request;
    request.address = Str{target.address};
    request.port = target.port;
    TransportError why;
    Link* link = nullptr;
    const Status status = factory->connect(this, &request, &link, &why);
    if (status != Status::ok) return Error{status, why.text};

    auto endpoint = std::make_unique<Endpoint>(endpoint_of(target, *factory, true));
    endpoint->index = no_listener;
    Connection* const c = start_connection(*endpoint, link);
    if (c == nullptr) return Error{Status::limit, "connect: the shard has no room for it"};
    c->own_endpoint = std::move(endpoint);
    return c->id;
}

// The link is destroyed here when there is no room.
Connection* ShardCore::start_connection(const Endpoint& endpoint, Link* link) {
    Connection* const c = table_.allocate(*this);
    if (c == nullptr) {
        link->destroy();
        return nullptr;
    }
    load.fetch_add(1, std::memory_order_relaxed);
    c->endpoint = &endpoint;
    c->link = link;
    c->state = ConnectionState::opening;
    c->since = c->last_activity = clock_.now();
    link->attach(c);
    if (link->descriptor() >= 0) {
        if (!edges_.add(c->edge, static_cast<int>(link->descriptor()), *c)) {
            release(*c);
            return nullptr;
        }
    }
    arm_deadline(*c);
    mark_ready(*c, ready_flags::writable);
    return c;
}

Status ShardCore::accepted(std::uint32_t listener_index, Link* link) noexcept {
    GANTRY_ASSERT(listener_index < endpoints_.size());
    if (start_connection(*endpoints_[listener_index], link) == nullptr) {
        ++counters_.refused[static_cast<std::size_t>(RefuseReason::max)];
        return Status::limit;
    }
    ++counters_.accepted;
    return Status::ok;
}

void ShardCore::accept_failed(std::uint32_t, std::int32_t) noexcept {
    ++counters_.refused[static_cast<std::size_t>(RefuseReason::accept_error)];
    ++counters_.accept_backoffs;
}

Status ShardCore::adopt(int descriptor, std::uint32_t listener_index) noexcept {
    if (!adopts) return Status::refused;
    {
        const std::lock_guard lock{adopted_mutex_};
        if (adopted_.size() >= config.adopt_queue_max) return Status::limit;
        if (load.load(std::memory_order_relaxed) >= config.connections_max) return Status::limit;
        adopted_.push_back({descriptor, listener_index});
        load.fetch_add(1, std::memory_order_relaxed);
    }
    any_adopted_.store(true, std::memory_order_release);
    reactor().wake();
    return Status::ok;
}

void ShardCore::take_adopted() {
    if (!any_adopted_.load(std::memory_order_relaxed) || !any_adopted_.exchange(false)) return;
    std::vector<Adopted> adopted;
    {
        const std::lock_guard lock{adopted_mutex_};
        adopted.swap(adopted_);
    }
    for (const Adopted& each : adopted) {
        load.fetch_sub(1, std::memory_order_relaxed);  // it counts as a connection from here on
        if (!adopts || each.listener_index >= endpoints_.size()) {
            ::close(each.descriptor);
            continue;
        }
        if (Link* const link = TcpTransport::adopt(each.descriptor)) {
            accepted(each.listener_index, link);
        }
    }
}

bool ShardCore::poll(TimeNs now) {
    now_ = now;
    take_adopted();
    reactor().poll();
    edges_.poll();
    run_due(now);
    serve_ready();
    run_deadlines();
    events_.on_batch_end();
    flush_dirty();
    report_closed();
    flush_dirty();  // what on_close handlers sent
    release_gone();
    give_back_memory();
    return !ready_.empty() || !dirty_.empty() || !closed_.empty();
}

void ShardCore::wait(TimeNs until) {
    if (!ready_.empty() || !dirty_.empty() || !closed_.empty()) return;
    TimeNs due = std::min({until, wheel_.next_due(), next_deadline()});
    if (memory_waits()) due = std::min(due, released_at_ + give_back_after);
    reactor().wait(due - clock_.now());
}

// What a burst needed and the pool did not keep stays with the allocator unless it is asked. Asking
// takes time, so it is done when the burst is over.
bool ShardCore::memory_waits() const noexcept {
    return released_bytes_ - given_back_bytes_ >= give_back_bytes_min;
}

void ShardCore::give_back_memory() {
    if (released_bytes_ != pool_.released_bytes()) {
        released_bytes_ = pool_.released_bytes();
        released_at_ = now_;
    }
    if (!memory_waits() || now_ < released_at_ + give_back_after) return;
    platform::give_back_free_memory();
    given_back_bytes_ = released_bytes_;
}

// What becomes ready while this runs has its turn in the next poll.
void ShardCore::serve_ready() {
    serving_.swap(ready_);
    for (Connection* const c : serving_) {
        const std::uint8_t flags = std::exchange(c->ready, std::uint8_t{0});
        if (flags != 0 && c->link != nullptr) serve(*c, flags);
    }
    serving_.clear();
}

void ShardCore::serve(Connection& c, std::uint8_t flags) {
    if (c.state == ConnectionState::opening) {
        switch (c.link->open()) {
            case LinkResult::ok:
                link_opened(c);
                break;
            case LinkResult::would_block:
                if (c.edge.sink != nullptr) edges_.arm_write(c.edge);
                return;
            default:
                return drop(c, CloseReason::connect_failed);
        }
    } else if ((flags & ready_flags::writable) != 0) {
        c.write_waits = false;
        mark_dirty(c);
    }
    // The first turn reads at once: the peer's first bytes are often there already.
    read_turn(c, (flags & ready_flags::replay) != 0);
}

void ShardCore::link_opened(Connection& c) {
    c.local = c.link->local();
    c.remote = c.link->remote();
    c.last_activity = now_;
    c.plain = c.endpoint->framing == Framing::gantry && c.endpoint->kind == LinkKind::stream &&
              !c.endpoint->websocket;
    if (c.endpoint->websocket) return start_websocket(c);
    opened(c, {});
}

void ShardCore::opened(Connection& c, std::string_view target) {
    c.state = ConnectionState::open;
    c.was_open = true;
    c.since = now_;
    ++counters_.open;
    if (c.endpoint->client) ++counters_.connected;
    arm_deadline(c);
    fill_info(c, target);
    events_.on_open(c.id, info_);
}

void ShardCore::fill_info(const Connection& c, std::string_view target) {
    info_ = {c.endpoint->protocol, c.local, c.remote, c.endpoint->index, c.since, target};
}

const ConnectionInfo* ShardCore::info(ConnectionId id) {
    const Connection* const c = table_.find(id);
    if (c == nullptr || !c->was_open || c->reported) return nullptr;
    fill_info(*c, {});
    return &info_;
}

Result<ConnectionStats> ShardCore::stats(ConnectionId id) const {
    const Connection* const c = table_.find(id);
    if (c == nullptr || c->reported) {
        return Error{Status::not_found, "no such connection (any more)"};
    }
    return ConnectionStats{c->messages_in, c->messages_out,  c->bytes_in,
                           c->bytes_out,   c->last_activity, c->out.bytes()};
}

ShardCounters ShardCore::counters() const {
    ShardCounters counters = counters_;
    counters.pool_allocations = pool_.allocations();
    counters.pool_bytes = pool_.bytes();
    counters.pool_used_bytes = pool_.used_bytes();
    counters.refused[static_cast<std::size_t>(RefuseReason::max)] +=
        turned_away.load(std::memory_order_relaxed);
    return counters;
}

}  // namespace gantry::net
