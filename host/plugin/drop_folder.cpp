#include "host/plugin/drop_folder.h"

#include <algorithm>

#include "host/plugin/version.h"

namespace gantry::plugin {
namespace {

Dropped examine(const std::filesystem::path& file, const GateRules& rules) {
    Dropped dropped;
    dropped.file = file;
    const auto candidate = inspect(file, rules);
    if (!candidate) {
        dropped.error = candidate.error().message;
        return dropped;
    }
    dropped.name = candidate->name;
    dropped.version = candidate->version_text;
    dropped.build_id = candidate->image.build_id;
    return dropped;
}

}  // namespace

bool DropFolder::due(TimeNs now) {
    if (!watch_) {
        if (auto opened = platform::FolderWatch::open(folder_)) {
            watch_ = std::move(*opened);
            return true;
        }
    }
    const bool told = watch_ != nullptr && watch_->changed();
    return told || now >= next_due_;
}

bool DropFolder::refresh(Entry& entry, const std::filesystem::path& file, TimeNs now) {
    const auto stamp = platform::file_stamp(file);
    if (!stamp) return false;
    const auto beside = platform::file_stamp(signature_file(file));
    const platform::FileStamp signature = beside ? *beside : platform::FileStamp{};
    if (!(entry.stamp == *stamp) || !(entry.signature == signature)) {
        entry = Entry{};
        entry.stamp = *stamp;
        entry.signature = signature;
        entry.stable_since = now;
    }
    return true;
}

void DropFolder::show(Entry& entry, const std::filesystem::path& file) {
    entry.dropped = examine(file, rules_);
    entry.shown = true;
}

void DropFolder::know(const std::filesystem::path& file, std::string_view build_id) {
    const std::filesystem::path here = folder_ / file.filename();
    std::error_code error;
    if (!std::filesystem::equivalent(here, file, error)) return;
    Entry known;
    if (!refresh(known, here, 0)) return;
    show(known, here);
    if (known.dropped.build_id == build_id) entries_[here] = std::move(known);
}

DropFolder::Changes DropFolder::look(TimeNs now) {
    Changes changes;
    if (!due(now)) return changes;
    next_due_ = now + rescan_time;

    std::error_code error;
    std::vector<std::filesystem::path> present;
    for (auto it = std::filesystem::directory_iterator{folder_, error};
         !error && it != std::filesystem::directory_iterator{} && present.size() < files_max;
         it.increment(error)) {
        if (it->path().extension() == ".so") present.push_back(it->path());
    }
    std::sort(present.begin(), present.end());

    for (const auto& file : present) {
        Entry& entry = entries_[file];
        if (!refresh(entry, file, now) || entry.shown) continue;
        if (now - entry.stable_since < settle_time) {
            next_due_ = std::min(next_due_, entry.stable_since + settle_time);
            continue;
        }
        show(entry, file);
        changes.came.push_back(entry.dropped);
    }
    for (auto it = entries_.begin(); it != entries_.end();) {
        if (std::binary_search(present.begin(), present.end(), it->first)) {
            ++it;
        } else {
            changes.gone.push_back(it->first);
            it = entries_.erase(it);
        }
    }
    return changes;
}

std::vector<Dropped> DropFolder::all() const {
    std::vector<Dropped> list;
    for (const auto& [file, entry] : entries_) {
        if (entry.shown) list.push_back(entry.dropped);
    }
    return list;
}

const Dropped* DropFolder::newest(std::string_view plugin) const {
    const Dropped* best = nullptr;
    for (const auto& [file, entry] : entries_) {
        if (!entry.shown || !entry.dropped.error.empty() || entry.dropped.name != plugin) continue;
        const auto version = Version::parse(entry.dropped.version);
        if (best == nullptr || *Version::parse(best->version) < *version) best = &entry.dropped;
    }
    return best;
}

const Dropped* DropFolder::find(std::string_view plugin, std::string_view version) const {
    for (const auto& [file, entry] : entries_) {
        if (entry.shown && entry.dropped.name == plugin && entry.dropped.version == version) {
            return &entry.dropped;
        }
    }
    return nullptr;
}

}  // namespace gantry::plugin
