#include "host/route/guarded_call.h"

#include <fmt/format.h>

namespace gantry::route {
namespace {

FaultReport report_of(const platform::Fault& fault) {
    FaultReport report;
    report.kind = platform::fault_kind_name(fault.kind);
    report.address = fault.address;
    report.frames.assign(fault.frames, fault.frames + fault.frame_count);
    return report;
}

}  // namespace

FaultReport fault_report(const platform::Fault& fault, core::CallKind kind, std::string_view what,
                         std::string room) {
    FaultReport report = report_of(fault);
    report.call = fmt::format("{} {}", core::call_kind_name(kind), what);
    report.room = std::move(room);
    return report;
}

FaultReport own_thread_report(const platform::Fault& fault, std::string inside) {
    FaultReport report = report_of(fault);
    report.call = "a thread of its own";
    report.inside = std::move(inside);
    return report;
}

}  // namespace gantry::route
