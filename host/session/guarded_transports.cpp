#include "host/session/guarded_transports.h"

#include <string>
#include <utility>

#include "host/session/guarded_link.h"
#include "host/session/transport_call.h"

namespace gantry::session {

class GuardedTransports::Factory final : public TransportFactory {
public:
    Factory(GuardedTransports& all, TransportFactory& plugin)
        : all_{all}, plugin_{plugin}, scheme_{plugin.scheme().view()}, kind_{plugin.kind()} {}

    Str scheme() const noexcept override { return std::string_view{scheme_}; }
    LinkKind kind() const noexcept override { return kind_; }

    Status bind(TransportHost* host, const BindRequest* request, TransportListener** listener,
                TransportError* why) noexcept override {
        GuardedHost& seen = all_.shown(*host);
        auto made = std::make_unique<GuardedListener>(all_.owner_, seen, request->listener_index);
        Status status = Status::internal;
        if (!call_transport(all_.owner_, "bind", [&] {
                status = plugin_.bind(&seen, request, &made->listener(), why);
            })) {
            why->set("its transport is parked after a fault");
        }
        if (status == Status::ok && made->listener() == nullptr) return made_nothing(*why);
        if (status == Status::ok) *listener = made.release();
        return status;
    }

    Status connect(TransportHost* host, const ConnectRequest* request, Link** link,
                   TransportError* why) noexcept override {
        Link* made = nullptr;
        Status status = Status::internal;
        if (!call_transport(all_.owner_, "connect", [&] {
                status = plugin_.connect(&all_.shown(*host), request, &made, why);
            })) {
            why->set("its transport is parked after a fault");
        }
        if (status == Status::ok && made == nullptr) return made_nothing(*why);
        if (status == Status::ok) *link = new GuardedLink{all_.owner_, *made};
        return status;
    }

private:
    static Status made_nothing(TransportError& why) noexcept {
        why.set("its transport says that it has made what it has not");
        return Status::internal;
    }

    GuardedTransports& all_;
    TransportFactory& plugin_;
    std::string scheme_;
    LinkKind kind_;
};

GuardedTransports::GuardedTransports(route::FacetInstance& owner) noexcept : owner_{owner} {}
GuardedTransports::~GuardedTransports() = default;

void GuardedTransports::add(TransportFactory& factory) {
    factories_.push_back(std::make_unique<Factory>(*this, factory));
    all_.push_back(factories_.back().get());
}

TransportFactory* GuardedTransports::find(std::string_view scheme) const noexcept {
    for (TransportFactory* const factory : all_) {
        if (factory->scheme().view() == scheme) return factory;
    }
    return nullptr;
}

TransportHandover* GuardedTransports::handover() noexcept {
    plugin_ = nullptr;
    call_leaving(owner_, "query", [&] {
        void* const found = owner_.plugin().query(TransportHandover::interface_id);
        plugin_ = static_cast<TransportHandover*>(found);
    });
    return plugin_ != nullptr ? this : nullptr;
}

GuardedHost& GuardedTransports::shown(TransportHost& shard) {
    if (host_ == nullptr) host_ = std::make_unique<GuardedHost>(owner_, shard);
    return *host_;
}

// What a fault has left in its midst goes to nobody: it may have lost a part of its bytes.
Status GuardedTransports::release_link(Link* link, HandoverState* state) noexcept {
    auto* const guarded = static_cast<GuardedLink*>(link);
    if (guarded->broken()) return Status::internal;
    Status status = Status::internal;
    if (!call_leaving(owner_, "release_link",
                      [&] { status = plugin_->release_link(&guarded->link(), state); })) {
        guarded->set_broken();
    }
    if (status == Status::ok) delete guarded;
    return status;
}

Status GuardedTransports::adopt_link(Str scheme, TransportHost* host, const HandoverState* state,
                                     Link** link) noexcept {
    Link* made = nullptr;
    Status status = Status::internal;
    call_leaving(owner_, "adopt_link",
                 [&] { status = plugin_->adopt_link(scheme, &shown(*host), state, &made); });
    if (status == Status::ok && made == nullptr) return Status::internal;
    if (status == Status::ok) *link = new GuardedLink{owner_, *made};
    return status;
}

Status GuardedTransports::release_listener(TransportListener* listener,
                                           HandoverState* state) noexcept {
    auto* const guarded = static_cast<GuardedListener*>(listener);
    Status status = Status::internal;
    call_leaving(owner_, "release_listener",
                 [&] { status = plugin_->release_listener(guarded->listener(), state); });
    if (status == Status::ok) delete guarded;
    return status;
}

Status GuardedTransports::adopt_listener(Str scheme, TransportHost* host,
                                         std::uint32_t listener_index, const HandoverState* state,
                                         TransportListener** listener) noexcept {
    GuardedHost& seen = shown(*host);
    auto made = std::make_unique<GuardedListener>(owner_, seen, listener_index);
    Status status = Status::internal;
    call_leaving(owner_, "adopt_listener", [&] {
        status = plugin_->adopt_listener(scheme, &seen, listener_index, state, &made->listener());
    });
    if (status == Status::ok && made->listener() == nullptr) return Status::internal;
    if (status == Status::ok) *listener = made.release();
    return status;
}

}  // namespace gantry::session
