// DropFolder: the libraries that lie in the folder people drop them into.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/types.h"
#include "host/platform/folder_watch.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/gate.h"

namespace gantry::plugin {

/// One file of the folder, as it was when it had settled.
struct Dropped {
    std::filesystem::path file;
    std::string name;  ///< of the plugin; empty when refused
    std::string version;
    std::string build_id;
    std::string error;  ///< why it cannot be taken, or empty
};

/// Only regular `*.so` files directly in the folder count. A file counts once it has stopped
/// changing: a half-written library is never shown. [control]
class DropFolder {
public:
    explicit DropFolder(std::filesystem::path folder, GateRules rules = {})
        : folder_{std::move(folder)}, rules_{std::move(rules)} {}

    /// What has changed since the last look.
    struct Changes {
        std::vector<Dropped> came;  ///< new, or with new content
        std::vector<std::filesystem::path> gone;
    };
    Changes look(TimeNs now);
    /// That file, if it lies here and is that build, is old news: look() does not report it.
    void know(const std::filesystem::path& file, std::string_view build_id);
    /// When look() is wanted next although nothing is reported; `never` otherwise.
    TimeNs next_due() const noexcept { return next_due_; }

    /// All that are there now, refused ones too.
    std::vector<Dropped> all() const;
    /// The newest version of a plugin, or null.
    const Dropped* newest(std::string_view plugin) const;
    const Dropped* find(std::string_view plugin, std::string_view version) const;
    const std::filesystem::path& folder() const noexcept { return folder_; }

    static constexpr TimeNs settle_time = 100 * ns_per_ms;
    static constexpr TimeNs rescan_time = ns_per_s;  ///< where the system cannot tell of changes
    static constexpr std::size_t files_max = 1024;

private:
    struct Entry {
        platform::FileStamp stamp;
        platform::FileStamp signature;  ///< of the file beside it; may come later
        TimeNs stable_since = 0;
        bool shown = false;
        Dropped dropped;
    };
    bool due(TimeNs now);
    /// Whether it is there; begins to settle when it has changed.
    bool refresh(Entry& entry, const std::filesystem::path& file, TimeNs now);
    void show(Entry& entry, const std::filesystem::path& file);

    std::filesystem::path folder_;
    GateRules rules_;
    std::unique_ptr<platform::FolderWatch> watch_;
    std::map<std::filesystem::path, Entry> entries_;
    TimeNs next_due_ = 0;
};

}  // namespace gantry::plugin
