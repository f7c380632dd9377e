// PluginManager: a library on its way out, until it is proved to have left.
#include <fmt/format.h>

#include "host/core/log.h"
#include "host/plugin/plugin_manager.h"

namespace gantry::plugin {

// Instances hold their library; once this is the last holder, it can be closed.
void PluginManager::retire(std::shared_ptr<Library> library, std::uint64_t ticket, int tries,
                           bool forbidden) {
    constexpr int tries_max = 600;  // worlds may go back in slices for a while
    constexpr TimeNs grace = 50 * ns_per_ms;
    if (!library->poisoned().empty()) {
        left_behind(*library, library->poisoned());
        log::warn("{} stays in memory: {}", library->label(), library->poisoned());
        if (SwapReport* const one = report(ticket)) one->settled = true;
        leaked_.push_back(std::move(library));
        return;
    }
    if (library.use_count() > 1 && tries < tries_max) {
        retiring_.push_back({std::move(library), ticket, tries + 1, now_ + 5 * ns_per_ms, false});
        return;
    }
    if (library.use_count() > 1) {
        const std::string why = fmt::format("{} cannot leave: {} holders are left",
                                            library->label(), library.use_count() - 1);
        left_behind(*library, why);
        log::error("{}", why);
        if (SwapReport* const one = report(ticket)) {
            one->settled = true;
            one->leftovers.push_back(why);
        }
        leaked_.push_back(std::move(library));
        return;
    }
    // Nobody should run its code any more: for a while whoever does so faults, and is named.
    if (!forbidden && library.use_count() == 1 && library->forbid()) {
        retiring_.push_back({std::move(library), ticket, tries, now_ + grace, true});
        return;
    }
    std::erase_if(owner_labels_, [&](const auto& one) { return one.second == library->label(); });
    const Unloaded unloaded = library->close();
    if (unloaded.proved) {
        reserve(unloaded.range);
        ++counters_.libraries_unmapped;
        log::debug("{} has left", library->label());
    } else {
        left_behind(*library, unloaded.reason);
        log::error("{}", unloaded.reason);
    }
    if (SwapReport* const one = report(ticket)) {
        one->settled = true;
        if (!unloaded.proved) one->leftovers.push_back(unloaded.reason);
    }
}

// Whatever it came to leave for: a swap's report tells of some of them only.
void PluginManager::left_behind(const Library& library, const std::string& reason) {
    ++counters_.libraries_leaked;
    GenerationStatus& one = left_behind_.emplace_back(status_of(library, "left behind"));
    one.since_wall = clock_.wall_now();
    one.reason = reason;
    if (left_behind_.size() > left_behind_max) left_behind_.pop_front();
}

// Later libraries do not get these addresses, so a stale pointer never runs new code.
void PluginManager::reserve(const platform::CodeRange& range) {
    constexpr std::size_t reserved_max = 64;
    if (range.bytes == 0 || !platform::reserve_range(range)) return;
    reserved_.push_back(range);
    if (reserved_.size() > reserved_max) {
        platform::release_range(reserved_.front());
        reserved_.pop_front();
    }
    counters_.ranges_reserved = reserved_.size();
}

}  // namespace gantry::plugin
