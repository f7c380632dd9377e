// TreeWatch: tells which files of a folder, and of all folders in it, were written, moved or
// removed.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "gantry/types.h"
#include "host/core/result.h"
#include "host/platform/descriptor.h"

namespace gantry::platform {

/// A file counts when whoever wrote it has closed it. Links to folders are not followed. [one
/// thread]
class TreeWatch {
public:
    /// Whether a folder is looked into; asked for every one but the first.
    using Enters = std::function<bool(const std::filesystem::path& folder)>;

    /// `not_found` when there is no such folder, `limit` when there are more than can be watched.
    static Result<std::unique_ptr<TreeWatch>> open(const std::filesystem::path& folder,
                                                   Enters enters);

    struct Changes {
        std::set<std::filesystem::path> files;
        bool more = false;  ///< some are not told: any file may have changed
        bool empty() const noexcept { return files.empty() && !more; }
    };
    /// What has changed since the last call; never blocks.
    Changes take();
    /// Blocks until something may have changed, for `duration_max` at most.
    void wait(TimeNs duration_max);

    static constexpr std::size_t folders_max = 8192;
    static constexpr std::size_t files_max = 1024;  ///< told at once

private:
    struct Event;
    TreeWatch(std::filesystem::path folder, Enters enters, Descriptor events)
        : root_{std::move(folder)}, enters_{std::move(enters)}, events_{std::move(events)} {}
    Result<Done> add_tree(const std::filesystem::path& folder, Changes* files_in_it);
    Result<Done> add_folder(const std::filesystem::path& folder);
    void remove_tree(const std::filesystem::path& folder);
    void take_event(const Event& event, Changes& changes);

    std::filesystem::path root_;
    Enters enters_;
    Descriptor events_;
    std::map<int, std::filesystem::path> folders_;
};

}  // namespace gantry::platform
