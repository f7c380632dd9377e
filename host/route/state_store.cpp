#include "host/route/state_store.h"

#include <algorithm>

#include "host/core/log.h"
#include "host/platform/given.h"

namespace gantry::route {

Status StateStore::put(Str name, Bytes bytes) noexcept {
    platform::look_at(name, bytes);
    const std::uint64_t size = name.size + bytes.size;
    if (size > bytes_max_ - bytes_) return Status::limit;
    bytes_ += size;
    entries_[std::string{name.view()}] = {{bytes.data, bytes.data + bytes.size}, false};
    return Status::ok;
}

Bytes StateStore::get(Str name) noexcept {
    platform::look_at(name);
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

std::string first_difference(StateStore& a, StateStore& b) {
    std::string name;
    const auto compare = [&name](StateStore& other) {
        return [&name, &other](std::string_view key, std::span<const std::byte> bytes) {
            const auto there = other.get(key).span();
            if (!std::equal(bytes.begin(), bytes.end(), there.begin(), there.end())) name = key;
        };
    };
    a.each(compare(b));
    b.each(compare(a));
    return name;
}

}  // namespace gantry::route
