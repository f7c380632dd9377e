// IoInstance: one plugin object on one shard: its layers and stateless routes.
#pragma once
#include <string>
#include <vector>

#include "gantry/io.h"
#include "host/route/facet_instance.h"

namespace gantry::session {

class IoRoom;

class IoInstance final : public route::FacetInstance, public Io {
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

    IoInstance(const route::FacetOrder& order, Plugin* plugin, route::Surroundings& surroundings,
               route::RoomServices& services, IoRoom& room)
        : FacetInstance{order, plugin, surroundings, services}, room_{room} {}

    const std::vector<Route>& routes() const noexcept { return routes_; }
    const std::vector<NamedLayer>& layers() const noexcept { return layers_; }

    void* query(Str interface_id) noexcept override;

    Status layer(const LayerDesc* desc) noexcept override;
    Status route(std::uint16_t message_id, Str name, IoRouteFunction handler,
                 void* context) noexcept override;
    Status send(SessionId to, std::uint16_t message_id, std::uint8_t channel,
                Bytes payload) noexcept override;
    Status reply(const IoMessage* request, Bytes payload) noexcept override;
    Status fail(const IoMessage* request, Status status, Str sentence) noexcept override;
    Status close(SessionId session) noexcept override;
    Status release(SessionId session, Verdict verdict) noexcept override;

private:
    IoRoom& room_;
    std::vector<Route> routes_;
    std::vector<NamedLayer> layers_;
};

}  // namespace gantry::session
