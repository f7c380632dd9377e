// gantry/listeners.h: "gantry.listeners/1", what the manifest says of a listener to the transport
// that binds it.
#pragma once
#include <cstdint>

#include "gantry/types.h"

namespace gantry {

/// Asked of the host by an io facet. All calls [io]
struct Listeners {
    static constexpr const char* interface_id = "gantry.listeners/1";

    /// The listener's option of that name, empty when it has none. `listener_index` is that of
    /// BindRequest. Holds until the next call.
    virtual Str option(std::uint32_t listener_index, Str name) noexcept = 0;

protected:
    ~Listeners() = default;
};

}  // namespace gantry
