#include "host/route/make_object.h"

#include <fmt/format.h>

#include "host/route/guarded_call.h"

namespace gantry::route {

Result<Plugin*> make_object(const core::Owner& owner, bool contained, CreateFunction create,
                            Surroundings& surroundings, const std::string& room) {
    Plugin* made = nullptr;
    const bool came_back = guarded_call(
        owner, contained, core::CallKind::start, [&] { made = create(); },
        [&](const platform::Fault& fault) {
            surroundings.faulted(owner, fault_report(fault, core::CallKind::start, "create", room));
        });
    if (!came_back) {
        return Error{Status::internal,
                     fmt::format("{} faulted while it made its object for {}; the "
                                 "incident has the stack",
                                 owner.label, room)};
    }
    if (made != nullptr) return made;
    return Error{Status::internal,
                 fmt::format("{} could not make its object for {}", owner.label, room)};
}

}  // namespace gantry::route
