#include "host/app/listener_plan.h"

namespace gantry::app {

session::ListenerPlan listener_plan(const manifest::Listener& listener) {
    session::ListenerPlan plan;
    net::ListenerConfig& config = plan.net;
    config.name = listener.name;
    config.transport = listener.transport;
    config.address = listener.address;
    config.port = listener.port;
    config.framing = *net::framing_from_name(manifest::name_of(listener.framing));
    config.balance = *net::balance_from_name(manifest::name_of(listener.balance));
    config.payload_bytes_max = listener.payload_bytes_max;
    config.backlog = static_cast<std::uint16_t>(std::min(listener.backlog, 65'535u));
    config.handshake_ms = listener.handshake_ms;
    config.idle_ms = listener.idle_ms;
    config.queue.low_bytes = listener.queue.low_bytes;
    config.queue.high_bytes = listener.queue.high_bytes;
    config.queue.max_bytes = listener.queue.max_bytes;
    config.websocket.path = listener.ws.path;
    config.websocket.origins = listener.ws.origins;
    config.websocket.permessage_deflate = listener.ws.permessage_deflate;
    config.websocket.ping_interval_ms = listener.ws.ping_ms;
    plan.middleware = listener.middleware;
    plan.options = listener.options;
    return plan;
}

}  // namespace gantry::app
