#include "host/route/service_room.h"

#include <algorithm>

namespace gantry::route {
namespace {

/// Services change hands in every room; nothing else does here.
class NothingMore final : public RoomChange {
    Result<Done> publish(bool) override { return Done{}; }
};

}  // namespace

ServiceRoom::ServiceRoom(Surroundings& surroundings) : FacetRoom{surroundings, "as a service"} {}

ServiceRoom::~ServiceRoom() {
    inbox_.close();
    drop_instances();
}

bool ServiceRoom::poll(TimeNs now) {
    const bool any = inbox_.run();
    services_.poll(now);
    return any;
}

void ServiceRoom::wait(TimeNs now, TimeNs duration_max) {
    const TimeNs due = services_.next_due();
    waker_.sleep(due <= now ? 0 : std::min(duration_max, due - now));
}

std::unique_ptr<FacetInstance> ServiceRoom::make(const FacetOrder& order, Plugin* plugin,
                                                 std::span<const std::uint32_t>) {
    return std::make_unique<FacetInstance>(order, plugin, surroundings_, services_);
}

Result<std::unique_ptr<RoomChange>> ServiceRoom::prepare(std::span<const FacetExchange>) {
    return std::unique_ptr<RoomChange>{std::make_unique<NothingMore>()};
}

}  // namespace gantry::route
