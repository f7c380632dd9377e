#include "host/platform/dynamic_library.h"

#include <link.h>

#include <algorithm>

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
namespace {

/// The loader's own sentence out of what Boost.DLL makes of it.
std::string loader_words(std::string text) {
    constexpr std::string_view before = "dlerror system message: ";
    if (const auto at = text.find(before); at != text.npos) text.erase(0, at + before.size());
    if (const auto end = text.rfind("): "); end != text.npos) text.erase(end);
    return text;
}

}  // namespace

struct DynamicLibrary::Handle {
    boost::dll::shared_library library;
};

Result<std::unique_ptr<DynamicLibrary>> DynamicLibrary::open(const std::filesystem::path& path) {
    auto handle = std::make_unique<Handle>();
    try {
        // The throwing overload keeps the loader's own words; the other one loses them.
        handle->library.load(path,
                             boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    } catch (const std::system_error& error) {
        return Error{Status::invalid, loader_words(error.what())};
    } catch (const std::exception& error) {
        return Error{Status::internal, std::string{"its static objects threw: "} + error.what()};
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

CodeRange DynamicLibrary::range_of(const void* symbol) noexcept {
    struct Search {
        std::uintptr_t symbol;
        CodeRange found;
    } search{reinterpret_cast<std::uintptr_t>(symbol), {}};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* context) {
            auto& find = *static_cast<Search*>(context);
            std::uintptr_t low = UINTPTR_MAX;
            std::uintptr_t high = 0;
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& part = info->dlpi_phdr[i];
                if (part.p_type != PT_LOAD) continue;
                low = std::min<std::uintptr_t>(low, info->dlpi_addr + part.p_vaddr);
                high =
                    std::max<std::uintptr_t>(high, info->dlpi_addr + part.p_vaddr + part.p_memsz);
            }
            if (find.symbol < low || find.symbol >= high) return 0;
            constexpr std::uintptr_t page = 4096;
            low &= ~(page - 1);
            high = (high + page - 1) & ~(page - 1);
            find.found = {reinterpret_cast<const std::byte*>(low), high - low};
            return 1;
        },
        &search);
    return search.found;
}

}  // namespace gantry::platform
