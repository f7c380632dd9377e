// GuardedLink, GuardedListener: what a plugin's transport has made, as the shard sees it.
#pragma once
#include "gantry/transport.h"
#include "host/route/facet_instance.h"
#include "host/session/guarded_host.h"

namespace gantry::session {

/// A link that faults, or claims what cannot be, is broken, and closed by the shard. The others of
/// a plugin that is parked stand still: nothing is read or written until another version takes them
/// over. [io]
class GuardedLink final : public Link {
public:
    GuardedLink(route::FacetInstance& owner, Link& link) noexcept : owner_{owner}, link_{link} {}

    Link& link() noexcept { return link_; }
    bool broken() const noexcept { return broken_; }
    /// The shard will find out.
    void set_broken() const noexcept;

    LinkKind kind() const noexcept override;
    std::int64_t descriptor() const noexcept override;
    void attach(LinkEvents* events) noexcept override;
    LinkResult open() noexcept override;
    LinkIo read(std::byte* buffer, std::uint64_t capacity) noexcept override;
    LinkIo writev(const Bytes* parts, std::uint32_t parts_count,
                  std::uint32_t flags) noexcept override;
    void shutdown() noexcept override;
    NetAddress local() const noexcept override;
    NetAddress remote() const noexcept override;
    void destroy() noexcept override;

private:
    template <class Body>
    void call(std::string_view what, Body&& body) const noexcept;
    LinkIo checked(LinkIo io, std::uint64_t bytes_max, std::string_view what) noexcept;

    route::FacetInstance& owner_;
    Link& link_;
    LinkEvents* events_ = nullptr;
    mutable bool broken_ = false;  // a question may fault as well
};

/// The plugin may accept for that listener as long as this lives. [io]
class GuardedListener final : public TransportListener {
public:
    GuardedListener(route::FacetInstance& owner, GuardedHost& host, std::uint32_t index)
        : owner_{owner}, host_{host}, index_{index} {
        host.listens(index);
    }
    ~GuardedListener() { host_.listens_no_more(index_); }

    /// Null until the plugin has made it.
    TransportListener*& listener() noexcept { return listener_; }

    NetAddress local() const noexcept override;
    void destroy() noexcept override;

private:
    route::FacetInstance& owner_;
    GuardedHost& host_;
    std::uint32_t index_;
    TransportListener* listener_ = nullptr;
};

}  // namespace gantry::session
