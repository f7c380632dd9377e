// compare_interfaces: what plugins that were built against the old version find in the new one.
#include <fmt/format.h>

#include <algorithm>

#include "host/app/abi_compare.h"

namespace gantry::app {

void compare_interfaces(const plugin::InterfaceSide& before, const plugin::InterfaceSide& after,
                        AbiReport& report) {
    for (const route::InterfaceUse& was : before.uses) {
        const bool stays =
            std::any_of(after.uses.begin(), after.uses.end(), [&](const route::InterfaceUse& is) {
                return is.service == was.service && is.provides == was.provides;
            });
        if (stays || !was.provides) continue;
        report.add(AbiVerdict::breaks_plugins,
                   fmt::format("interface {} ({}): is not offered any more; who asks for it has to "
                               "come in the same swap",
                               was.type, was.service));
    }
    for (const plugin::SharedInterface& shared : plugin::check_versions(before, after)) {
        if (!shared.differences) {
            report.add(AbiVerdict::cannot_tell,
                       fmt::format("interface {}: cannot be compared: {}", shared.title(),
                                   shared.differences.error().message));
            continue;
        }
        for (const plugin::InterfaceDifference& one : *shared.differences) {
            report.advice =
                "give a changed interface a new name, and swap the plugins on both sides of it at "
                "once: gantry swap ONE TWO";
            report.add(AbiVerdict::breaks_plugins,
                       fmt::format("interface {}: {} was {} and is {}", shared.title(), one.what,
                                   one.in_one, one.in_other));
        }
    }
}

}  // namespace gantry::app
