// PluginManager: what a change in the drop folder sets off.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/core/did_you_mean.h"
#include "host/core/log.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/plugin/tell_rooms.h"

namespace gantry::plugin {
namespace {

bool needs(const PluginDesc& desc, std::string_view plugin) {
    const std::span all{desc.dependencies, std::min(desc.dependency_count, dependencies_max)};
    return std::any_of(all.begin(), all.end(), [&](const Dependency& one) {
        return plugin == one.name && one.optional == 0;
    });
}

}  // namespace

void PluginManager::handle_drops(TimeNs now) {
    const DropFolder::Changes changes = drop_.look(now);
    if (drop_config_.on_drop != OnDrop::ignore) take_changes(changes, now);
    if (!changes.came.empty() || !changes.gone.empty()) publish_snapshot();
    take_waiting_drops();
    unload_absent(now);
}

void PluginManager::take_changes(const DropFolder::Changes& changes, TimeNs now) {
    for (const auto& file : changes.gone) {
        for (auto& [name, loaded] : loaded_) {
            if (loaded.dropped_file == file) loaded.gone_since = now;
        }
    }
    for (const Dropped& dropped : changes.came) {
        // Whatever lies there now, staged or refused: the file is not absent any more.
        for (auto& [name, loaded] : loaded_) {
            if (loaded.dropped_file == dropped.file) loaded.gone_since = 0;
        }
        if (!dropped.error.empty()) {
            log::warn("drop: refused: {}", dropped.error);
        } else {
            take_drop(dropped);
        }
    }
}

void PluginManager::unload_absent(TimeNs now) {
    std::vector<std::string> leave;
    for (auto& [name, loaded] : loaded_) {
        if (loaded.gone_since == 0) loaded.told_why_it_stays = false;
        if (loaded.gone_since == 0 || loaded.state != PluginState::active) continue;
        if (job_ && job_->find(name) != nullptr) continue;  // its successor is being looked at
        if (now - loaded.gone_since < drop_config_.unload_after_ms * ns_per_ms) continue;
        const auto why = needed_by(name);
        if (!why) {
            leave.push_back(name);
        } else if (!std::exchange(loaded.told_why_it_stays, true)) {
            log::warn("drop: {} was removed from the folder but stays loaded: {}", name, *why);
        }
    }
    for (const std::string& name : leave) unload(name);
}

void PluginManager::take_waiting_drops() {
    std::vector<Dropped> due;
    for (auto& [name, loaded] : loaded_) {
        if (!loaded.dropped_meanwhile || loaded.state == PluginState::probation) continue;
        if (loaded.state == PluginState::swapping) continue;
        due.push_back(*std::exchange(loaded.dropped_meanwhile, std::nullopt));
    }
    for (const Dropped& one : due) take_drop(one);
}

void PluginManager::take_drop(const Dropped& dropped) {
    const auto current = loaded_.find(dropped.name);
    if (drop_config_.on_drop == OnDrop::stage && current != loaded_.end()) {
        log::info("drop: {}@{} is staged; take it with: gantry swap {}@{}", dropped.name,
                  dropped.version, dropped.name, dropped.version);
        return;
    }
    if (current != loaded_.end()) {
        current->second.gone_since = 0;
        if (current->second.library->build_id() == dropped.build_id && !dropped.build_id.empty())
            return;
        const PluginState state = current->second.state;
        if (state == PluginState::probation || state == PluginState::swapping) {
            log::info("drop: {}@{} waits until the probation of {} is over", dropped.name,
                      dropped.version, current->second.library->label());
            current->second.dropped_meanwhile = dropped;
            return;
        }
    }
    const auto ticket = swap({.plugins = {{dropped.name, dropped.version, dropped.file}}});
    if (!ticket) log::warn("drop: {}", ticket.error().message);
}

std::optional<std::string> PluginManager::needed_by(const std::string& plugin) const {
    const Loaded& loaded = loaded_.find(plugin)->second;
    if (loaded.config.required) return "the manifest requires it";
    for (const auto& [name, other] : loaded_) {
        for (const Library* const one : versions_of(other)) {
            if (!needs(one->desc(), plugin)) continue;
            return one->label() + " depends on it" +
                   (one == other.previous.get() ? ", which may come back from a probation" : "");
        }
    }
    return std::nullopt;
}

Result<std::string> PluginManager::remove(std::string_view plugin) {
    const auto found = loaded_.find(plugin);
    if (found == loaded_.end()) {
        return Error{Status::not_found, fmt::format("{} is not loaded{}", plugin,
                                                    core::did_you_mean(plugin, names_of(loaded_)))};
    }
    const Loaded& loaded = found->second;
    const std::string label = loaded.library->label();
    const auto refuse = [&](const std::string& why) {
        return Error{Status::refused, fmt::format("{} stays: {}", label, why)};
    };
    if (job_ && job_->find(plugin) != nullptr) return refuse("it is being swapped just now");
    if (loaded.state == PluginState::trial) {
        return refuse(fmt::format("{} runs in some worlds beside it: promote or abort that first",
                                  loaded.trial->library->label()));
    }
    if (loaded.state == PluginState::probation) {
        return refuse(fmt::format("it is in its probation for another {} ms",
                                  std::max<TimeNs>(loaded.probation_ends - now_, 0) / ns_per_ms));
    }
    if (const auto why = needed_by(found->first)) return refuse(*why);
    // Else the folder, which takes its time, would bring back what lies there and was taken out.
    drop_.know(loaded.dropped_file, loaded.library->build_id());
    unload(std::string{plugin});
    return label;
}

void PluginManager::unload(const std::string& plugin) {
    tell_to_remove(rooms_, plugin);
    const auto found = loaded_.find(plugin);
    if (found == loaded_.end()) return;
    log::info("unloading {}", found->second.library->label());
    if (found->second.previous) retire(std::move(found->second.previous), 0);
    retire(std::move(found->second.library), 0);
    loaded_.erase(found);
    publish_snapshot();
}

}  // namespace gantry::plugin
