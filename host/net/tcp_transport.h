// The transport "tcp": listeners with a reserve descriptor and back-off, and links over sockets.
#pragma once
#include "gantry/transport.h"

namespace gantry::net {

/// Without state of its own: one object serves any number of shards.
class TcpTransport final : public TransportFactory {
public:
    Str scheme() const noexcept override { return "tcp"; }
    LinkKind kind() const noexcept override { return LinkKind::stream; }
    Status bind(TransportHost* host, const BindRequest* request, TransportListener** listener,
                TransportError* why) noexcept override;
    Status connect(TransportHost* host, const ConnectRequest* request, Link** link,
                   TransportError* why) noexcept override;

    /// A link over a connected socket, which it owns from now on. Null when out of memory.
    static Link* adopt(int descriptor) noexcept;
    /// The socket of a link that this transport made; the caller owns it and the link is gone.
    static int take_descriptor(Link* link) noexcept;
};

}  // namespace gantry::net
