#include "host/platform/dynamic_library.h"

#define BOOST_DLL_USE_STD_FS
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#include <boost/dll/shared_library.hpp>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace gantry::platform {

struct DynamicLibrary::Handle {
    boost::dll::shared_library library;
};

Result<std::unique_ptr<DynamicLibrary>> DynamicLibrary::open(const std::filesystem::path& path) {
    auto handle = std::make_unique<Handle>();
    try {
        // The throwing overload keeps the loader's own words; the other one loses them.
        handle->library.load(path,
                             boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    } catch (const std::exception& error) {
        return Error{Status::invalid, error.what()};
    }
    return std::unique_ptr<DynamicLibrary>{new DynamicLibrary{std::move(handle)}};
}

DynamicLibrary::DynamicLibrary(std::unique_ptr<Handle> handle) noexcept
    : handle_{std::move(handle)} {}
DynamicLibrary::~DynamicLibrary() = default;

const void* DynamicLibrary::symbol(const char* name) const noexcept {
    try {
        return handle_->library.has(name) ? &handle_->library.get<const char>(name) : nullptr;
    } catch (const std::exception&) {
        return nullptr;
    }
}

}  // namespace gantry::platform
