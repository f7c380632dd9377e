// World: which instances serve, and how they come and go.
#include <algorithm>
#include <array>

#include "host/core/log.h"
#include "host/route/make_object.h"
#include "host/route/way_back.h"
#include "host/world/call.h"
#include "host/world/transfer.h"
#include "host/world/world.h"

namespace gantry::world {

WorldInstance* World::find(std::string_view plugin) noexcept {
    const auto found =
        std::find_if(instances_.begin(), instances_.end(),
                     [&](const auto& instance) { return instance->owner().plugin == plugin; });
    return found != instances_.end() ? found->get() : nullptr;
}

WorldInstance* World::find_owner(std::uint32_t owner) noexcept {
    const auto found = tables_->by_owner.find(owner);
    return found != tables_->by_owner.end() ? found->second : nullptr;
}

Replaced* World::find_replaced(std::string_view plugin) noexcept {
    const auto found = std::find_if(replaced_.begin(), replaced_.end(), [&](const auto& replaced) {
        return std::any_of(
                   replaced.instances.begin(), replaced.instances.end(),
                   [&](const auto& one) { return one.instance->owner().plugin == plugin; }) ||
               std::find(replaced.joined.begin(), replaced.joined.end(), plugin) !=
                   replaced.joined.end();
    });
    return found != replaced_.end() ? &*found : nullptr;
}

SwapRun* World::find_swap(std::string_view plugin) noexcept {
    const auto found = std::find_if(swaps_.begin(), swaps_.end(),
                                    [&](const auto& swap) { return swap->replaces(plugin); });
    return found != swaps_.end() ? found->get() : nullptr;
}

Result<std::unique_ptr<WorldInstance>> World::make(const InstanceOrder& order,
                                                   std::span<const std::uint32_t> replaces) {
    if (order.create == nullptr) {
        return Error{Status::unsupported, order.owner.label + " has no world facet"};
    }
    if (!order.options.heeds_layout_version) late_rows_.settle_all();
    const auto plugin = route::make_object(order.owner, order.options.contain, order.create,
                                           surroundings_, "world " + config_.name);
    if (!plugin) return plugin.error();
    auto instance = std::make_unique<WorldInstance>(*this, order.owner, *plugin, order.library,
                                                    order.options, replaces);
    if (const Status status = instance->start(); status != Status::ok) {
        let_go(std::move(instance));
        return Error{status, order.owner.label + " refused to start in world " + config_.name +
                                 " (" + status_name(status) + "); the log has its reason"};
    }
    return instance;
}

std::vector<WorldInstance*> World::serving_with(std::span<const Exchange> changes) const {
    std::vector<WorldInstance*> list;
    for (const auto& instance : instances_) {
        const auto change = std::find_if(changes.begin(), changes.end(), [&](const Exchange& one) {
            return one.out == instance.get();
        });
        WorldInstance* const serves = change != changes.end() ? change->in.get() : instance.get();
        if (serves != nullptr) list.push_back(serves);
    }
    for (const Exchange& change : changes) {
        if (change.out == nullptr) list.push_back(change.in.get());
    }
    return list;
}

Result<std::unique_ptr<Tables>> World::tables_with(std::span<const Exchange> changes) {
    return Tables::build(serving_with(changes));
}

// Whoever is in a probation may have to go, alone or with others: what their predecessors have,
// nobody else takes meanwhile.
Result<Done> World::check_ways_back(std::span<const Exchange> changes) const {
    std::vector<const Replaced*> in_probation;
    for (const Replaced& replaced : replaced_) {
        if (!replaced.barred && !replaced.instances.empty()) in_probation.push_back(&replaced);
    }
    for (const auto& choice : route::choices(in_probation)) {
        std::vector<WorldInstance*> list = serving_with(changes);
        std::vector<std::string> labels;
        for (const Replaced* const replaced : choice) {
            for (const std::string& name : replaced->joined) {
                std::erase_if(list, [&](const auto* one) { return one->owner().plugin == name; });
            }
            for (const auto& back : replaced->instances) {
                const std::string& plugin = back.instance->owner().plugin;
                for (WorldInstance*& one : list) {
                    if (one->owner().plugin == plugin) one = back.instance.get();
                }
            }
            labels.push_back(replaced->instances.front().instance->owner().label);
        }
        if (const auto possible = Tables::build(list); !possible) {
            return route::bars_way_back(labels, possible.error());
        }
    }
    return Done{};
}

void World::publish(std::unique_ptr<Tables> tables, std::span<Exchange> changes) {
    tables_ = std::move(tables);
    keep_events_ = tables_->wants_network_events;
    ++published_;
    // Rows of others' swaps may wait: who does not look out for them finds none.
    if (rest_of_rows({}, changes) == ecs::Rest::at_once) late_rows_.settle_all();
    for (const Exchange& change : changes) {
        if (const WorldInstance* const out = change.out)
            services_.withdraw(out->ledger().provided, out->ledger().served);
    }
    for (const Exchange& change : changes) {
        if (const WorldInstance* const in = change.in.get())
            services_.offer(in->owner(), in->vitals(), in->ledger().provided, in->ledger().served);
    }
    services_.announce();
    for (Exchange& change : changes) {
        WorldInstance* const in = change.in.get();
        WorldInstance* const out = change.out;
        if (in != nullptr) in->ledger().since = now_;
        if (out != nullptr) out->ledger().since = now_;
        if (out == nullptr) {
            instances_.push_back(std::move(change.in));
            continue;
        }
        if (in != nullptr) timers_.rebind(out->owner().id, in->owner().id);
        const auto place = std::find_if(instances_.begin(), instances_.end(),
                                        [out](const auto& one) { return one.get() == out; });
        GANTRY_ASSERT(place != instances_.end());
        place->swap(change.in);
        if (*place == nullptr) instances_.erase(place);
    }
}

bool World::run_as(std::uint32_t owner, const std::function<void()>& body) {
    WorldInstance* const instance = find_owner(owner);
    if (instance == nullptr) return false;
    const bool ran =
        call_beside(*instance, surroundings_.clock(), core::CallKind::service, "", body);
    apply_commands(*instance);
    return ran;
}

Result<Done> World::add(const InstanceOrder& order) {
    if (find(order.owner.plugin) != nullptr) {
        return Error{Status::already_exists, order.owner.plugin + " is in world " + config_.name};
    }
    auto made = make(order, {});
    if (!made) return made.error();
    WorldInstance& instance = **made;
    std::array<Exchange, 1> change{{{std::move(*made), nullptr}}};
    auto tables = tables_with(change);
    if (!tables) return let_go(std::move(change.front().in)), tables.error();
    if (auto ok = check_ways_back(change); !ok) return let_go(std::move(change.front().in)), ok;
    publish(std::move(*tables), change);
    begin_serving(instance);
    return Done{};
}

void World::begin_serving(WorldInstance& instance) {
    call_plugin(instance, core::CallKind::start, "serve", [&] { instance.plugin().serve(0); });
    // Those who came before the plugin did: it hears of them as if they came now.
    for (const auto& hook : instance.ledger().session_hooks) {
        for (const SessionId id : std::vector<SessionId>{sessions_.ids()}) {
            const WorldSession* const session = sessions_.find(id);
            if (session == nullptr) continue;
            call_plugin(instance, core::CallKind::session, "opened",
                        [&] { hook.opened(hook.context, id, session->entity); });
        }
    }
    apply_commands(instance);
}

Result<Done> World::remove(std::string_view plugin) {
    WorldInstance* const out = find(plugin);
    if (const WorldInstance* const parked = find_parked(plugin)) {
        forget_parked(*parked, 0);
        return Done{};
    }
    if (out == nullptr) {
        return Error{Status::not_found, std::string{plugin} + " is not in world " + config_.name};
    }
    give_up(plugin, "the plugin was removed");
    settle(plugin);
    std::array<Exchange, 1> change{{{nullptr, out}}};
    auto tables = tables_with(change);
    if (!tables) return tables.error();
    publish(std::move(*tables), change);
    let_go(std::move(change.front().in));
    return Done{};
}

void World::begin_swap(SwapOrder order) {
    swaps_.push_back(std::make_unique<SwapRun>(*this, std::move(order)));
}

bool World::proceed(std::string_view plugin) {
    SwapRun* const swap = find_swap(plugin);
    if (swap != nullptr) swap->proceed();
    return swap != nullptr;
}

void World::give_up(std::string_view plugin, const std::string& reason) {
    if (SwapRun* const swap = find_swap(plugin)) swap->give_up(reason);
}

void World::settle(std::string_view plugin) {
    Replaced* const replaced = find_replaced(plugin);
    if (replaced == nullptr) return;
    late_rows_.settle_all();               // functions of those that go may be wanted for it
    Replaced gone = std::move(*replaced);  // its end calls plugins: it stands nowhere by then
    replaced_.erase(replaced_.begin() + (replaced - replaced_.data()));
    for (auto& one : gone.instances) let_go(std::move(one.instance));
}

// On whatever thread it was, where nothing of the world may be touched. [any thread]
void World::stray(std::uint32_t owner, std::string_view call) {
    post_here_([this, owner, call = std::string{call},
                fault = platform::fault_here(platform::FaultKind::wrong_thread)] {
        WorldInstance* const instance = find_owner(owner);
        if (instance == nullptr || instance->parked()) return;
        instance->left_by(fault, core::CallKind::outside, call, ecs_.data().loops);
    });
}

WorldInstance* World::find_parked(std::string_view plugin) noexcept {
    const auto found = std::find_if(parked_.begin(), parked_.end(),
                                    [&](const auto& one) { return one->owner().plugin == plugin; });
    return found != parked_.end() ? found->get() : nullptr;
}

void World::forget_parked(const WorldInstance& instance, std::uint32_t successor) {
    timers_.rebind(instance.owner().id, successor);
    std::erase_if(parked_, [&](const auto& one) { return one.get() == &instance; });
}

WorldInstance* World::find_label(std::string_view label) noexcept {
    for (const auto& instance : instances_) {
        if (instance->owner().label == label) return instance.get();
    }
    return nullptr;
}

}  // namespace gantry::world
