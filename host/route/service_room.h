// ServiceRoom: the room of service facets: one object per library, asked by calls from other rooms.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "host/core/inbox.h"
#include "host/core/result.h"
#include "host/platform/waker.h"
#include "host/route/facet_instance.h"
#include "host/route/state_store.h"

namespace gantry::route {

/// One thread at a time polls it. [service] unless said otherwise
class ServiceRoom {
public:
    explicit ServiceRoom(Surroundings& surroundings);
    ~ServiceRoom();

    bool poll(TimeNs now);
    void wait(TimeNs now, TimeNs duration_max);
    void wake() noexcept { waker_.wake(); }  ///< [any thread]
    core::Inbox& inbox() noexcept { return inbox_; }

    /// Makes the plugin's object, starts it and lets it serve; in the place of `order.replaces`
    /// is not empty: the predecessor is kept, silent, until settle().
    Result<Done> add(const FacetOrder& order);
    Result<Done> remove(std::string_view plugin);
    void settle(std::string_view plugin);
    bool roll_back(std::string_view plugin);
    /// What the plugin would hand over now; null when it has nothing to.
    std::shared_ptr<StateStore> state_of(std::string_view plugin);

private:
    using Instances = std::vector<std::unique_ptr<FacetInstance>>;
    static Instances::iterator find_in(Instances& list, std::string_view plugin) noexcept;
    bool run_as(std::uint32_t owner, const std::function<void()>& body);
    void publish(const FacetInstance* in, const FacetInstance* out);

    Surroundings& surroundings_;
    core::Inbox inbox_;
    platform::Waker waker_;
    RoomServices services_;
    Instances instances_;
    Instances predecessors_;
};

}  // namespace gantry::route
