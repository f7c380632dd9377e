// TransportRegistry: the transports of a shard by scheme.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "gantry/transport.h"
#include "host/core/result.h"

namespace gantry::net {

/// Owns nothing: a factory outlives the registry or is removed first. [io]
class TransportRegistry {
public:
    /// already_exists when the scheme is taken; invalid when it is malformed or starts with "ws".
    Result<Done> add(TransportFactory& factory);
    /// What add() would say.
    Result<Done> check(const TransportFactory& factory) const;
    /// Its listeners and links must be gone already.
    void remove(TransportFactory& factory) noexcept;
    TransportFactory* find(std::string_view scheme) const noexcept;
    /// "memory, tcp": for error messages.
    std::string names() const;

private:
    std::vector<TransportFactory*> factories_;
};

/// A listener's scheme: "ws" is WebSocket over "tcp", "ws+memory" is WebSocket over "memory".
struct Scheme {
    std::string_view base;
    bool websocket = false;
};
Scheme parse_scheme(std::string_view transport) noexcept;

}  // namespace gantry::net
