#include "host/net/acceptor.h"

#include <unistd.h>

#include <algorithm>

#include "host/net/address.h"
#include "host/net/reactor_host.h"
#include "host/net/shard.h"
#include "host/net/tcp_transport.h"
#include "host/net/transport_registry.h"

namespace gantry::net {

std::size_t Balancer::choose(const std::vector<std::uint32_t>& loads,
                             std::uint64_t remote_hash) noexcept {
    switch (balance_) {
        case Balance::hash:
            return static_cast<std::size_t>(remote_hash % loads.size());
        case Balance::least: {
            // Among equals it goes round, or an idle process would fill its first shard first.
            std::size_t best = next_ % loads.size();
            for (std::size_t i = 1; i < loads.size(); ++i) {
                const std::size_t at = (next_ + i) % loads.size();
                if (loads[at] < loads[best]) best = at;
            }
            next_ = best + 1;
            return best;
        }
        default:
            return next_++ % loads.size();
    }
}

class Acceptor::Impl final : public ReactorHost {
public:
    explicit Impl(const core::Clock& clock) : ReactorHost{clock} {}
    ~Impl() { stop_listening(); }

    Result<BoundListener> listen(const ListenerConfig& config, std::vector<AcceptTarget> targets) {
        if (parse_scheme(config.transport).base != "tcp" || targets.empty()) {
            return Error{Status::invalid, "listener \"" + config.name +
                                              "\": only connections over tcp can be handed to "
                                              "shards, and there must be shards"};
        }
        const auto index = static_cast<std::uint32_t>(listeners_.size());
        BindRequest request;
        request.address = Str{config.address};
        request.port = config.port;
        request.backlog = config.backlog;
        request.listener_index = index;
        TransportError why;
        TransportListener* listener = nullptr;
        const Status status = tcp_.bind(this, &request, &listener, &why);
        if (status != Status::ok) {
            return Error{status, "listener \"" + config.name + "\": " + why.text};
        }
        const std::uint16_t port = listener->local().port;
        listeners_.push_back({listener, Balancer{config.balance}, std::move(targets), {}});
        return BoundListener{index, port};
    }

    void stop_listening() {
        for (Entry& entry : listeners_) {
            if (entry.listener != nullptr) entry.listener->destroy();
            entry.listener = nullptr;
        }
    }

    Status accepted(std::uint32_t index, Link* link) noexcept override {
        ++counters.accepted;
        Entry& entry = listeners_[index];
        const NetAddress remote = link->remote();
        const int descriptor = TcpTransport::take_descriptor(link);
        const std::size_t first = entry.choose(remote);
        // A full shard must not turn away what another one can take.
        for (std::size_t i = 0; i < entry.targets.size(); ++i) {
            const AcceptTarget& to = entry.targets[(first + i) % entry.targets.size()];
            if (to.shard->adopt(descriptor, to.listener_index) == Status::ok) return Status::ok;
        }
        ::close(descriptor);
        ++counters.refused;
        entry.targets[first].shard->count_refused();  // where it is looked for
        return Status::limit;
    }

    void accept_failed(std::uint32_t, std::int32_t) noexcept override {
        ++counters.errors;
        ++counters.backoffs;
    }

    AcceptorCounters counters;

private:
    struct Entry {
        TransportListener* listener;
        Balancer balancer;
        std::vector<AcceptTarget> targets;

        std::size_t choose(const NetAddress& remote) {
            loads_.clear();
            for (const AcceptTarget& to : targets) loads_.push_back(to.shard->load());
            return balancer.choose(loads_, address_hash(remote));
        }
        std::vector<std::uint32_t> loads_;
    };

    TcpTransport tcp_;
    std::vector<Entry> listeners_;
};

Acceptor::Acceptor(const core::Clock& clock) : impl_{std::make_unique<Impl>(clock)} {}
Acceptor::~Acceptor() = default;

Result<BoundListener> Acceptor::listen(const ListenerConfig& config,
                                       std::vector<AcceptTarget> targets) {
    return impl_->listen(config, std::move(targets));
}

void Acceptor::stop_listening() { impl_->stop_listening(); }

bool Acceptor::poll(TimeNs now) {
    impl_->reactor().poll();
    impl_->run_due(now);
    return false;
}

void Acceptor::wait(TimeNs until) {
    impl_->reactor().wait(std::min(until, impl_->next_deadline()) - impl_->now());
}

void Acceptor::wake() noexcept { impl_->reactor().wake(); }

AcceptorCounters Acceptor::counters() const noexcept { return impl_->counters; }

}  // namespace gantry::net
