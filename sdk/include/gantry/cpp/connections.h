// gantry/cpp/connections.h: components on connections, typed: what an IoPlugin keeps for each.
#pragma once
#include <string>

#include "gantry/connection_components.h"
#include "gantry/cpp/guard.h"
#include "gantry/ecs/component.h"

namespace gantry {

/// One component type on the connections of this shard; made by Connections::use<T>(), cheap to
/// copy, and good for as long as the plugin's object. Connections go by their sessions; one that is
/// gone has nothing. See gantry/connection_components.h for how long pointers hold. [io]
template <class T>
class ConnectionComponent {
public:
    ConnectionComponent() = default;  ///< of no connection, until one of use<T>() is assigned

    /// Null when the connection has none.
    T* get(SessionId session) const noexcept {
        return host_ != nullptr ? typed(host_->get_component(session, id_)) : nullptr;
    }
    /// As it is, or new with its defaults. Null when the connection is gone.
    T* ensure(SessionId session) const noexcept {
        return host_ != nullptr ? typed(host_->add_component(session, id_, nullptr)) : nullptr;
    }
    /// New, or in the place of what is there. Null when the connection is gone.
    T* add(SessionId session, const T& value) const noexcept {
        return host_ != nullptr ? typed(host_->add_component(session, id_, &value)) : nullptr;
    }
    /// False when there was none.
    bool remove(SessionId session) const noexcept {
        return host_ != nullptr && host_->remove_component(session, id_) == Status::ok;
    }
    /// Calls `f(SessionId, T&)` for every connection that has one. `f` may add and remove, and
    /// close connections; after that its reference is not to be used any more.
    template <class F>
    void each(F&& f) const {
        SessionId session;
        while (host_ != nullptr) {
            T* const place = typed(host_->next_component(id_, &session));
            if (place == nullptr) return;
            f(session, *place);
        }
    }

private:
    friend class Connections;
    ConnectionComponent(ConnectionComponents* host, ComponentId id) noexcept
        : host_{host}, id_{id} {}
    static T* typed(void* place) noexcept { return static_cast<T*>(place); }

    ConnectionComponents* host_ = nullptr;
    ComponentId id_ = no_component;
};

/// What IoPlugin::connections() answers.
class Connections {
public:
    explicit Connections(ConnectionComponents* host) noexcept : host_{host} {}

    /// Describes T to the host. Call it in setup(): only a layout that is described there is
    /// migrated at a swap, another one later is refused. Throws what refuses the load when the host
    /// does not take it, or is too old.
    template <class T>
    ConnectionComponent<T> use() {
        if (host_ == nullptr) {
            throw HandlerError{Status::unsupported,
                               "this host keeps no components on connections: it is older than "
                               "ABI 1.4"};
        }
        ComponentId id = no_component;
        const Status status = ComponentTraits<T>::with_desc(
            [&](const ComponentDesc& desc) { return host_->register_component(&desc, &id); });
        if (status == Status::ok) return {host_, id};
        const std::string name{ComponentTraits<T>::info.name};
        throw HandlerError{
            status, ("component " + name + " on connections was refused, see the log").c_str()};
    }

private:
    ConnectionComponents* host_;
};

}  // namespace gantry
