// PluginManager: a library on its way out, until it is proved to have left.
#include <fmt/format.h>

#include "host/core/log.h"
#include "host/plugin/plugin_manager.h"

namespace gantry::plugin {

// Instances hold their library; once this is the last holder, it can be closed.
void PluginManager::retire(std::shared_ptr<Library> library, std::uint64_t ticket) {
    Retiring one;
    one.library = std::move(library);
    one.ticket = ticket;
    one.since_wall = clock_.wall_now();
    retire(std::move(one));
}

void PluginManager::retire(Retiring one) {
    constexpr int tries_max = 600;  // worlds may go back in slices for a while
    constexpr TimeNs grace = 50 * ns_per_ms;
    const std::shared_ptr<Library>& library = one.library;
    if (!library->poisoned().empty()) {
        left_behind(*library, library->poisoned());
        log::warn("{} stays in memory: {}", library->label(), library->poisoned());
        if (SwapReport* const report_of = report(one.ticket)) report_of->settled = true;
        leaked_.push_back(library);
        return;
    }
    if (library.use_count() > 1 && one.tries < tries_max) {
        ++one.tries;
        one.next_try = now_ + 5 * ns_per_ms;
        one.forbidden = false;
        retiring_.push_back(std::move(one));
        return;
    }
    if (library.use_count() > 1) {
        const std::string why = fmt::format("{} cannot leave: {} holders are left",
                                            library->label(), library.use_count() - 1);
        left_behind(*library, why);
        log::error("{}", why);
        if (SwapReport* const report_of = report(one.ticket)) {
            report_of->settled = true;
            report_of->leftovers.push_back(why);
        }
        leaked_.push_back(library);
        return;
    }
    // Nobody should run its code any more: for a while whoever does so faults, and is named.
    if (!one.forbidden && library->forbid()) {
        one.next_try = now_ + grace;
        one.forbidden = true;
        retiring_.push_back(std::move(one));
        return;
    }
    std::erase_if(owner_labels_,
                  [&](const auto& known) { return known.second == library->label(); });
    const Unloaded unloaded = library->close();
    if (unloaded.proved) {
        reserve(unloaded.range);
        ++counters_.libraries_unmapped;
        log::debug("{} has left", library->label());
    } else {
        left_behind(*library, unloaded.reason);
        log::error("{}", unloaded.reason);
    }
    if (SwapReport* const report_of = report(one.ticket)) {
        report_of->settled = true;
        if (!unloaded.proved) report_of->leftovers.push_back(unloaded.reason);
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
