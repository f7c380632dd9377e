#include "host/net/shard.h"

#include "host/net/shard_core.h"
#include "host/net/ws_session.h"

namespace gantry::net {

Shard::Shard(const ShardConfig& config, const core::Clock& clock, ShardEvents& events)
    : core_{std::make_unique<ShardCore>(config, clock, events)} {}
Shard::~Shard() = default;

TransportRegistry& Shard::transports() noexcept { return core_->transports; }
Result<BoundListener> Shard::listen(const ListenerConfig& config) { return core_->listen(config); }
void Shard::stop_listening() { core_->stop_listening(); }
void Shard::stop_listener(std::uint32_t index) { core_->stop_listener(index); }
void Shard::drop_transport(TransportFactory& factory, CloseReason reason) {
    core_->drop_transport(factory, reason);
}
Result<Done> Shard::swap_transport(const TransportSwap& swap) {
    return core_->swap_transport(swap);
}
std::size_t Shard::uses(const TransportFactory& factory) const noexcept {
    return core_->uses(factory);
}
Result<ConnectionId> Shard::connect(const ConnectConfig& config) { return core_->connect(config); }

bool Shard::poll(TimeNs now) { return core_->poll(now); }
void Shard::wait(TimeNs until) { core_->wait(until); }
void Shard::wake() noexcept { core_->reactor().wake(); }

Status Shard::adopt(int descriptor, std::uint32_t listener_index) noexcept {
    return core_->adopt(descriptor, listener_index);
}
void Shard::count_refused() noexcept {
    if (core_->adopts) core_->turned_away.fetch_add(1, std::memory_order_relaxed);
}
std::uint32_t Shard::load() const noexcept { return core_->load.load(std::memory_order_relaxed); }

Status Shard::send(ConnectionId id, const FrameHead& head, Bytes payload, bool text) {
    return core_->send(id, head, payload, text);
}
bool Shard::send_frames(ConnectionId id, std::span<const std::byte> frames, std::uint32_t count) {
    return core_->send_frames(id, frames, count);
}
Status Shard::send_shared(ConnectionId id, const SharedMessage& message) {
    return core_->send_shared(id, message);
}
void Shard::flush() { core_->flush(); }
Status Shard::close(ConnectionId id, CloseReason reason) { return core_->close(id, reason); }
void Shard::close_all(CloseReason reason) { core_->close_all(reason); }
Status Shard::resume(ConnectionId id) { return core_->resume(id); }

const ConnectionInfo* Shard::info(ConnectionId id) const { return core_->info(id); }
Result<ConnectionStats> Shard::stats(ConnectionId id) const { return core_->stats(id); }
ShardCounters Shard::counters() const { return core_->counters(); }
std::uint32_t Shard::index() const noexcept { return core_->config.index; }

}  // namespace gantry::net
