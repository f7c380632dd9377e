#include "host/route/guarded_call.h"

#include <fmt/format.h>

namespace gantry::route {

FaultReport fault_report(const platform::Fault& fault, core::CallKind kind, std::string_view what,
                         std::string room) {
    FaultReport report;
    report.kind = platform::fault_kind_name(fault.kind);
    report.call = fmt::format("{} {}", core::call_kind_name(kind), what);
    report.room = std::move(room);
    report.address = fault.address;
    report.frames.assign(fault.frames, fault.frames + fault.frame_count);
    return report;
}

}  // namespace gantry::route
