// ServiceRoom: the room of service facets: one object per library, asked by calls from other rooms.
#pragma once
#include "host/platform/waker.h"
#include "host/route/facet_room.h"

namespace gantry::route {

/// One thread at a time polls it. [service] unless said otherwise
class ServiceRoom final : public FacetRoom {
public:
    explicit ServiceRoom(Surroundings& surroundings);
    ~ServiceRoom() override;

    bool poll(TimeNs now);
    void wait(TimeNs now, TimeNs duration_max);
    void wake() noexcept override { waker_.wake(); }

private:
    std::unique_ptr<FacetInstance> make(const FacetOrder& order, Plugin* plugin,
                                        std::span<const std::uint32_t> replaces) override;
    Result<std::unique_ptr<RoomChange>> prepare(std::span<const FacetExchange> changes) override;

    platform::Waker waker_;
};

}  // namespace gantry::route
