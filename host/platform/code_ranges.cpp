#include "host/platform/code_ranges.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace gantry::platform {
namespace {

// One table for the process, for a signal handler has nothing else to look at. Written by the
// control thread alone; a reader that meets a slot under change tries again.
struct Slot {
    std::atomic<std::uint32_t> changes{0};  // odd while it is written
    std::atomic<const std::byte*> begin{nullptr};
    std::atomic<std::size_t> bytes{0};
    std::atomic<bool> retired{false};
    std::atomic<std::uint64_t> text[12] = {};
};
constexpr std::size_t slots_max = 256;
constinit Slot slots[slots_max];
constinit std::size_t next_slot = 0;

bool free_for_use(const Slot& slot) { return slot.begin.load() == nullptr || slot.retired.load(); }

// The executable pages of a library: what to forbid, and to allow again.
template <class Use>
bool each_code_segment(CodeRange range, Use use) {
    struct Search {
        CodeRange range;
        Use& use;
        bool good = true;
    } search{range, use};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* context) {
            auto& find = *static_cast<Search*>(context);
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& part = info->dlpi_phdr[i];
                if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
                const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
                const std::uintptr_t begin = (info->dlpi_addr + part.p_vaddr) & ~(page - 1);
                const std::uintptr_t end =
                    (info->dlpi_addr + part.p_vaddr + part.p_memsz + page - 1) & ~(page - 1);
                if (!find.range.contains(reinterpret_cast<const void*>(begin))) continue;
                find.good = find.use(reinterpret_cast<void*>(begin), end - begin) && find.good;
            }
            return 0;
        },
        &search);
    return search.good;
}

}  // namespace

CodeRange program_range() noexcept {
    static const CodeRange range = [] {
        CodeRange found;
        dl_iterate_phdr(
            [](dl_phdr_info* info, std::size_t, void* context) {  // the program comes first
                std::uintptr_t low = UINTPTR_MAX;
                std::uintptr_t high = 0;
                for (int i = 0; i < info->dlpi_phnum; ++i) {
                    const auto& part = info->dlpi_phdr[i];
                    if (part.p_type != PT_LOAD) continue;
                    low = std::min<std::uintptr_t>(low, info->dlpi_addr + part.p_vaddr);
                    high = std::max<std::uintptr_t>(high,
                                                    info->dlpi_addr + part.p_vaddr + part.p_memsz);
                }
                *static_cast<CodeRange*>(context) = {reinterpret_cast<const std::byte*>(low),
                                                     high - low};
                return 1;
            },
            &found);
        return found;
    }();
    return range;
}

void add_code(CodeRange range, std::string_view label) noexcept {
    for (std::size_t tries = 0; tries < slots_max; ++tries) {
        Slot& slot = slots[next_slot++ % slots_max];
        if (!free_for_use(slot)) continue;
        slot.changes.fetch_add(1);
        std::uint64_t words[12] = {};
        std::memcpy(words, label.data(), std::min(label.size(), sizeof words - 1));
        for (std::size_t i = 0; i < 12; ++i) slot.text[i].store(words[i]);
        slot.begin.store(range.begin);
        slot.bytes.store(range.bytes);
        slot.retired.store(false);
        slot.changes.fetch_add(1);
        break;
    }
    // Where it lies now, nothing retired lies any more.
    for (Slot& slot : slots) {
        const CodeRange old{slot.begin.load(), slot.bytes.load()};
        if (old.begin == nullptr || !slot.retired.load()) continue;
        if (old.begin < range.begin + range.bytes && range.begin < old.begin + old.bytes) {
            slot.changes.fetch_add(1);
            slot.begin.store(nullptr);
            slot.changes.fetch_add(1);
        }
    }
}

void retire_code(CodeRange range) noexcept {
    for (Slot& slot : slots) {
        if (slot.begin.load() == range.begin) slot.retired.store(true);
    }
}

CodeLabel code_at(const void* address) noexcept {
    for (const Slot& slot : slots) {
        for (int tries = 0; tries < 3; ++tries) {
            const std::uint32_t before = slot.changes.load();
            const CodeRange range{slot.begin.load(), slot.bytes.load()};
            if (range.begin == nullptr || !range.contains(address)) break;
            CodeLabel label;
            std::uint64_t words[12];
            for (std::size_t i = 0; i < 12; ++i) words[i] = slot.text[i].load();
            std::memcpy(label.text, words, sizeof words);
            label.retired = slot.retired.load();
            if (before % 2 == 0 && slot.changes.load() == before) return label;
        }
    }
    return {};
}

bool reserve_range(CodeRange range) noexcept {
    void* const begin = const_cast<std::byte*>(range.begin);
    void* const got =
        ::mmap(begin, range.bytes, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED) return false;
    if (got != begin) {  // an old system that does not know the flag
        ::munmap(got, range.bytes);
        return false;
    }
    return true;
}

void release_range(CodeRange range) noexcept {
    ::munmap(const_cast<std::byte*>(range.begin), range.bytes);
}

bool forbid_code(CodeRange range) noexcept {
    return each_code_segment(range, [](void* begin, std::size_t bytes) {
        return ::mprotect(begin, bytes, PROT_NONE) == 0;
    });
}

bool allow_code(CodeRange range) noexcept {
    return each_code_segment(range, [](void* begin, std::size_t bytes) {
        return ::mprotect(begin, bytes, PROT_READ | PROT_EXEC) == 0;
    });
}

}  // namespace gantry::platform
