#include "host/plugin/library.h"

#include <fmt/format.h>

#include "host/platform/maps.h"
#include "host/platform/shadow_copy.h"

namespace gantry::plugin {

Result<std::shared_ptr<Library>> Library::open(const Candidate& candidate, std::uint32_t generation,
                                               const std::filesystem::path& private_folder) {
    std::shared_ptr<Library> library{new Library};
    library->shadow_file_ = private_folder / fmt::format("{}.{}.{:016x}.so", candidate.name,
                                                         generation, candidate.content_hash);
    if (auto written = platform::write_new_file(library->shadow_file_, candidate.bytes); !written) {
        return written.error();
    }
    auto opened = platform::DynamicLibrary::open(library->shadow_file_);
    if (!opened) {
        platform::remove_file(library->shadow_file_);
        return Error{opened.error().status,
                     fmt::format("{}: cannot be opened: {}", candidate.file.string(),
                                 opened.error().message)};
    }
    library->opened_ = std::move(*opened);
    library->desc_ = static_cast<const PluginDesc*>(library->opened_->symbol("gantry_plugin"));
    if (library->desc_ == nullptr) {
        (void)library->close();
        return Error{Status::invalid,
                     candidate.file.string() + ": gantry_plugin is not there once opened"};
    }
    library->name_ = candidate.name;
    library->version_ = candidate.version_text;
    library->generation_ = generation;
    library->label_ = fmt::format("{}@{}#{}", library->name_, library->version_, generation);
    library->build_id_ = candidate.image.build_id;
    library->file_ = candidate.file;
    library->range_ = platform::DynamicLibrary::range_of(library->desc_);
    platform::add_code(library->range_, library->label_);
    return library;
}

std::shared_ptr<Library> Library::linked(const PluginDesc& desc, std::uint32_t generation) {
    std::shared_ptr<Library> library{new Library};
    library->desc_ = &desc;
    library->name_ = desc.name;
    library->version_ = desc.version;
    library->generation_ = generation;
    library->label_ = fmt::format("{}@{}#{}", library->name_, library->version_, generation);
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
