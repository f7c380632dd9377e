// PluginCall: a thread is in a plugin's code, and everybody can see whose.
#pragma once
#include <atomic>
#include <cstdint>

#include "host/core/log.h"
#include "host/core/owner.h"

namespace gantry::core {

/// What a plugin is called for.
enum class CallKind : std::uint8_t {
    none,
    start,  ///< its making, its beginning and its end
    handler,
    system,
    timer,
    task,
    event,
    session,
    service,
    swap,
    layer,
    transport,
    work,     ///< on the pool
    outside,  ///< by the plugin, on a thread that is not its room's
};
constexpr const char* call_kind_name(CallKind kind) noexcept {
    constexpr const char* names[] = {"nothing", "start",     "handler", "system",  "timer",
                                     "task",    "event",     "session", "service", "swap",
                                     "layer",   "transport", "work",    "call of"};
    return names[static_cast<std::size_t>(kind)];
}

/// What one thread does now, for the watchdog. `number` grows at every change: as long as it stays
/// the same, so does the call.
struct CallSlot {
    std::atomic<std::uint64_t> number{0};
    std::atomic<std::uint64_t> call{0};  ///< its owner's id and kind; 0: none, the host's own code

    static constexpr std::uint64_t call_of(std::uint32_t owner, CallKind kind) noexcept {
        return std::uint64_t{owner} << 8 | static_cast<std::uint8_t>(kind);
    }
    static std::uint32_t owner_of(std::uint64_t call) noexcept {
        return static_cast<std::uint32_t>(call >> 8);
    }
    static CallKind kind_of(std::uint64_t call) noexcept {
        return static_cast<CallKind>(call & 0xff);
    }
    /// [its thread]
    void change(std::uint64_t to) noexcept {
        call.store(to, std::memory_order_relaxed);
        number.store(number.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    /// The slot of this thread from now on; null for none.
    static void use(CallSlot* slot) noexcept { here_ = slot; }
    static CallSlot* here() noexcept { return here_; }

private:
    static inline constinit thread_local CallSlot* here_ = nullptr;
};

/// Around every call into a plugin. Calls nest: a handler emits, another plugin's subscriber runs.
class PluginCall {
public:
    PluginCall(const Owner& owner, CallKind kind) noexcept
        : who_{owner.label.c_str()}, slot_{CallSlot::here()} {
        CallSlot* const slot = slot_;
        if (slot == nullptr) return;
        before_ = slot->call.load(std::memory_order_relaxed);
        slot->change(CallSlot::call_of(owner.id, kind));
    }
    ~PluginCall() {
        if (slot_ != nullptr) slot_->change(before_);
    }
    PluginCall(const PluginCall&) = delete;
    PluginCall& operator=(const PluginCall&) = delete;

private:
    log::Scope who_;
    CallSlot* slot_;
    std::uint64_t before_ = 0;
};

}  // namespace gantry::core
