// InstanceOptions: what the manifest says of an instance, and what holds its library.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "host/route/interface_uses.h"
#include "host/route/vitals.h"

namespace gantry::world {

/// What keeps a library in memory while an instance of it lives; host/plugin implements it.
using LibraryRef = std::shared_ptr<const void>;

struct InstanceOptions {
    std::string config = "{}";
    std::uint64_t state_bytes_max = 64 * 1024 * 1024;
    std::uint32_t tasks_max = 65'536;
    bool contain = false;  ///< a fault in its code is left and the instance parked
    /// It reaches components by calls where EcsData::layout_version says so (ABI 1.5).
    bool heeds_layout_version = true;
    std::shared_ptr<route::Vitals> vitals = std::make_shared<route::Vitals>();
    std::shared_ptr<route::InterfaceUses> interfaces = std::make_shared<route::InterfaceUses>();
};

}  // namespace gantry::world
