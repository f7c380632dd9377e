// ShardCore: how a transport leaves, and how its links pass to the code of its next version.
#include <algorithm>

#include "host/core/log.h"
#include "host/net/shard_core.h"
#include "host/net/ws_session.h"

namespace gantry::net {

void ShardCore::drop_transport(TransportFactory& factory, CloseReason reason) {
    for (const auto& endpoint : endpoints_) {
        if (endpoint->factory == &factory) stop_listener(endpoint->index);
    }
    for (std::uint32_t slot = 0; slot < table_.slots(); ++slot) {
        Connection& c = table_.at(slot);
        if (c.id && c.endpoint->factory == &factory) drop(c, reason);
    }
    transports.remove(factory);
}

std::vector<Connection*> ShardCore::links_of(const TransportFactory& factory) const {
    std::vector<Connection*> links;
    for (std::uint32_t slot = 0; slot < table_.slots(); ++slot) {
        Connection& c = table_.at(slot);
        if (c.id && c.link != nullptr && c.endpoint->factory == &factory) links.push_back(&c);
    }
    return links;
}

std::size_t ShardCore::uses(const TransportFactory& factory) const noexcept {
    const auto listens = [&](const auto& endpoint) {
        return endpoint->factory == &factory && endpoint->listener != nullptr;
    };
    return links_of(factory).size() +
           static_cast<std::size_t>(std::count_if(endpoints_.begin(), endpoints_.end(), listens));
}

Result<Done> ShardCore::swap_transport(const TransportSwap& swap) {
    const std::string scheme{swap.from->scheme()};
    const std::vector<Connection*> links = links_of(*swap.from);
    if (!links.empty() && !swap.hands_over() && !swap.must) {
        return Error{Status::refused, "transport \"" + scheme + "\" has " +
                                          std::to_string(links.size()) +
                                          " open connections on a shard, and not both versions "
                                          "hand links over (gantry/transport_handover.h)"};
    }
    if (!move_listeners(swap)) {
        return Error{Status::refused,
                     "the listeners of transport \"" + scheme + "\" did not change hands"};
    }
    if (!move_links(links, swap)) {
        (void)move_listeners(swap.back());
        return Error{Status::refused,
                     "the connections of transport \"" + scheme + "\" did not change hands"};
    }
    for (const auto& endpoint : endpoints_) {  // those that do not listen any more
        if (endpoint->factory == swap.from) endpoint->factory = swap.to;
    }
    for (Connection* const c : links) {
        if (c->own_endpoint != nullptr) c->own_endpoint->factory = swap.to;
    }
    transports.remove(*swap.from);
    return transports.add(*swap.to);
}

// All or nothing, unless the swap must be: then what cannot go is closed.
bool ShardCore::move_links(const std::vector<Connection*>& links, const TransportSwap& swap) {
    for (std::size_t i = 0; i < links.size(); ++i) {
        if (swap.hands_over() && move_link(*links[i], swap)) continue;
        if (swap.must) {
            drop(*links[i], CloseReason::internal);
            continue;
        }
        (void)move_links({links.begin(), links.begin() + static_cast<std::ptrdiff_t>(i)},
                         swap.back());
        return false;
    }
    return true;
}

// False when the new code did not take the link; it has its old code then, or is closed.
bool ShardCore::move_link(Connection& c, const TransportSwap& swap) {
    HandoverState state;
    if (swap.giver->release_link(c.link, &state) != Status::ok) return false;
    edges_.remove(c.edge);
    c.link = nullptr;
    const Str scheme = swap.from->scheme();
    const bool taken = swap.taker->adopt_link(scheme, this, &state, &c.link) == Status::ok;
    if (!taken && swap.giver->adopt_link(scheme, this, &state, &c.link) != Status::ok) {
        c.link = nullptr;
        drop(c, CloseReason::internal);
        return false;
    }
    c.link->attach(&c);
    const auto descriptor = static_cast<int>(c.link->descriptor());
    if (descriptor >= 0 && !edges_.add(c.edge, descriptor, c)) drop(c, CloseReason::internal);
    // What became ready in between was told to nobody.
    mark_ready(c, ready_flags::readable | ready_flags::writable);
    return taken;
}

bool ShardCore::move_listeners(const TransportSwap& swap) {
    std::vector<Endpoint*> moved;
    for (const auto& endpoint : endpoints_) {
        if (endpoint->factory != swap.from || endpoint->listener == nullptr) continue;
        if (move_listener(*endpoint, swap)) {
            moved.push_back(endpoint.get());
        } else if (!swap.must) {
            for (Endpoint* const one : moved) (void)move_listener(*one, swap.back());
            return false;
        }
    }
    return true;
}

bool ShardCore::move_listener(Endpoint& endpoint, const TransportSwap& swap) {
    endpoint.factory = swap.to;
    HandoverState state;
    if (swap.hands_over() &&
        swap.giver->release_listener(endpoint.listener, &state) == Status::ok) {
        const Str scheme = swap.from->scheme();
        endpoint.listener = nullptr;
        if (swap.taker->adopt_listener(scheme, this, endpoint.index, &state, &endpoint.listener) ==
            Status::ok) {
            return true;
        }
        if (swap.giver->adopt_listener(scheme, this, endpoint.index, &state, &endpoint.listener) ==
            Status::ok) {
            endpoint.factory = swap.from;
            return false;
        }
        endpoint.listener = nullptr;
    }
    stop_listener(endpoint.index);
    if (bind_anew(endpoint, *swap.to)) return true;
    if (!swap.must && bind_anew(endpoint, *swap.from)) endpoint.factory = swap.from;
    return false;
}

bool ShardCore::bind_anew(Endpoint& endpoint, TransportFactory& factory) {
    BindRequest request;
    request.address = Str{endpoint.address};
    request.port = endpoint.port;
    request.backlog = endpoint.backlog;
    request.listener_index = endpoint.index;
    // Shards of one process bind one port, each at its own time.
    request.share = PortShare::join;
    TransportError why;
    if (factory.bind(this, &request, &endpoint.listener, &why) == Status::ok) return true;
    endpoint.listener = nullptr;
    log::error("listener \"{}\" cannot be bound again: {}", endpoint.name, why.text);
    return false;
}

}  // namespace gantry::net
