#include "host/route/facet_room.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/core/assert.h"
#include "host/core/log.h"
#include "host/route/make_object.h"
#include "host/route/way_back.h"

namespace gantry::route {
namespace {

Error cannot_take_over(const FacetExchange& change, Status status) {
    return {status,
            fmt::format("{} could not take over the state of {} ({})", change.in->owner().label,
                        change.out->owner().label, status_name(status))};
}

bool is_of(const std::unique_ptr<FacetInstance>& instance, std::string_view plugin) {
    return instance->owner().plugin == plugin;
}

}  // namespace

FacetRoom::FacetRoom(Surroundings& surroundings, std::string_view place)
    : surroundings_{surroundings},
      services_{surroundings,
                [this](std::function<void()> work) {
                    if (inbox_.post(std::move(work))) wake();
                },
                [this](std::uint32_t owner, const auto& body) { return run_as(owner, body); }},
      place_{place} {}

void FacetRoom::drop_instances() noexcept {
    services_.thread().leave();  // whoever takes it down may
    replaced_.clear();
    instances_.clear();
}

FacetInstance* FacetRoom::find(std::string_view plugin) noexcept {
    const auto found = std::find_if(instances_.begin(), instances_.end(),
                                    [&](const auto& one) { return is_of(one, plugin); });
    return found != instances_.end() ? found->get() : nullptr;
}

FacetInstance* FacetRoom::find_owner(std::uint32_t owner) noexcept {
    const auto found =
        std::find_if(instances_.begin(), instances_.end(),
                     [owner](const auto& instance) { return instance->owner().id == owner; });
    return found != instances_.end() ? found->get() : nullptr;
}

FacetRoom::ReplacedList::iterator FacetRoom::find_replaced(std::string_view plugin) noexcept {
    return std::find_if(replaced_.begin(), replaced_.end(), [&](const Replaced& replaced) {
        return std::any_of(replaced.instances.begin(), replaced.instances.end(),
                           [&](const auto& one) { return is_of(one, plugin); }) ||
               std::find(replaced.joined.begin(), replaced.joined.end(), plugin) !=
                   replaced.joined.end();
    });
}

std::unique_ptr<FacetInstance>& FacetRoom::place_of(const FacetInstance& instance) {
    const auto found = std::find_if(instances_.begin(), instances_.end(),
                                    [&](const auto& one) { return one.get() == &instance; });
    GANTRY_ASSERT(found != instances_.end());
    return *found;
}

std::vector<FacetInstance*> FacetRoom::serving_with(std::span<const FacetExchange> changes) const {
    std::vector<FacetInstance*> list;
    for (const auto& instance : instances_) {
        const auto change =
            std::find_if(changes.begin(), changes.end(),
                         [&](const FacetExchange& one) { return one.out == instance.get(); });
        FacetInstance* const serves = change != changes.end() ? change->in : instance.get();
        if (serves != nullptr) list.push_back(serves);
    }
    for (const FacetExchange& change : changes) {
        if (change.out == nullptr) list.push_back(change.in);
    }
    return list;
}

FacetInstance* FacetRoom::find_living(std::uint32_t owner) noexcept {
    for (const Replaced& replaced : replaced_) {
        for (const auto& one : replaced.instances) {
            if (one->owner().id == owner) return one.get();
        }
    }
    return find_owner(owner);
}

std::vector<Holding> FacetRoom::holdings() const {
    const TimeNs now = surroundings_.clock().now();
    std::vector<Holding> list;
    const auto add = [&](const FacetInstance& one, const char* does) {
        Holding& holding = list.emplace_back();
        holding.label = one.owner().label;
        const std::string room = one.room_name();
        holding.what.push_back(fmt::format("{} {} {} for {} ms{}", does,
                                           room.starts_with("shard") ? "on" : "in", room,
                                           (now - one.since()) / ns_per_ms, one.owns_text()));
        for (std::string& call : services_.waits(one.owner().id, now)) {
            holding.what.push_back(std::move(call));
        }
    };
    for (const auto& one : instances_) add(*one, one->parked() ? "is parked" : "serves");
    for (const Replaced& replaced : replaced_) {
        for (const auto& one : replaced.instances) add(*one, "is kept for a rollback");
    }
    return list;
}

// Also a predecessor: it hears the answers to what it had asked.
bool FacetRoom::run_as(std::uint32_t owner, const std::function<void()>& body) {
    FacetInstance* const instance = find_living(owner);
    return instance != nullptr && call_counted(*instance, core::CallKind::service, "", body);
}

std::shared_ptr<StateStore> FacetRoom::state_of(std::string_view plugin) {
    FacetInstance* const instance = find(plugin);
    return instance != nullptr ? instance->save() : nullptr;
}

void FacetRoom::offer(std::span<const FacetExchange> changes) {
    for (const auto& [in, out] : changes) {
        if (out != nullptr) services_.withdraw(out->provided(), out->served());
    }
    for (const auto& [in, out] : changes) {
        if (in != nullptr) services_.offer(in->owner(), in->vitals(), in->provided(), in->served());
    }
    services_.announce();
}

Result<FacetRoom::Instances> FacetRoom::make_all(std::span<const FacetOrder> orders) {
    std::vector<std::uint32_t> replaced;
    for (const FacetOrder& order : orders) {
        if (const FacetInstance* const out = out_for(order)) replaced.push_back(out->owner().id);
    }
    Instances made;
    for (const FacetOrder& order : orders) {
        const auto plugin = make_object(order.owner, order.contain, order.create, surroundings_,
                                        room_name(order.facet, order.shard));
        if (!plugin) return plugin.error();
        const auto& instance = made.emplace_back(make(order, *plugin, replaced));
        replaced.push_back(order.owner.id);
        if (const Status status = instance->start(); status != Status::ok) {
            return Error{status, fmt::format("{} refused to start {} ({}); the log has its reason",
                                             order.owner.label, place_, status_name(status))};
        }
    }
    return made;
}

Result<std::vector<HandOver>> FacetRoom::save_all(std::span<const FacetExchange> changes) {
    std::vector<HandOver> states;
    for (const FacetExchange& change : changes) {
        const auto& state = states.emplace_back(
            change.out != nullptr ? change.out->save_for(*change.in) : HandOver{});
        if (state.status != Status::ok) return cannot_take_over(change, state.status);
    }
    return states;
}

Result<Done> FacetRoom::take_over(std::span<const FacetExchange> changes, RoomChange& change) {
    auto states = save_all(changes);
    if (!states) return states.error();
    if (auto converted = change.convert(); !converted) return converted;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const Status status = changes[i].in->restore((*states)[i]);
        if (status != Status::ok) return change.revert(), cannot_take_over(changes[i], status);
    }
    if (auto published = change.publish(false); !published) return change.revert(), published;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].out != nullptr) changes[i].out->keep(std::move((*states)[i]));
    }
    return Done{};
}

FacetInstance* FacetRoom::out_for(const FacetOrder& order) noexcept {
    return order.replaces.empty() ? nullptr : find(order.replaces);
}

// Whoever is in a probation may have to go, alone or with others: what their predecessors have,
// nobody else takes meanwhile.
Result<Done> FacetRoom::check_ways_back(std::span<const FacetExchange> changes) {
    std::vector<const Replaced*> in_probation;
    for (const Replaced& replaced : replaced_) in_probation.push_back(&replaced);
    for (const auto& choice : choices(in_probation)) {
        std::vector<FacetExchange> together{changes.begin(), changes.end()};
        std::vector<std::string> labels;
        for (const Replaced* const replaced : choice) {
            for (const auto& back : replaced->instances) {
                if (FacetInstance* const serves = find(back->owner().plugin))
                    together.push_back({back.get(), serves});
            }
            for (const std::string& name : replaced->joined) {
                if (FacetInstance* const serves = find(name)) together.push_back({nullptr, serves});
            }
            labels.push_back(replaced->instances.front()->owner().label);
        }
        if (const auto possible = prepare(together); !possible) {
            return bars_way_back(labels, possible.error());
        }
    }
    return Done{};
}

Result<FacetReport> FacetRoom::add(std::span<const FacetOrder> orders) {
    const TimeNs began = surroundings_.clock().now();
    auto made = make_all(orders);
    if (!made) return made.error();
    std::vector<FacetExchange> changes;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        changes.push_back({(*made)[i].get(), out_for(orders[i])});
    }
    auto change = prepare(changes);
    if (!change) return change.error();
    if (auto ok = check_ways_back(changes); !ok) return ok.error();
    for (const FacetExchange& one : changes) {
        if (one.out != nullptr) one.out->drain();
    }
    auto report = exchange(*made, changes, std::move(*change));
    if (!report) {
        for (const FacetExchange& one : changes) {
            if (one.out != nullptr) one.out->resume();
        }
        return report;
    }
    report->took = surroundings_.clock().now() - began;
    return report;
}

Result<FacetReport> FacetRoom::exchange(Instances& made, std::span<const FacetExchange> changes,
                                        std::unique_ptr<RoomChange> change) {
    if (auto taken = take_over(changes, *change); !taken) return taken.error();
    offer(changes);
    FacetReport report;
    report.changes = change->changes();

    Replaced replaced;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].out == nullptr) {
            replaced.joined.push_back(changes[i].in->owner().plugin);
            instances_.push_back(std::move(made[i]));
        } else {
            auto& place = place_of(*changes[i].out);
            replaced.instances.push_back(std::exchange(place, std::move(made[i])));
        }
    }
    if (!replaced.instances.empty()) {
        replaced.change = std::move(change);
        replaced_.push_back(std::move(replaced));
    }
    for (const FacetExchange& one : changes) {
        one.in->serve(one.out != nullptr);
        if (one.out != nullptr) one.out->now_silent();
    }
    return report;
}

Result<Done> FacetRoom::remove(std::string_view plugin) {
    FacetInstance* const out = find(plugin);
    if (out == nullptr) {
        return Error{Status::not_found, fmt::format("{} does not serve {}", plugin, place_)};
    }
    const FacetExchange change{nullptr, out};
    const auto changes = std::span{&change, 1};
    auto prepared = prepare(changes);
    if (!prepared) return prepared.error();
    settle(plugin);
    (void)(*prepared)->publish(true);
    offer(changes);
    const auto gone = std::move(place_of(*out));
    std::erase(instances_, nullptr);
    return Done{};
}

void FacetRoom::settle(std::string_view plugin) {
    const auto found = find_replaced(plugin);
    if (found == replaced_.end()) return;
    const Replaced gone = std::move(*found);  // its end calls plugins: it stands nowhere by then
    replaced_.erase(found);
}

// What the failed ones can still tell, else as at the hand-over.
void FacetRoom::take_back(std::span<const FacetExchange> changes, RoomChange& came_with) {
    std::vector<HandOver> states;
    for (const auto& [back, failed] : changes) {
        // After a crash the predecessor, which has been silent, is as it was.
        const bool silent = back == nullptr || failed->parked();
        states.push_back(silent ? HandOver{} : failed->save_for(*back));
    }
    came_with.revert();
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].in == nullptr) continue;
        changes[i].in->take_back(states[i], changes[i].out->owner().label);
    }
}

bool FacetRoom::roll_back(std::string_view plugin) {
    const auto found = find_replaced(plugin);
    if (found == replaced_.end()) return false;
    std::vector<FacetExchange> changes;
    for (const auto& back : found->instances) {
        FacetInstance* const failed = find(back->owner().plugin);
        if (failed == nullptr) return false;
        changes.push_back({back.get(), failed});
    }
    for (const std::string& name : found->joined) {
        if (FacetInstance* const leaves = find(name)) changes.push_back({nullptr, leaves});
    }
    auto change = prepare(changes);
    if (!change) {
        log::error("the way back is barred: {}", change.error().message);
        return false;
    }
    Replaced gone = std::move(*found);
    replaced_.erase(found);
    take_back(changes, *gone.change);
    (void)(*change)->publish(true);
    offer(changes);
    gone.instances.resize(changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
        std::swap(place_of(*changes[i].out), gone.instances[i]);
    }
    std::erase(instances_, nullptr);
    for (const FacetExchange& one : changes) {
        if (one.in == nullptr) continue;
        one.in->resume();
        one.in->serve(true);
    }
    return true;
}

}  // namespace gantry::route
