// GuardedTransports: the transports of one plugin on one shard, as the shard sees them.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "gantry/transport_handover.h"
#include "host/route/facet_instance.h"
#include "host/session/guarded_host.h"

namespace gantry::session {

/// Each of their calls is contained as any other of a plugin. When one faults its link is closed;
/// the other links, and what accepts new ones, stand still until another version takes them over:
/// they are handed over by the version that faulted, as far as that still can. [io]
class GuardedTransports final : public TransportHandover {
public:
    explicit GuardedTransports(route::FacetInstance& owner) noexcept;
    ~GuardedTransports();

    void add(TransportFactory& factory);
    const std::vector<TransportFactory*>& all() const noexcept { return all_; }
    /// Null when there is none of that scheme.
    TransportFactory* find(std::string_view scheme) const noexcept;
    /// Null when the plugin hands no links over.
    TransportHandover* handover() noexcept;

    Status release_link(Link* link, HandoverState* state) noexcept override;
    Status adopt_link(Str scheme, TransportHost* host, const HandoverState* state,
                      Link** link) noexcept override;
    Status release_listener(TransportListener* listener, HandoverState* state) noexcept override;
    Status adopt_listener(Str scheme, TransportHost* host, std::uint32_t listener_index,
                          const HandoverState* state,
                          TransportListener** listener) noexcept override;

private:
    class Factory;

    /// What the plugin is shown in place of the shard, of which there is one.
    GuardedHost& shown(TransportHost& shard);

    route::FacetInstance& owner_;
    std::unique_ptr<GuardedHost> host_;
    std::vector<std::unique_ptr<Factory>> factories_;
    std::vector<TransportFactory*> all_;
    TransportHandover* plugin_ = nullptr;  ///< that side of the handover
};

}  // namespace gantry::session
