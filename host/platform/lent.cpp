#include "host/platform/lent.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#include "host/core/sanitized.h"

namespace gantry::platform {
namespace {

constexpr std::size_t page_bytes = 4096;
// Into the page, so that a table of functions that is read there lies within it on both sides.
constexpr std::size_t page_middle = 1024;

/// What is gone, each with a page of addresses where nothing is.
class Gone {
public:
    Gone() {
        void* const got = ::mmap(nullptr, Lent::kept_max * page_bytes, PROT_NONE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got != MAP_FAILED) pages_ = static_cast<std::byte*>(got);
    }

    void keep(void* object, std::size_t bytes, std::string what) {
        void* oldest = object;  // where there are no pages
        if (pages_ != nullptr) {
            const std::lock_guard lock{mutex_};
            const std::size_t place = next_++ % Lent::kept_max;
            std::byte* const nowhere = pages_ + place * page_bytes + page_middle;
            std::fill_n(static_cast<std::byte**>(object), bytes / sizeof nowhere, nowhere);
            oldest = std::exchange(kept_[place].memory, object);
            kept_[place].what = std::move(what);
        }
        ::operator delete(oldest);
    }

    std::optional<std::string> at(const void* address) {
        const std::lock_guard lock{mutex_};
        const auto from_begin =
            reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(pages_);
        const std::size_t place = from_begin / page_bytes;
        if (pages_ == nullptr || place >= std::min(next_, Lent::kept_max)) return {};
        return kept_[place].what;
    }

private:
    struct Kept {
        void* memory = nullptr;
        std::string what;
    };
    std::byte* pages_ = nullptr;
    std::mutex mutex_;
    std::array<Kept, Lent::kept_max> kept_;
    std::size_t next_ = 0;
};

// For the process, as the memory is, and never destroyed: objects may go after main.
Gone& gone() {
    static Gone& all = *new Gone;
    return all;
}

// Of the object whose last destructor has just run on this thread. Plain bytes, for that may be
// after main.
constinit thread_local char what_goes[96] = {};

}  // namespace

Lent::~Lent() { what_goes[what_.copy(what_goes, sizeof what_goes - 1)] = 0; }

void* Lent::operator new(std::size_t bytes) { return ::operator new(bytes); }

void Lent::operator delete(void* object, std::size_t bytes) noexcept {
    if constexpr (core::sanitized) {
        ::operator delete(object);
    } else {
        gone().keep(object, bytes, what_goes);
    }
}

std::optional<std::string> gone_at(const void* address) { return gone().at(address); }

}  // namespace gantry::platform
