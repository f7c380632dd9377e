#include "host/plugin/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/platform/maps.h"
#include "host/platform/shadow_copy.h"

namespace gantry::plugin {

namespace {

std::string label_of(const std::string& name, const std::string& version,
                     std::uint32_t generation) {
    return fmt::format("{}@{}#{}", name, version, generation);
}

}  // namespace

PluginDesc read_desc(const void* symbol) noexcept {
    std::uint32_t size = 0;
    std::memcpy(&size, static_cast<const std::byte*>(symbol) + offsetof(PluginDesc, size),
                sizeof size);
    PluginDesc desc{};
    std::memcpy(&desc, symbol, std::min<std::size_t>(size, sizeof desc));
    return desc;
}

Result<std::unique_ptr<StagedLibrary>> StagedLibrary::write(
    const Candidate& candidate, std::uint32_t generation,
    const std::filesystem::path& private_folder) {
    std::unique_ptr<StagedLibrary> staged{new StagedLibrary};
    const auto copy = private_folder / fmt::format("{}.{}.{:.16}.so", candidate.name, generation,
                                                   to_hex(candidate.content_hash));
    if (auto written = platform::write_new_file(copy, candidate.bytes); !written) {
        return written.error();
    }
    staged->image_ = candidate.image;
    staged->name_ = candidate.name;
    staged->version_ = candidate.version_text;
    staged->label_ = label_of(candidate.name, candidate.version_text, generation);
    staged->content_hash_ = candidate.content_hash;
    staged->generation_ = generation;
    staged->file_ = candidate.file;
    staged->copy_ = copy;
    return staged;
}

StagedLibrary::~StagedLibrary() {
    if (!copy_.empty()) platform::remove_file(copy_);
}

Result<std::shared_ptr<Library>> Library::open(std::unique_ptr<StagedLibrary> staged) {
    const auto bytes = platform::read_library(staged->copy_);
    if (!bytes) return bytes.error();
    if (content_hash(*bytes) != staged->content_hash_) {
        return Error{Status::refused,
                     fmt::format("{}: its private copy {} is not what was checked; find out who "
                                 "writes there, and swap again",
                                 staged->file_.string(), staged->copy_.string())};
    }
    auto opened = platform::DynamicLibrary::open(staged->copy_);
    if (!opened) {
        return Error{opened.error().status,
                     fmt::format("{}: cannot be opened: {}; mend that, and build it anew",
                                 staged->file_.string(), opened.error().message)};
    }
    std::shared_ptr<Library> library{new Library};
    library->shadow_file_ = std::exchange(staged->copy_, {});
    library->opened_ = std::move(*opened);
    const void* const symbol = library->opened_->symbol("gantry_plugin");
    if (symbol == nullptr) {
        (void)library->close();
        return Error{Status::invalid, staged->file_.string() +
                                          ": gantry_plugin is not there once it is opened; link it "
                                          "with the SDK's plugin.map"};
    }
    library->own_desc_ = read_desc(symbol);
    library->desc_ = &library->own_desc_;
    library->name_ = staged->name_;
    library->version_ = staged->version_;
    library->generation_ = staged->generation_;
    library->label_ = staged->label_;
    library->build_id_ = staged->image_.build_id;
    library->file_ = staged->file_;
    library->range_ = platform::DynamicLibrary::range_of(symbol);
    platform::add_code(library->range_, library->label_);
    return library;
}

std::shared_ptr<Library> Library::linked(const PluginDesc& desc, std::uint32_t generation) {
    std::shared_ptr<Library> library{new Library};
    library->desc_ = &desc;
    library->name_ = desc.name;
    library->version_ = desc.version;
    library->generation_ = generation;
    library->label_ = label_of(library->name_, library->version_, generation);
    return library;
}

Library::~Library() { (void)close(); }

bool Library::forbid() noexcept {
    if (!opened_) return false;
    forbidden_ = platform::forbid_code(range_);
    return forbidden_;
}

Unloaded Library::close() {
    if (!opened_) return {true, {}, {}};
    if (forbidden_) platform::allow_code(range_);  // what ends it still has to run
    opened_.reset();
    Unloaded result;
    result.range = range_;
    const std::uint32_t left = platform::mapping_count(shadow_file_);
    result.proved = left == 0;
    if (result.proved) platform::retire_code(range_);
    if (!result.proved) {
        result.reason = fmt::format(
            "{} still has {} mappings after it was closed: something of it is "
            "referenced by the process",
            label_, left);
    }
    platform::remove_file(shadow_file_);
    return result;
}

}  // namespace gantry::plugin
