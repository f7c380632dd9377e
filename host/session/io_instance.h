// IoInstance: one plugin object on one shard: its layers and stateless routes.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "gantry/connection_components.h"
#include "gantry/ecs.h"
#include "gantry/io.h"
#include "gantry/listeners.h"
#include "gantry/transport_handover.h"
#include "gantry/transports.h"
#include "host/route/facet_instance.h"
#include "host/route/session_followers.h"
#include "host/session/guarded_transports.h"

namespace gantry::session {

class IoRoom;

class IoInstance final : public route::FacetInstance,
                         public Io,
                         public Transports,
                         public Listeners,
                         public SessionEvents,
                         public ConnectionComponents {
public:
    struct Route {
        std::uint16_t id;
        std::string name;
        IoRouteFunction function;
        void* context;
    };
    struct NamedLayer {
        std::string name;
        LayerDesc desc;
    };

    /// `replaces` are owners whose components it may describe otherwise.
    IoInstance(const route::FacetOrder& order, Plugin* plugin, route::Surroundings& surroundings,
               route::RoomServices& services, IoRoom& room,
               std::span<const std::uint32_t> replaces);
    ~IoInstance() override;  ///< its transports leave with their links

    const std::vector<Route>& routes() const noexcept { return routes_; }
    const std::vector<NamedLayer>& layers() const noexcept { return layers_; }
    GuardedTransports& transports() noexcept { return transports_; }
    const route::SessionFollowers::List& followers() const noexcept { return followers_; }
    std::string owns_text() const override;

    void* query(Str interface_id) noexcept override;

    Status add(TransportFactory* factory) noexcept override;
    Str option(std::uint32_t listener_index, Str name) noexcept override;
    Status subscribe(std::uint32_t kinds, SessionEventFunction told,
                     void* context) noexcept override;
    Status layer(const LayerDesc* desc) noexcept override;
    Status route(std::uint16_t message_id, Str name, IoRouteFunction handler,
                 void* context) noexcept override;
    Status send(SessionId to, std::uint16_t message_id, std::uint8_t channel,
                Bytes payload) noexcept override;
    Status reply(const IoMessage* request, Bytes payload) noexcept override;
    Status fail(const IoMessage* request, Status status, Str sentence) noexcept override;
    Status close(SessionId session) noexcept override;
    Status release(SessionId session, Verdict verdict) noexcept override;
    Status register_component(const ComponentDesc* desc, ComponentId* out) noexcept override;
    void* add_component(SessionId session, ComponentId component,
                        const void* value) noexcept override;
    void* get_component(SessionId session, ComponentId component) noexcept override;
    Status remove_component(SessionId session, ComponentId component) noexcept override;
    void* next_component(ComponentId component, SessionId* session) noexcept override;

private:
    std::size_t registered() const noexcept;

    IoRoom& room_;
    Ecs& components_;  ///< of the connections, as this one describes them
    std::vector<Route> routes_;
    std::vector<NamedLayer> layers_;
    GuardedTransports transports_{*this};
    route::SessionFollowers::List followers_;
};

/// A shard has no others.
inline IoInstance& as_io(route::FacetInstance& instance) noexcept {
    return static_cast<IoInstance&>(instance);
}

}  // namespace gantry::session
