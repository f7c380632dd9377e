// World: which instances serve, and how they come and go.
#include <algorithm>

#include "host/core/log.h"
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

World::Predecessor* World::find_predecessor(std::string_view plugin) noexcept {
    const auto found =
        std::find_if(predecessors_.begin(), predecessors_.end(),
                     [&](const auto& one) { return one.instance->owner().plugin == plugin; });
    return found != predecessors_.end() ? &*found : nullptr;
}

Result<std::unique_ptr<WorldInstance>> World::make(const InstanceOrder& order,
                                                   WorldInstance* replaces) {
    if (order.create == nullptr) {
        return Error{Status::unsupported, order.owner.label + " has no world facet"};
    }
    Plugin* const plugin = order.create();
    if (plugin == nullptr) {
        return Error{Status::internal,
                     order.owner.label + " could not make its object for world " + config_.name};
    }
    auto instance = std::make_unique<WorldInstance>(*this, order.owner, plugin, order.library,
                                                    order.options, replaces);
    if (const Status status = instance->start(); status != Status::ok) {
        return Error{status, order.owner.label + " refused to start in world " + config_.name +
                                 " (" + status_name(status) + "); the log has its reason"};
    }
    return instance;
}

Result<std::unique_ptr<Tables>> World::tables_with(WorldInstance* in, WorldInstance* out) {
    std::vector<WorldInstance*> list;
    for (const auto& instance : instances_) {
        if (instance.get() == out) {
            if (in != nullptr) list.push_back(in);
        } else {
            list.push_back(instance.get());
        }
    }
    if (in != nullptr && out == nullptr) list.push_back(in);
    return Tables::build(list);
}

std::unique_ptr<WorldInstance> World::publish(std::unique_ptr<Tables> tables,
                                              std::unique_ptr<WorldInstance> in,
                                              WorldInstance* out) {
    tables_ = std::move(tables);
    keep_events_ = tables_->wants_network_events;
    if (out != nullptr) services_.withdraw(out->ledger().provided, out->ledger().served);
    if (in != nullptr) services_.offer(in->owner().id, in->ledger().provided, in->ledger().served);
    if (in != nullptr && out != nullptr) timers_.rebind(out->owner().id, in->owner().id);

    std::unique_ptr<WorldInstance> gone;
    if (out == nullptr) {
        instances_.push_back(std::move(in));
        return gone;
    }
    const auto place = std::find_if(instances_.begin(), instances_.end(),
                                    [out](const auto& instance) { return instance.get() == out; });
    GANTRY_ASSERT(place != instances_.end());
    gone = std::move(*place);
    if (in != nullptr) {
        *place = std::move(in);
    } else {
        instances_.erase(place);
    }
    return gone;
}

bool World::run_as(std::uint32_t owner, const std::function<void()>& body) {
    WorldInstance* const instance = find_owner(owner);
    if (instance == nullptr) return false;
    const bool ran = call_plugin(*instance, core::CallKind::service, "", body);
    apply_commands(*instance);
    return ran;
}

Result<Done> World::add(const InstanceOrder& order) {
    if (find(order.owner.plugin) != nullptr) {
        return Error{Status::already_exists, order.owner.plugin + " is in world " + config_.name};
    }
    auto made = make(order, nullptr);
    if (!made) return made.error();
    auto tables = tables_with(made->get(), nullptr);
    if (!tables) return tables.error();
    WorldInstance& instance = **made;
    (void)publish(std::move(*tables), std::move(*made), nullptr);
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
    return Done{};
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
    for (const auto& swap : swaps_) {
        if (swap->plugin() == plugin) swap->give_up("the plugin was removed");
    }
    settle(plugin);
    auto tables = tables_with(nullptr, out);
    if (!tables) return tables.error();
    (void)publish(std::move(*tables), nullptr, out);  // destroys it: its ledger goes with it
    return Done{};
}

void World::begin_swap(SwapOrder order) {
    swaps_.push_back(std::make_unique<SwapRun>(*this, std::move(order)));
}

void World::settle(std::string_view plugin) {
    std::erase_if(predecessors_,
                  [&](const auto& one) { return one.instance->owner().plugin == plugin; });
}

bool World::roll_back(std::string_view plugin, std::string_view reason) {
    Predecessor* const back = find_predecessor(plugin);
    WorldInstance* const failed = find(plugin);
    if (back == nullptr || failed == nullptr) return false;
    log::warn("{} is rolled back to {} in world {}: {}", failed->owner().label,
              back->instance->owner().label, config_.name, reason);

    auto tables = tables_with(back->instance.get(), failed);
    if (!tables) {
        log::error("the way back is barred: {}", tables.error().message);
        return false;
    }
    // What players did meanwhile is in the components and, where the failed one still can say, in
    // its private state; else the predecessor keeps what it had.
    failed->cancel_tasks();
    route::StateStore state{failed->owner().label, failed->state_bytes_max()};
    const bool saved = save_state(*failed, state) == Saved::yes;
    const std::uint32_t leaving = failed->owner().id;
    if (back->migration != nullptr) {
        if (auto undone = back->migration->rollback({&leaving, 1}); !undone) {
            log::error("the components stay as they are: {}", undone.error().message);
        }
    }
    auto instance = std::move(back->instance);
    const std::shared_ptr<route::StateStore> snapshot = std::move(back->state);
    predecessors_.erase(predecessors_.begin() + (back - predecessors_.data()));

    if (!saved || !restore_state(*instance, state)) (void)restore_state(*instance, *snapshot);
    WorldInstance& serving = *instance;
    const auto gone = publish(std::move(*tables), std::move(instance), failed);
    call_plugin(serving, core::CallKind::swap, "resume", [&] {
        serving.plugin().resume();
        serving.plugin().serve(1);
    });
    apply_commands(serving);
    return true;
}

// Out of every call, what a fault has parked is replaced by its predecessor, or taken out.
void World::settle_faults() {
    if (!faulted_) return;
    faulted_ = false;
    for (std::size_t i = 0; i < instances_.size();) {
        WorldInstance* const instance = instances_[i].get();
        if (!instance->parked()) {
            ++i;
            continue;
        }
        const std::string plugin = instance->owner().plugin;
        if (roll_back(plugin, "a fault")) continue;  // looks again at what stands there now
        log::error("{} is parked in world {}: swap in a mended version", instance->owner().label,
                   config_.name);
        for (const auto& swap : swaps_) {
            if (swap->plugin() == plugin) swap->give_up("the plugin is parked after a fault");
        }
        auto tables = tables_with(nullptr, instance);
        GANTRY_ASSERT(tables.has_value());  // fewer can only conflict less
        parked_.push_back(publish(std::move(*tables), nullptr, instance));
    }
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
