#include "host/session/io_instance.h"

#include <fmt/format.h>

#include <cstring>

#include "host/core/log.h"
#include "host/ecs/schema.h"
#include "host/net/transport_registry.h"
#include "host/platform/given.h"
#include "host/route/named_sentence.h"
#include "host/session/io_room.h"

namespace gantry::session {

IoInstance::IoInstance(const route::FacetOrder& order, Plugin* plugin,
                       route::Surroundings& surroundings, route::RoomServices& services,
                       IoRoom& room, std::span<const std::uint32_t> replaces)
    : FacetInstance{order, plugin, surroundings, services},
      room_{room},
      components_{room.columns().open(order.owner.id, order.owner.label, replaces)} {}

void* IoInstance::query(Str interface_id) noexcept {
    platform::look_at(interface_id);
    if (interface_id.view() == Io::interface_id) return static_cast<Io*>(this);
    if (interface_id.view() == Transports::interface_id) return static_cast<Transports*>(this);
    if (interface_id.view() == Listeners::interface_id) return static_cast<Listeners*>(this);
    if (interface_id.view() == SessionEvents::interface_id) {
        return static_cast<SessionEvents*>(this);
    }
    if (interface_id.view() == ConnectionComponents::interface_id) {
        return static_cast<ConnectionComponents*>(this);
    }
    return FacetInstance::query(interface_id);
}

IoInstance::~IoInstance() {
    for (TransportFactory* const factory : transports_.all()) {
        room_.shard().drop_transport(*factory, net::CloseReason::requested);
    }
    // Its last links are let go in a turn of the shard; after that nothing of the plugin is called.
    if (!transports_.all().empty()) room_.shard().poll(now());
    end();
    room_.columns().release(owner().id);
}

std::size_t IoInstance::registered() const noexcept {
    return routes_.size() + layers_.size() + followers_.size() +
           room_.columns().world().owned(owner().id);
}

std::string IoInstance::owns_text() const {
    return fmt::format(": {} layers, {} routes, {} followers, {} transports, {} services",
                       layers_.size(), routes_.size(), followers_.size(), transports_.all().size(),
                       provided().size() + served().size());
}

// Filed only; the scheme is the plugin's once the room publishes this instance.
Status IoInstance::add(TransportFactory* factory) noexcept {
    if (!at_home("add")) return Status::refused;
    if (started() || factory == nullptr) return Status::invalid;
    platform::look_at_one(factory);
    const std::string_view scheme = factory->scheme().view();
    if (transports_.find(scheme) != nullptr) return Status::already_exists;
    const auto free = room_.shard().transports().check(*factory);
    if (!free && !room_.brings(owner().plugin, scheme)) return free.error().status;
    transports_.add(*factory);
    return Status::ok;
}

Str IoInstance::option(std::uint32_t listener_index, Str name) noexcept {
    platform::look_at(name);
    if (listener_index >= room_.listeners().size()) return {};
    const auto& options = room_.listeners()[listener_index].options;
    const auto found = options.find(std::string{name.view()});
    return found != options.end() ? Str{found->second} : Str{};
}

Status IoInstance::subscribe(std::uint32_t kinds, SessionEventFunction told,
                             void* context) noexcept {
    if (!at_home("subscribe")) return Status::refused;
    if (started() || told == nullptr) return Status::invalid;
    if (full(registered())) return Status::limit;
    followers_.push_back({kinds, told, context, &owner()});
    return Status::ok;
}

Status IoInstance::layer(const LayerDesc* desc) noexcept {
    if (!at_home("layer")) return Status::refused;
    platform::look_at_one(desc);
    platform::look_at(desc->name);
    if (started() || desc->name.size == 0) return Status::invalid;
    if (full(registered())) return Status::limit;
    for (const NamedLayer& known : layers_) {
        if (known.name == desc->name.view()) return Status::already_exists;
    }
    layers_.push_back({std::string{desc->name.view()}, *desc});
    return Status::ok;
}

Status IoInstance::route(std::uint16_t message_id, Str name, IoRouteFunction handler,
                         void* context) noexcept {
    if (!at_home("route")) return Status::refused;
    platform::look_at(name);
    if (started() || handler == nullptr || message_id >= net::host_message_id_first) {
        return Status::invalid;
    }
    if (full(registered())) return Status::limit;
    routes_.push_back({message_id, std::string{name.view()}, handler, context});
    return Status::ok;
}

Status IoInstance::send(SessionId to, std::uint16_t message_id, std::uint8_t channel,
                        Bytes payload) noexcept {
    if (!at_home("send")) return Status::refused;
    platform::look_at(payload);
    return room_.send(to, net::FrameHead{0, message_id, 0, channel, 0}, payload, false);
}

Status IoInstance::reply(const IoMessage* request, Bytes payload) noexcept {
    if (!at_home("reply")) return Status::refused;
    platform::look_at_one(request);
    platform::look_at(payload);
    const bool asked = (request->flags & message_flags::request) != 0;
    if (!asked && request->id != 0) return Status::invalid;
    return room_.send(
        request->session,
        net::FrameHead{0, request->id, asked ? message_flags::response : std::uint8_t{0},
                       request->channel, request->correlation},
        payload, request->text != 0);
}

Status IoInstance::fail(const IoMessage* request, Status status, Str sentence) noexcept {
    if (!at_home("fail")) return Status::refused;
    platform::look_at_one(request);
    platform::look_at(sentence);
    vitals().add(vitals().errors, 1);
    return room_.answer_failure(*request, status,
                                route::named_sentence(owner().label, status, sentence.view()));
}

Status IoInstance::close(SessionId session) noexcept {
    if (!at_home("close")) return Status::refused;
    return room_.close(session, net::CloseReason::requested);
}

Status IoInstance::release(SessionId session, Verdict verdict) noexcept {
    if (!at_home("release")) return Status::refused;
    return room_.release(session, verdict);
}

Status IoInstance::register_component(const ComponentDesc* desc, ComponentId* out) noexcept {
    if (!at_home("register_component")) return Status::refused;
    if (desc == nullptr || out == nullptr) return Status::invalid;
    platform::look_at_one(desc);
    if (full(registered())) return Status::limit;
    if (desc->size > ConnectionColumns::component_bytes_max) {
        log::warn("{}: component {} takes {} bytes for each connection, of {} at most",
                  owner().label, desc->name.view(), desc->size,
                  ConnectionColumns::component_bytes_max);
        return Status::limit;
    }
    return components_.register_component(desc, out);
}

void* IoInstance::add_component(SessionId session, ComponentId component,
                                const void* value) noexcept {
    if (!at_home("add_component")) return nullptr;
    const ecs::Schema* const schema = room_.columns().world().schema(component);
    if (value != nullptr && schema != nullptr) platform::look_at(value, schema->size);
    return room_.columns().add(session, component, value);
}

void* IoInstance::get_component(SessionId session, ComponentId component) noexcept {
    if (!at_home("get_component")) return nullptr;
    return room_.columns().get(session, component);
}

Status IoInstance::remove_component(SessionId session, ComponentId component) noexcept {
    if (!at_home("remove_component")) return Status::refused;
    return room_.columns().remove(session, component) ? Status::ok : Status::not_found;
}

void* IoInstance::next_component(ComponentId component, SessionId* session) noexcept {
    if (!at_home("next_component") || session == nullptr) return nullptr;
    platform::look_into_one(session);
    return room_.columns().next(component, *session);
}

}  // namespace gantry::session
