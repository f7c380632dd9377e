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
    work,     ///< on the pool
    outside,  ///< by the plugin, on a thread that is not its room's
};
constexpr const char* call_kind_name(CallKind kind) noexcept {
    constexpr const char* names[] = {"nothing", "start", "handler", "system",  "timer",
                                     "task",    "event", "session", "service", "swap",
                                     "layer",   "work",  "call of"};
    return names[static_cast<std::size_t>(kind)];
}

/// What one thread does now, for the watchdog. `number` grows at every change: as long as it stays
/// the same, so does the call.
struct CallSlot {
    std::atomic<std::uint64_t> number{0};
    std::atomic<std::uint32_t> owner{0};  ///< 0: none, the host's own code
    std::atomic<CallKind> kind{CallKind::none};

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
        if (slot_ == nullptr) return;
        owner_before_ = slot_->owner.load(std::memory_order_relaxed);
        kind_before_ = slot_->kind.load(std::memory_order_relaxed);
        change(owner.id, kind);
    }
    ~PluginCall() {
        if (slot_ != nullptr) change(owner_before_, kind_before_);
    }
    PluginCall(const PluginCall&) = delete;
    PluginCall& operator=(const PluginCall&) = delete;

private:
    void change(std::uint32_t owner, CallKind kind) noexcept {
        slot_->owner.store(owner, std::memory_order_relaxed);
        slot_->kind.store(kind, std::memory_order_relaxed);
        slot_->number.store(slot_->number.load(std::memory_order_relaxed) + 1,
                            std::memory_order_release);
    }

    log::Scope who_;
    CallSlot* slot_;
    std::uint32_t owner_before_ = 0;
    CallKind kind_before_ = CallKind::none;
};

}  // namespace gantry::core
