// FacetRoom: a room of plugin objects that are no worlds': how they come, serve, are replaced, and
// come back. A shard and the service room are such rooms.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/inbox.h"
#include "host/core/result.h"
#include "host/route/facet_instance.h"
#include "host/route/holding.h"
#include "host/route/state_store.h"

namespace gantry::route {

/// Who comes in whose place; either may be null.
struct FacetExchange {
    FacetInstance* in = nullptr;
    FacetInstance* out = nullptr;
};

/// What changes in a room beside its instances. Made before anything is touched, and kept for as
/// long as the predecessors are.
class RoomChange {
public:
    RoomChange() = default;
    virtual ~RoomChange() = default;
    RoomChange(const RoomChange&) = delete;
    RoomChange& operator=(const RoomChange&) = delete;

    /// Between the saving of private state and its restoring. Changes nothing when refused.
    virtual Result<Done> convert() { return Done{}; }
    /// What that changed in component layouts, one line each.
    virtual std::vector<std::string> changes() const { return {}; }
    /// Takes that back: nothing came of it, or the predecessors do come back.
    virtual void revert() {}
    /// The last that may be refused, and then has changed nothing. With `must` nothing is.
    virtual Result<Done> publish(bool must) = 0;
};

/// What one add() was for its room, which did nothing else meanwhile.
struct FacetReport {
    TimeNs took = 0;
    std::vector<std::string> changes{};  ///< of component layouts, one line each
};

/// One thread at a time drives it; all calls on that thread unless said otherwise.
class FacetRoom {
public:
    virtual ~FacetRoom() = default;
    FacetRoom(const FacetRoom&) = delete;
    FacetRoom& operator=(const FacetRoom&) = delete;

    /// Makes the plugins' objects, starts them and lets them serve, all in this call or none. Who
    /// has the name that an order `replaces` hears drain() first, and is kept, silent, until
    /// settle() or roll_back(), which take together what came together: also who came along, as
    /// long as anybody was replaced.
    Result<FacetReport> add(std::span<const FacetOrder> orders);
    Result<FacetReport> add(const FacetOrder& order) { return add(std::span{&order, 1}); }
    Result<Done> remove(std::string_view plugin);
    void settle(std::string_view plugin);
    /// False when there is nothing to go back to.
    bool roll_back(std::string_view plugin);
    /// What keeps generations here: those that serve, and their predecessors in probation.
    std::vector<Holding> holdings() const;
    /// What the plugin would hand over now; null when it has nothing to.
    std::shared_ptr<StateStore> state_of(std::string_view plugin);

    core::Inbox& inbox() noexcept { return inbox_; }
    virtual void wake() noexcept = 0;  ///< [any thread]

protected:
    using Instances = std::vector<std::unique_ptr<FacetInstance>>;

    /// `place` as in "it does not serve on a shard"; static text.
    FacetRoom(Surroundings& surroundings, std::string_view place);

    /// `replaces` are the owners in whose place it comes, and those that come with it.
    virtual std::unique_ptr<FacetInstance> make(const FacetOrder& order, Plugin* plugin,
                                                std::span<const std::uint32_t> replaces) = 0;
    /// What `changes` mean for the room, or why they cannot be.
    virtual Result<std::unique_ptr<RoomChange>> prepare(std::span<const FacetExchange> changes) = 0;

    /// Null when it does not serve.
    FacetInstance* find(std::string_view plugin) noexcept;
    FacetInstance* find_owner(std::uint32_t owner) noexcept;
    /// Also a predecessor in its probation.
    FacetInstance* find_living(std::uint32_t owner) noexcept;
    /// Whether that plugin has a predecessor here that can come back.
    bool can_roll_back(std::string_view plugin) noexcept {
        return find_replaced(plugin) != replaced_.end();
    }
    bool in_probation() const noexcept { return !replaced_.empty(); }
    const Instances& serving() const noexcept { return instances_; }
    /// Those that serve once `changes` are made, in their order.
    std::vector<FacetInstance*> serving_with(std::span<const FacetExchange> changes) const;
    /// For the destructor of a room, while all that its plugins may call is still there.
    void drop_instances() noexcept;

    Surroundings& surroundings_;
    core::Inbox inbox_;
    RoomServices services_;

private:
    /// What one add() has replaced, in its probation.
    struct Replaced {
        Instances instances;
        std::vector<std::string> joined;  ///< who came along in nobody's place
        std::unique_ptr<RoomChange> change;
    };
    using ReplacedList = std::vector<Replaced>;

    Result<Instances> make_all(std::span<const FacetOrder> orders);
    Result<Done> check_ways_back(std::span<const FacetExchange> changes);
    FacetInstance* out_for(const FacetOrder& order) noexcept;
    Result<FacetReport> exchange(Instances& made, std::span<const FacetExchange> changes,
                                 std::unique_ptr<RoomChange> change);
    static Result<std::vector<HandOver>> save_all(std::span<const FacetExchange> changes);
    static Result<Done> take_over(std::span<const FacetExchange> changes, RoomChange& change);
    static void take_back(std::span<const FacetExchange> changes, RoomChange& came_with);
    /// Services change hands, and nobody is asked for them in between.
    void offer(std::span<const FacetExchange> changes);
    std::unique_ptr<FacetInstance>& place_of(const FacetInstance& instance);
    ReplacedList::iterator find_replaced(std::string_view plugin) noexcept;
    bool run_as(std::uint32_t owner, const std::function<void()>& body);

    std::string_view place_;
    Instances instances_;
    ReplacedList replaced_;
};

}  // namespace gantry::route
