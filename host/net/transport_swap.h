// TransportSwap: which transport takes the place of which, and who takes the links over.
#pragma once
#include "gantry/transport_handover.h"

namespace gantry::net {

/// `to` has the scheme of `from`. With a giver and a taker the open links change hands; without
/// them the swap is refused while there are any, and listeners are bound anew.
struct TransportSwap {
    TransportFactory* from = nullptr;
    TransportFactory* to = nullptr;
    TransportHandover* giver = nullptr;  ///< speaks for `from`
    TransportHandover* taker = nullptr;  ///< speaks for `to`
    /// There is no way back, as in a rollback: what cannot change hands is closed (`internal`).
    bool must = false;

    bool hands_over() const noexcept { return giver != nullptr && taker != nullptr; }
    TransportSwap back() const noexcept { return {to, from, taker, giver, true}; }
};

}  // namespace gantry::net
