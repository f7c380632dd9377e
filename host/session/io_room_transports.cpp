// IoRoom: the transports of its plugins, and how those of a next version take their place.
#include "host/net/transport_registry.h"
#include "host/net/transport_swap.h"
#include "host/session/io_instance.h"
#include "host/session/io_room.h"

namespace gantry::session {

bool IoRoom::brings(std::string_view plugin, std::string_view scheme) noexcept {
    route::FacetInstance* const serving = find(plugin);
    return serving != nullptr && as_io(*serving).transports().find(scheme) != nullptr;
}

Result<Done> IoRoom::publish_transports(IoInstance& in, IoInstance* out, bool must) {
    const auto before = [out](std::string_view scheme) {
        return out != nullptr ? out->transports().find(scheme) : nullptr;
    };
    if (out != nullptr && !must) {
        for (const TransportFactory* const old : out->transports().all()) {
            if (in.transports().find(old->scheme()) == nullptr && shard_.uses(*old) != 0) {
                return Error{Status::refused, "it lacks the transport \"" +
                                                  std::string{old->scheme().view()} +
                                                  "\", which listeners or connections use"};
            }
        }
    }
    const auto swap = [&](TransportFactory& fresh) {
        TransportFactory* const old = before(fresh.scheme());
        if (old == nullptr) return shard_.transports().add(fresh);
        return shard_.swap_transport(
            {old, &fresh, out->transports().handover(), in.transports().handover(), must});
    };
    const auto& all = in.transports().all();
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto done = swap(*all[i]);
        if (done || must) continue;
        for (std::size_t j = 0; j < i; ++j) {
            TransportFactory* const old = before(all[j]->scheme());
            if (old == nullptr) {
                shard_.transports().remove(*all[j]);
            } else {
                (void)shard_.swap_transport(
                    {all[j], old, in.transports().handover(), out->transports().handover(), true});
            }
        }
        return done;
    }
    if (out == nullptr) return Done{};
    for (TransportFactory* const old : out->transports().all()) {
        if (in.transports().find(old->scheme()) == nullptr) {
            shard_.drop_transport(*old, net::CloseReason::internal);
        }
    }
    return Done{};
}

}  // namespace gantry::session
