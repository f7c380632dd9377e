// DynamicLibrary: one opened .so or .dll. Boost.DLL opens it; nothing else in the tree does.
#pragma once
#include <filesystem>
#include <memory>

#include "host/core/result.h"
#include "host/platform/code_ranges.h"

namespace gantry::platform {

/// Opened now and local, so that a missing symbol is an error here and not at the first call. One
/// owner, never copied. The path must be unique among the libraries that are open: the loader
/// answers a path it knows with the code it already has.
class DynamicLibrary {
public:
    /// Runs the library's constructors; when they throw, the error is `internal` and the loader in
    /// no state to go on with. Any other error is the loader's own sentence. [control]
    static Result<std::unique_ptr<DynamicLibrary>> open(const std::filesystem::path& path);
    ~DynamicLibrary();
    DynamicLibrary(const DynamicLibrary&) = delete;
    DynamicLibrary& operator=(const DynamicLibrary&) = delete;

    /// The address of an exported object, or null.
    const void* symbol(const char* name) const noexcept;
    /// From its first mapped byte to its last, found by the address of one of its symbols.
    static CodeRange range_of(const void* symbol) noexcept;

private:
    struct Handle;
    explicit DynamicLibrary(std::unique_ptr<Handle> handle) noexcept;
    std::unique_ptr<Handle> handle_;
};

}  // namespace gantry::platform
