#include "host/route/state_store.h"

#include "host/core/log.h"

namespace gantry::route {

Status StateStore::put(Str name, Bytes bytes) noexcept {
    const std::uint64_t size = name.size + bytes.size;
    if (size > bytes_max_ - bytes_) return Status::limit;
    bytes_ += size;
    entries_[std::string{name.view()}] = {{bytes.data, bytes.data + bytes.size}, false};
    return Status::ok;
}

Bytes StateStore::get(Str name) noexcept {
    const auto found = entries_.find(name.view());
    if (found == entries_.end()) return {};
    found->second.read = true;
    return Bytes{std::span<const std::byte>{found->second.bytes}};
}

void StateStore::keep_unread(StateStore& older) {
    for (auto& [name, entry] : older.entries_) {
        if (!entry.read && !entries_.contains(name)) entries_.emplace(name, std::move(entry));
    }
}

std::shared_ptr<StateStore> save_state(Plugin& from, const std::string& label,
                                       std::uint64_t bytes_max) {
    auto* const saver = static_cast<StateTransfer*>(from.query(StateTransfer::interface_id));
    if (saver == nullptr) return nullptr;
    auto state = std::make_shared<StateStore>(label, bytes_max);
    const log::Scope who{label.c_str()};
    return saver->save(*state) == Status::ok ? state : nullptr;
}

Status hand_over_state(Plugin& from, Plugin& to, StateStore& through) {
    auto* const saver = static_cast<StateTransfer*>(from.query(StateTransfer::interface_id));
    auto* const restorer = static_cast<StateTransfer*>(to.query(StateTransfer::interface_id));
    if (saver == nullptr || restorer == nullptr) return Status::ok;
    if (const Status status = saver->save(through); status != Status::ok) return status;
    return restorer->restore(through);
}

}  // namespace gantry::route
