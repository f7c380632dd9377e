// PluginManager: loading at the start, and what others may see.
#include "host/plugin/plugin_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "host/core/log.h"
#include "host/plugin/name_list.h"
#include "host/plugin/swap_job.h"

namespace gantry::plugin {
namespace {

constexpr std::uint16_t layout_version_abi_minor = 5;  // plugins from here on heed it

// Else what was dropped in while the host ran last would be missed without a word.
void tell_of_others(const DropFolder& folder,
                    const std::map<std::string, Loaded, std::less<>>& loaded) {
    std::string names;
    for (const Dropped& dropped : folder.all()) {
        if (dropped.error.empty() && !loaded.contains(dropped.name))
            append_name(names, dropped.name);
    }
    if (names.empty()) return;
    log::info("in {} lies also what the manifest does not name: {}; gantry swap NAME loads it",
              folder.folder().string(), names);
}

// What each means by them stands in its debug information: foreign bytes, which a start leaves
// alone.
void tell_of_shared_interfaces(const std::map<std::string, Loaded, std::less<>>& loaded) {
    std::set<std::string> offered;
    std::set<std::string> asked;
    for (const auto& [name, one] : loaded) {
        for (const route::InterfaceUse& use : one.library->interfaces()->list()) {
            (use.provides ? offered : asked).insert(use.service);
        }
    }
    std::erase_if(asked, [&](const std::string& service) { return !offered.contains(service); });
    if (asked.empty()) return;
    log::info("interfaces between plugins are compared by gantry check and by a swap, not now: {}",
              fmt::join(asked, ", "));
}

}  // namespace

const char* plugin_state_name(PluginState state) noexcept {
    constexpr const char* names[] = {"active", "swapping", "probation", "trial", "failed"};
    return names[static_cast<std::size_t>(state)];
}

const char* canary_outcome_name(CanaryOutcome outcome) noexcept {
    constexpr const char* names[] = {"passed", "refused", "died", "overran", "unavailable"};
    return names[static_cast<std::size_t>(outcome)];
}

PluginManager::PluginManager(Rooms& rooms, const core::Clock& clock,
                             std::vector<PluginConfig> plugins, DropConfig drop, GateRules rules,
                             Canary* canary)
    : rooms_{rooms},
      clock_{clock},
      configs_{std::move(plugins)},
      drop_config_{std::move(drop)},
      rules_{std::move(rules)},
      canary_{canary},
      drop_{drop_config_.folder, rules_} {}

PluginManager::~PluginManager() {
    job_.reset();  // ends a canary that still runs
    // The rooms, and with them all instances, are gone by now: the libraries can leave.
    for (auto& [name, loaded] : loaded_) {
        if (loaded.previous) (void)loaded.previous->close();
        if (loaded.library) (void)loaded.library->close();
    }
    if (!private_folder_.empty()) platform::remove_folder(private_folder_);
}

PluginConfig PluginManager::config_of(std::string_view plugin) const {
    for (const PluginConfig& config : configs_) {
        if (config.name == plugin) return config;
    }
    PluginConfig config;
    config.name = plugin;
    return config;
}

core::Owner PluginManager::new_owner(const Library& library) {
    owner_labels_[next_owner_] = library.label();
    return {next_owner_++, library.label(), library.name(), library.version(),
            library.generation()};
}

world::InstanceOrder PluginManager::world_order(const std::shared_ptr<Library>& library,
                                                const PluginConfig& config) {
    world::InstanceOrder order;
    order.owner = new_owner(*library);
    order.create = library->desc().create_world;
    order.library = library;
    order.options.config = config.config;
    order.options.interfaces = library->interfaces();
    order.options.contain = config.contain && library->is_file();
    order.options.heeds_layout_version = library->desc().abi_minor >= layout_version_abi_minor;
    return order;
}

route::FacetOrder PluginManager::facet_order(const std::shared_ptr<Library>& library,
                                             const PluginConfig& config, Facet facet,
                                             std::uint32_t shard) {
    route::FacetOrder order;
    order.owner = new_owner(*library);
    order.create = facet == Facet::io ? library->desc().create_io : library->desc().create_service;
    order.library = library;
    order.config = config.config;
    order.shard = shard;
    order.facet = facet;
    order.interfaces = library->interfaces();
    order.vitals->facet = facet;
    order.seed = order.owner.id;
    order.contain = config.contain && library->is_file();
    return order;
}

Result<std::vector<std::pair<PluginConfig, std::shared_ptr<Library>>>> PluginManager::open_all() {
    std::vector<std::pair<PluginConfig, std::shared_ptr<Library>>> opened;
    for (const PluginDesc* desc : linked_) {
        opened.emplace_back(config_of(desc->name),
                            Library::linked(*desc, ++generations_[desc->name]));
    }
    for (const PluginConfig& config : configs_) {
        if (std::any_of(linked_.begin(), linked_.end(),
                        [&](const PluginDesc* desc) { return config.name == desc->name; })) {
            continue;
        }
        std::filesystem::path file = config.file;
        if (file.empty()) {
            const Dropped* const dropped = drop_.newest(config.name);
            // The plain name wins over newer candidates, so that a start is what the operator
            // named.
            const auto plain = drop_.folder() / (config.name + ".so");
            std::error_code ignored;
            file = std::filesystem::exists(plain, ignored) || dropped == nullptr ? plain
                                                                                 : dropped->file;
        }
        auto library = open_now(file, config);
        if (library && (*library)->name() != config.name) {
            library =
                Error{Status::invalid, fmt::format("{} is the plugin {}, but the manifest calls it "
                                                   "{}; write its name there, or name its file",
                                                   file.string(), (*library)->name(), config.name)};
        }
        if (library) {
            opened.emplace_back(config, *library);
        } else if (config.required) {
            return Error{library.error().status,
                         "the required plugin " + config.name + ": " + library.error().message};
        } else {
            log::warn("the optional plugin {} is left out: {}", config.name,
                      library.error().message);
        }
    }
    return opened;
}

Result<Done> PluginManager::boot() {
    // The folder is looked at twice: once to see, once after everything in it counts as settled.
    (void)drop_.look(0);
    (void)drop_.look(DropFolder::rescan_time);
    auto opened = open_all();
    if (!opened) return opened.error();

    // Dependencies first; what stays when nothing more can go has a circle or lacks something.
    auto left = std::move(*opened);
    for (bool progress = true; progress && !left.empty();) {
        progress = false;
        for (auto it = left.begin(); it != left.end();) {
            const bool waits = std::any_of(left.begin(), left.end(), [&](const auto& other) {
                const PluginDesc& desc = it->second->desc();
                return std::any_of(
                    desc.dependencies, desc.dependencies + desc.dependency_count,
                    [&](const Dependency& d) { return other.second->name() == d.name; });
            });
            if (waits) {
                ++it;
                continue;
            }
            progress = true;
            auto placed = check_dependencies(it->second->desc(), it->second->label());
            if (placed) placed = place_now(it->second, it->first);
            if (!placed && it->first.required) {
                return Error{placed.error().status, "the required plugin " + it->first.name + ": " +
                                                        placed.error().message};
            }
            if (!placed) {
                log::warn("the optional plugin {} is left out: {}", it->first.name,
                          placed.error().message);
            }
            it = left.erase(it);
        }
    }
    if (!left.empty()) {
        std::string names;
        for (const auto& [config, library] : left)
            names += (names.empty() ? "" : ", ") + library->name();
        return Error{Status::invalid,
                     "these plugins depend on each other in a circle: " + names +
                         "; take one of these dependencies out of its GANTRY_PLUGIN(…)"};
    }
    if (drop_config_.on_drop != OnDrop::ignore) tell_of_others(drop_, loaded_);
    tell_of_shared_interfaces(loaded_);
    publish_snapshot();
    return Done{};
}

Result<Done> PluginManager::place_now(const std::shared_ptr<Library>& library,
                                      const PluginConfig& config) {
    const PluginDesc& desc = library->desc();
    const std::string name = library->name();
    Loaded loaded;
    loaded.config = config;
    loaded.config.name = name;
    loaded.library = library;
    loaded.since_wall = clock_.wall_now();
    loaded.dropped_file = library->file();
    if (desc.create_service != nullptr) {
        const auto order = facet_order(library, config, Facet::service, 0);
        loaded.vitals.push_back(order.vitals);
        auto added = rooms_.service->add(order);
        if (!added) return added.error();
    }
    for (std::uint32_t i = 0; desc.create_io != nullptr && i < rooms_.shards.size(); ++i) {
        const auto order = facet_order(library, config, Facet::io, i);
        loaded.vitals.push_back(order.vitals);
        auto added = rooms_.shards[i]->add(order);
        if (!added) {
            remove_now(name);
            return added.error();
        }
    }
    for (const WorldPlace& place : rooms_.worlds) {
        if (desc.create_world == nullptr || !rooms_.lists(place, name)) continue;
        world::World* const world = rooms_.workers[place.worker]->find(place.id);
        const auto order = world_order(library, config);
        loaded.vitals.push_back(order.options.vitals);
        auto added = world->add(order);
        if (!added) {
            remove_now(name);
            return added;
        }
    }
    log::info("loaded {} from {}", library->label(),
              library->file().empty() ? "this program" : library->file().string());
    loaded.partners = {name};
    loaded_.emplace(name, std::move(loaded));
    return Done{};
}

void PluginManager::remove_now(const std::string& plugin) {
    for (const WorldPlace& place : rooms_.worlds) {
        (void)rooms_.workers[place.worker]->find(place.id)->remove(plugin);
    }
    for (session::IoRoom* shard : rooms_.shards) (void)shard->remove(plugin);
    (void)rooms_.service->remove(plugin);
}

void PluginManager::publish_snapshot() {
    ManagerSnapshot next;
    for (const auto& [name, loaded] : loaded_) {
        PluginStatus status;
        status.name = name;
        status.version = loaded.library->version();
        status.generation = loaded.library->generation();
        status.state = loaded.state;
        status.facets = facet_names(loaded.library->desc().facets);
        status.file = loaded.library->file().string();
        status.build_id = loaded.library->build_id();
        status.required = loaded.config.required;
        status.since_wall = loaded.since_wall;
        status.error = loaded.error;
        status.failures = loaded.failures;
        if (loaded.trial) {
            status.trial = loaded.trial->library->label();
            status.trial_worlds = world_names(rooms_.worlds, loaded.trial->worlds);
            status.trial_with = others_of(loaded.trial->partners, name);
        }
        next.plugins.push_back(std::move(status));
    }
    next.generations = generations();
    next.candidates = drop_.all();
    next.swaps.assign(reports_.rbegin(), reports_.rend());
    next.counters = counters_;
    {
        const std::lock_guard lock{snapshot_mutex_};
        snapshot_ = std::move(next);
    }
    if (std::exchange(swap_ended_, false) && ends_told_) ends_told_();
}

void PluginManager::end(SwapReport& report, SwapOutcome how) {
    report.outcome = how;
    report.ended_wall = clock_.wall_now();
    swap_ended_ = true;
}

std::vector<GenerationStatus> PluginManager::generations() const {
    std::vector<GenerationStatus> list;
    const auto add = [&](const Library& library, const char* state, VitalsList vitals = {}) {
        GenerationStatus& one = list.emplace_back(status_of(library, state));
        one.counted_in = std::move(vitals);
        return &one;
    };
    for (const auto& [name, loaded] : loaded_) {
        const bool parked = loaded.state == PluginState::failed;
        GenerationStatus* const serves =
            add(*loaded.library, parked ? "parked" : "serves", loaded.vitals);
        serves->since_wall = loaded.since_wall;
        if (parked) serves->reason = loaded.error;
        if (loaded.trial) {
            const auto with = others_of(loaded.trial->partners, name);
            GenerationStatus* const tried =
                add(*loaded.trial->library, "trial", loaded.trial->vitals);
            tried->since_wall = loaded.trial->since_wall;
            if (!with.empty()) {
                tried->reason = fmt::format("is tried together with {}", fmt::join(with, ", "));
            }
        }
        if (loaded.previous) {  // since the one after it serves
            add(*loaded.previous, "predecessor", loaded.previous_vitals)->since_wall =
                loaded.since_wall;
        }
    }
    for (const Retiring& one : retiring_) add(*one.library, "leaving")->since_wall = one.since_wall;
    list.insert(list.end(), left_behind_.begin(), left_behind_.end());
    for (GenerationStatus& one : list) {
        const auto faults = counters_.faults_of.find(one.label);
        if (faults != counters_.faults_of.end()) one.faults = faults->second;
    }
    return list;
}

std::shared_ptr<const SwapReport> PluginManager::report_of(std::uint64_t ticket) const {
    const std::lock_guard lock{snapshot_mutex_};
    const auto& swaps = snapshot_.swaps;
    const auto found = std::find_if(swaps.begin(), swaps.end(),
                                    [ticket](const auto& one) { return one->ticket == ticket; });
    return found != swaps.end() ? *found : nullptr;
}

ManagerSnapshot PluginManager::snapshot() const {
    ManagerSnapshot copy;
    {
        const std::lock_guard lock{snapshot_mutex_};
        copy = snapshot_;
    }
    for (GenerationStatus& one : copy.generations) one.vitals = VitalsSum::of(one.counted_in);
    return copy;
}

}  // namespace gantry::plugin
