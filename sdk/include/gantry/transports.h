// gantry/transports.h: "gantry.transports/1", how a plugin brings a transport of its own.
#pragma once
#include "gantry/transport.h"

namespace gantry {

/// How an io facet brings a transport: listeners of the manifest then name its scheme. [io]
struct Transports {
    static constexpr const char* interface_id = "gantry.transports/1";

    /// Only during start(). `already_exists` when another plugin has the scheme; one's own older
    /// version has it until the swap commits. The factory lives until stop().
    virtual Status add(TransportFactory* factory) noexcept = 0;

protected:
    ~Transports() = default;
};

}  // namespace gantry
