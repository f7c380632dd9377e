// gantry/transport.h: what a transport implements, so that it fits below frames and sessions.
//
// A transport is found by its scheme ("tcp", "loopback"). Its links are pipes that never block: of
// bytes, which the host cuts into frames, or of messages, which are frames already. Everything here
// is called on one I/O shard's thread [io] unless it says [any thread]; a factory serves many
// shards, so it keeps what belongs to a shard in its listeners and links.
#pragma once
#include "gantry/types.h"

namespace gantry {

inline constexpr const char* transport_interface_id = "gantry.transport/1";

/// What a link carries. A stream needs framing above it; a message is one frame.
enum class LinkKind : std::uint32_t { stream = 1, message = 2 };

/// An end of a link. A transport without addresses leaves `family` zero.
struct NetAddress {
    std::uint8_t family = 0;  ///< 0 none, 4, 6
    std::uint8_t reserved = 0;
    std::uint16_t port = 0;    ///< in the machine's own byte order
    std::uint8_t ip[16] = {};  ///< the first 4 bytes for family 4
    friend constexpr bool operator==(const NetAddress&, const NetAddress&) noexcept = default;
};

enum class LinkResult : std::uint32_t {
    ok = 0,
    would_block = 1,  ///< nothing done; readable() or writable() will be called
    end = 2,          ///< read only: the peer sent its last byte
    failed = 3,       ///< the link is broken; only close() and destroy() may follow
    too_large = 4,    ///< message links: `bytes` says how much room the next message needs
};

inline constexpr std::uint32_t link_text = 1;     ///< the message is text, not binary
inline constexpr std::uint32_t link_drained = 2;  ///< of a read: the next one would block

/// What one read or write did.
struct LinkIo {
    std::uint64_t bytes = 0;
    LinkResult result = LinkResult::would_block;
    std::uint32_t flags = 0;  ///< link_text for message links, link_drained
};

/// The host's side of a link. May be called from within a call of the host to the link: the host
/// only takes a note and comes back later.
struct LinkEvents {
    virtual void readable() noexcept = 0;
    virtual void writable() noexcept = 0;

protected:
    ~LinkEvents() = default;
};

/// One end of a connection, owned by the host from the moment it is handed over until destroy().
struct Link {
    virtual LinkKind kind() const noexcept = 0;

    /// A descriptor that the host watches for this link, by its edges: it reads until would_block
    /// or link_drained. -1 if the link calls LinkEvents itself.
    virtual std::int64_t descriptor() const noexcept = 0;

    /// The first call. `events` lives until destroy().
    virtual void attach(LinkEvents* events) noexcept = 0;

    /// ok once bytes can flow, would_block while connecting or shaking hands (asked again when the
    /// link is readable or writable), failed when it never will.
    virtual LinkResult open() noexcept = 0;

    /// At most `capacity` bytes of a stream; exactly one message of a message link.
    virtual LinkIo read(std::byte* buffer, std::uint64_t capacity) noexcept = 0;

    /// A stream takes any number of bytes from the front; a message link takes all the parts as one
    /// message or would_block. The parts are the caller's again on return.
    virtual LinkIo writev(const Bytes* parts, std::uint32_t parts_count,
                          std::uint32_t flags) noexcept = 0;

    /// Nothing more will be written: let the peer read what was, then see the end.
    virtual void shutdown() noexcept = 0;

    virtual NetAddress local() const noexcept = 0;
    virtual NetAddress remote() const noexcept = 0;

    /// Close at once and free this object, on the side that made it. Never called from within its
    /// calls.
    virtual void destroy() noexcept = 0;

protected:
    ~Link() = default;
};

inline constexpr std::uint32_t watch_read = 1;
inline constexpr std::uint32_t watch_write = 2;

/// Receives what TransportHost reports. Must outlive its watches, deadlines and wakers.
struct Watcher {
    virtual void on_ready(std::int64_t descriptor, std::uint32_t events) noexcept = 0;
    virtual void on_deadline(std::uint64_t token) noexcept = 0;
    virtual void on_wake() noexcept = 0;

protected:
    ~Watcher() = default;
};

/// What a shard offers to the transports on it. Handles are never zero and never reused.
struct TransportHost {
    virtual TimeNs now() const noexcept = 0;

    /// Reports once when `descriptor` is ready; rearm() asks for the next report. unwatch() before
    /// the descriptor is closed. Zero when the descriptor cannot be watched.
    virtual std::uint64_t watch(std::int64_t descriptor, std::uint32_t events,
                                Watcher* watcher) noexcept = 0;
    virtual void rearm(std::uint64_t watch, std::uint32_t events) noexcept = 0;
    virtual void unwatch(std::uint64_t watch) noexcept = 0;

    /// on_deadline(token) in the first turn at or after `at`; coarse: some milliseconds late is
    /// usual.
    virtual std::uint64_t set_deadline(TimeNs at, Watcher* watcher,
                                       std::uint64_t token) noexcept = 0;
    virtual void cancel_deadline(std::uint64_t deadline) noexcept = 0;

    /// wake(waker) [any thread] makes this shard call on_wake() soon; many wakes may become one
    /// call.
    virtual std::uint64_t add_waker(Watcher* watcher) noexcept = 0;
    virtual void wake(std::uint64_t waker) noexcept = 0;
    virtual void remove_waker(std::uint64_t waker) noexcept = 0;

    /// Hands over a new incoming link; it is the host's, and destroyed by it, whatever the answer.
    /// `limit`: no room for more connections.
    virtual Status accepted(std::uint32_t listener_index, Link* link) noexcept = 0;

    /// Only counts; `os_error` as in errno.
    virtual void accept_failed(std::uint32_t listener_index, std::int32_t os_error) noexcept = 0;

protected:
    ~TransportHost() = default;
};

/// A sentence for people, cut where it does not fit.
struct TransportError {
    char text[256] = {};
    void set(std::string_view sentence) noexcept {
        const std::size_t bytes =
            sentence.size() < sizeof text - 1 ? sentence.size() : sizeof text - 1;
        if (bytes != 0) std::memcpy(text, sentence.data(), bytes);
        text[bytes] = 0;
    }
};

/// Who else may listen on the port. `first` fails where anybody listens already; `join` shares the
/// port of a `first`.
enum class PortShare : std::uint32_t { alone, first, join };

struct BindRequest {
    Str address;  ///< "127.0.0.1", "::", or a name that means something to the transport
    std::uint16_t port = 0;
    std::uint16_t backlog = 0;
    std::uint32_t listener_index = 0;  ///< for TransportHost::accepted
    PortShare share = PortShare::alone;
};

struct ConnectRequest {
    Str address;
    std::uint16_t port = 0;
};

/// A place where links arrive.
struct TransportListener {
    virtual NetAddress local() const noexcept = 0;  ///< with the real port
    /// Stop accepting and free this object.
    virtual void destroy() noexcept = 0;

protected:
    ~TransportListener() = default;
};

/// Makes listeners and links of one scheme. Filed under the plugin that registered it, and gone
/// with it; its links and listeners are closed before, or handed over to the plugin's next version
/// (gantry/transport_handover.h).
struct TransportFactory {
    virtual Str scheme() const noexcept = 0;  ///< lower case letters, digits and '-'
    virtual LinkKind kind() const noexcept = 0;

    /// On ok `*listener` is set and owned by the host. [io] of the shard behind `host`
    virtual Status bind(TransportHost* host, const BindRequest* request,
                        TransportListener** listener, TransportError* why) noexcept = 0;

    /// On ok `*link` is set and owned by the host; it need not be open yet. [io]
    virtual Status connect(TransportHost* host, const ConnectRequest* request, Link** link,
                           TransportError* why) noexcept = 0;

protected:
    ~TransportFactory() = default;
};

}  // namespace gantry
