// gantry/cpp/io_plugin.h: IoPlugin, the base class of middleware and stateless routes.
#pragma once
#include "gantry/cpp/base_plugin.h"
#include "gantry/cpp/codec.h"
#include "gantry/cpp/connections.h"
#include "gantry/cpp/handler_name.h"
#include "gantry/io.h"
#include "gantry/listeners.h"
#include "gantry/transport_handover.h"
#include "gantry/transports.h"

namespace gantry {

/// One instance per shard. Everything runs on that shard's thread; what one instance stores, the
/// others do not see.
class IoPlugin : public BasePlugin {
protected:
    /// One ring of the onion under a name that listeners list in "middleware". Either function may
    /// be omitted by passing nullptr: `Verdict f(IoMessage&)`.
    template <class In, class Out>
    void layer(Str name, In inbound, Out outbound) {
        struct Kept {
            IoPlugin* plugin;
            std::string name;
            In inbound;
            Out outbound;
        };
        auto* kept = closures_.keep(
            Kept{this, std::string{name.view()}, std::move(inbound), std::move(outbound)});
        LayerDesc desc;
        desc.name = name;
        desc.context = kept;
        if constexpr (!std::is_null_pointer_v<In>) {
            desc.inbound = [](void* context, IoMessage* message) noexcept {
                auto& self = *static_cast<Kept*>(context);
                return self.plugin->verdict(self.name, [&] { return self.inbound(*message); });
            };
        }
        if constexpr (!std::is_null_pointer_v<Out>) {
            desc.outbound = [](void* context, IoMessage* message) noexcept {
                auto& self = *static_cast<Kept*>(context);
                return self.plugin->verdict(self.name, [&] { return self.outbound(*message); });
            };
        }
        expect(io_->layer(&desc));
    }
    template <class In>
    void layer(Str name, In inbound) {
        layer(name, std::move(inbound), nullptr);
    }

    /// Answers a message id on the shard: `f(const IoMessage&)` returns Bytes to reply with, or
    /// void.
    template <class F>
    void route(std::uint16_t id, F f, Str name = {}) {
        struct Kept {
            IoPlugin* plugin;
            std::string name;
            F f;
        };
        auto* kept = closures_.keep(Kept{this, detail::handler_name(name, id), std::move(f)});
        expect(io_->route(
            id, std::string_view{kept->name},
            [](void* context, const IoMessage* message) noexcept {
                auto& self = *static_cast<Kept*>(context);
                Status status = Status::ok;
                const auto caught = self.plugin->run(std::string_view{self.name}, [&] {
                    using R = std::invoke_result_t<F&, const IoMessage&>;
                    if constexpr (std::is_void_v<R>) {
                        self.f(*message);
                    } else {
                        status = self.plugin->io().reply(message, self.f(*message));
                    }
                });
                return caught.status == Status::ok ? status : caught.status;
            },
            kept));
    }

    /// Brings a transport: listeners of the manifest can then name its scheme. It lives with you;
    /// with a `handover` (one for all your transports) its links outlive a swap.
    void transport(TransportFactory& factory, TransportHandover* handover = nullptr) {
        if (handover != nullptr) handover_ = handover;
        expect(transports_->add(&factory));
    }

    /// What the manifest says under "options" of a listener that your transport binds.
    Str listener_option(std::uint32_t listener_index, Str name) noexcept {
        return listeners_->option(listener_index, name);
    }

    Io& io() noexcept { return *io_; }
    /// What you keep for each connection: `rate_ = connections().use<Rate>()` in setup(), then
    /// `rate_.ensure(message.session)->count += 1`. Unlike members it outlives swaps.
    Connections connections() noexcept { return Connections{components_}; }

private:
    void* query(Str id) noexcept final {
        return id.view() == TransportHandover::interface_id ? handover_ : BasePlugin::query(id);
    }
    /// A layer that throws lets nothing pass: middleware fails closed.
    template <class Body>
    Verdict verdict(std::string_view name, Body&& body) noexcept {
        Verdict result = Verdict::drop;
        run(name, [&] { result = body(); });
        return result;
    }
    void bind(Host& host) final {
        io_ = static_cast<Io*>(host.query(Io::interface_id));
        transports_ = static_cast<Transports*>(host.query(Transports::interface_id));
        listeners_ = static_cast<Listeners*>(host.query(Listeners::interface_id));
        components_ =
            static_cast<ConnectionComponents*>(host.query(ConnectionComponents::interface_id));
        if (io_ == nullptr || transports_ == nullptr || listeners_ == nullptr) {
            throw HandlerError{Status::unsupported, "the host lacks an interface of an io facet"};
        }
    }

    Io* io_ = nullptr;
    Transports* transports_ = nullptr;
    Listeners* listeners_ = nullptr;
    ConnectionComponents* components_ = nullptr;  // null in a host that is older
    TransportHandover* handover_ = nullptr;
};

/// One instance in the process, on a service thread: what others ask by call().
class HostPlugin : public BasePlugin {
private:
    void bind(Host&) final {}
};

}  // namespace gantry
