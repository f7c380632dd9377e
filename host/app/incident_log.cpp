#include "host/app/incident_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/core/log.h"

namespace gantry::app {
namespace {

using Json = nlohmann::ordered_json;

std::string utc(TimeNs wall, const char* format) {
    const auto seconds = static_cast<std::time_t>(wall / 1'000'000'000);
    return fmt::format(fmt::runtime(fmt::format("{{:{}}}", format)), fmt::gmtime(seconds));
}

std::string to_text(const plugin::Incident& incident) {
    Json out;
    out["at"] = utc(incident.at_wall, "%Y-%m-%dT%H:%M:%SZ");
    out["kind"] = incident.kind;
    out["plugin"] = incident.plugin;
    out["what"] = incident.what;
    out["where"] = incident.where;
    out["stack"] = incident.stack;
    if (!incident.stack_note.empty()) out["stack_note"] = incident.stack_note;
    if (!incident.went_back_to.empty()) out["went_back_to"] = incident.went_back_to;
    if (!incident.with.empty()) out["with"] = incident.with;
    if (incident.live_ms > 0) out["live_ms"] = incident.live_ms;
    out["changes"] = incident.changes;
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Names begin with the time, so the first in order is the oldest.
void drop_oldest(const std::filesystem::path& folder, std::size_t files_max) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (auto it = std::filesystem::directory_iterator{folder, error};
         !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
        if (it->path().extension() == ".json") files.push_back(it->path());
    }
    if (files.size() <= files_max) return;
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i < files.size() - files_max; ++i) {
        std::filesystem::remove(files[i], error);
    }
}

}  // namespace

void IncidentLog::incident(const plugin::Incident& incident) {
    std::uint64_t number = 0;
    {
        const std::lock_guard lock{mutex_};
        number = ++count_;
        kept_.push_front(incident);
        if (kept_.size() > kept_max) kept_.pop_back();
    }
    if (folder_.empty()) return;
    std::string name = fmt::format("{}-{:06}-{}-{}.json", utc(incident.at_wall, "%Y%m%dT%H%M%S"),
                                   number, incident.plugin, incident.kind);
    std::replace(name.begin(), name.end(), '/', '_');
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    const std::filesystem::path file = folder_ / name;
    std::ofstream out{file, std::ios::trunc};
    out << to_text(incident);
    out.close();
    if (!out) {
        log::error("the incident cannot be written to {}", file.string());
        return;
    }
    log::warn("incident: {}", file.string());
    drop_oldest(folder_, files_max_);
}

std::vector<plugin::Incident> IncidentLog::latest() const {
    const std::lock_guard lock{mutex_};
    return {kept_.begin(), kept_.end()};
}

std::uint64_t IncidentLog::count() const {
    const std::lock_guard lock{mutex_};
    return count_;
}

}  // namespace gantry::app
