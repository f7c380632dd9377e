#include "host/app/canary_interfaces.h"

#include <fmt/format.h>

#include <charconv>

#include "host/app/canary_order.h"
#include "host/platform/forking_process.h"

namespace gantry::app {
namespace {

/// "chat.filter/2" after "chat.filter/1".
std::string next_name(const std::string& service) {
    const auto slash = service.rfind('/');
    int number = 1;
    if (slash != service.npos) {
        std::from_chars(service.data() + slash + 1, service.data() + service.size(), number);
    }
    return fmt::format("{}/{}", service.substr(0, slash), number + 1);
}

}  // namespace

Result<Done> check_interfaces(const plugin::InterfaceSide& candidate,
                              std::span<const plugin::Neighbour> neighbours) {
    for (const plugin::Neighbour& neighbour : neighbours) {
        for (const plugin::SharedInterface& shared :
             plugin::check_neighbours(candidate, neighbour.side)) {
            if (!shared.differences) {
                platform::report(fmt::format(
                    "{}the interface {} that it shares with {} could not be compared: {}",
                    canary_line::note, shared.title(), neighbour.side.label,
                    shared.differences.error().message));
            } else if (!shared.differences->empty()) {
                const plugin::InterfaceDifference& first = shared.differences->front();
                return Error{
                    Status::refused,
                    fmt::format("its interface {} is not that of {}: {} is {}, and {} there; swap "
                                "both at once: {}, or give what changed a new name, such as "
                                "\"{}\"",
                                shared.title(), neighbour.side.label, first.what, first.in_one,
                                first.in_other, neighbour.plan, next_name(shared.service))};
            }
        }
    }
    return Done{};
}

}  // namespace gantry::app
