// Library: one generation of a plugin's code in this process, from its private copy over opening to
// the proof of leaving.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "host/platform/dynamic_library.h"
#include "host/plugin/gate.h"
#include "host/route/interface_uses.h"

namespace gantry::plugin {

/// What became of a library that was closed.
struct Unloaded {
    bool proved = false;        ///< no mapping of the file is left
    std::string reason;         ///< why it is still there
    platform::CodeRange range;  ///< where it was
};

/// A candidate's checked bytes in a file of their own, under a name nobody used before: the
/// original can be replaced at any time, and the loader never answers with old code. Nothing of it
/// has run.
class StagedLibrary {
public:
    /// [control]
    static Result<std::unique_ptr<StagedLibrary>> write(
        const Candidate& candidate, std::uint32_t generation,
        const std::filesystem::path& private_folder);
    ~StagedLibrary();  ///< removes the copy, unless a Library has taken it
    StagedLibrary(const StagedLibrary&) = delete;
    StagedLibrary& operator=(const StagedLibrary&) = delete;

    /// As in the file: its pointers mean nothing.
    const PluginDesc& desc() const noexcept { return image_.desc; }
    const std::string& name() const noexcept { return name_; }
    const std::string& version() const noexcept { return version_; }
    const std::string& label() const noexcept { return label_; }
    const std::filesystem::path& file() const noexcept { return file_; }
    const std::filesystem::path& copy() const noexcept { return copy_; }

private:
    friend class Library;
    StagedLibrary() = default;

    ElfImage image_;
    std::string name_;
    std::string version_;
    std::string label_;
    ContentHash content_hash_{};
    std::uint32_t generation_ = 0;
    std::filesystem::path file_;
    std::filesystem::path copy_;  // empty once it belongs to a Library
};

/// The descriptor of an open library. It may be shorter than this host's, when its SDK is older:
/// what is not there is zero, and nothing behind its end is read.
PluginDesc read_desc(const void* symbol) noexcept;

class Library {
public:
    /// Looks once more whether the copy is what was checked, and opens it. [control]
    static Result<std::shared_ptr<Library>> open(std::unique_ptr<StagedLibrary> staged);
    /// A plugin that is linked into this program; for tests.
    static std::shared_ptr<Library> linked(const PluginDesc& desc, std::uint32_t generation);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    /// Closes the library and looks whether it is really gone. Every instance must be destroyed.
    /// [control]
    Unloaded close();
    /// Its code faulted: it stays in memory, for what of it is still referenced nobody knows.
    void poison(std::string why) { poisoned_ = std::move(why); }
    /// Opened from a file, not linked into this program.
    bool is_file() const noexcept { return opened_ != nullptr; }
    const std::string& poisoned() const noexcept { return poisoned_; }
    /// Whoever still runs its code faults, and is named; close() ends it. False for a linked one.
    bool forbid() noexcept;

    const PluginDesc& desc() const noexcept { return *desc_; }
    const std::string& name() const noexcept { return name_; }
    const std::string& version() const noexcept { return version_; }
    std::uint32_t generation() const noexcept { return generation_; }
    /// "arena@1.0.0#1"
    const std::string& label() const noexcept { return label_; }
    const std::string& build_id() const noexcept { return build_id_; }
    const std::filesystem::path& file() const noexcept { return file_; }
    /// What its instances share with other plugins.
    const std::shared_ptr<route::InterfaceUses>& interfaces() const noexcept { return interfaces_; }
    /// The private copy that is open; empty for one that is linked into this program.
    const std::filesystem::path& copy() const noexcept { return shadow_file_; }

private:
    Library() = default;

    std::unique_ptr<platform::DynamicLibrary> opened_;
    const PluginDesc* desc_ = nullptr;
    PluginDesc own_desc_{};  // what desc_ points to, of one opened from a file
    std::string name_;
    std::string version_;
    std::string label_;
    std::string build_id_;
    std::uint32_t generation_ = 0;
    std::shared_ptr<route::InterfaceUses> interfaces_ = std::make_shared<route::InterfaceUses>();
    std::filesystem::path file_;         // where it came from
    std::filesystem::path shadow_file_;  // the copy that is open
    platform::CodeRange range_;
    std::string poisoned_;
    bool forbidden_ = false;
};

}  // namespace gantry::plugin
