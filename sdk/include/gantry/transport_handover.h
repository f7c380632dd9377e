// gantry/transport_handover.h: "gantry.transport_handover/1", how live links pass to the code of a
// transport's next version.
//
// A link is an object of the library that made it, so a library cannot leave while its links are
// open. A plugin that answers this interface takes its code off the links and leaves what remains
// (a descriptor, plain memory) to the next version, within one turn of the shard: peers notice
// nothing. Without it, on either side, a swap is refused while connections are open over the
// transport, and its listeners are bound anew when there are none.
#pragma once
#include "gantry/transport.h"

namespace gantry {

/// A link or a listener without its code. Whoever holds this owns what it names.
struct HandoverState {
    std::uint32_t version = 0;  ///< of this description, chosen by the transport
    std::uint32_t reserved = 0;
    std::int64_t descriptor = -1;  ///< stays open; -1: none
    void* memory = nullptr;        ///< data of the heap that points to no code or constant
};

/// Asked of the plugin by Plugin::query, by the old version and the new one. A rollback asks the
/// other way round. Between release and adopt nothing is called. All calls [io]
struct TransportHandover {
    static constexpr const char* interface_id = "gantry.transport_handover/1";

    /// On ok the link object is freed without closing anything, its watches, deadlines and wakers
    /// are given back, and `*state` is set. On any other status it is as it was.
    virtual Status release_link(Link* link, HandoverState* state) noexcept = 0;
    /// On ok `*link` is set and the state used up; attach() and open() come as for a new link. On
    /// any other status (a version that is not known) the state is given back to who released it.
    virtual Status adopt_link(Str scheme, TransportHost* host, const HandoverState* state,
                              Link** link) noexcept = 0;

    /// The same for what accepts: no peer that is on its way in is turned away.
    virtual Status release_listener(TransportListener* listener, HandoverState* state) noexcept = 0;
    virtual Status adopt_listener(Str scheme, TransportHost* host, std::uint32_t listener_index,
                                  const HandoverState* state,
                                  TransportListener** listener) noexcept = 0;

protected:
    ~TransportHandover() = default;
};

}  // namespace gantry
