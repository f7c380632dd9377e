// FolderWatch: tells that something in a folder changed. What changed is found by looking again.
#pragma once
#include <filesystem>
#include <memory>

#include "host/core/result.h"

namespace gantry::platform {

class FolderWatch {
public:
    /// `not_found` when there is no such folder. [control]
    static Result<std::unique_ptr<FolderWatch>> open(const std::filesystem::path& folder);
    ~FolderWatch();
    FolderWatch(const FolderWatch&) = delete;
    FolderWatch& operator=(const FolderWatch&) = delete;

    /// True once after any number of changes; never blocks. An overflow of the system's queue
    /// counts as a change, for the caller looks at the whole folder anyway. [control]
    bool changed() noexcept;

private:
    explicit FolderWatch(int descriptor) noexcept : descriptor_{descriptor} {}
    int descriptor_;
};

}  // namespace gantry::platform
