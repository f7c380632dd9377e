#include "host/route/protected_store.h"

#include <algorithm>

namespace gantry::route {

Status ProtectedStore::raise(std::uint64_t key, std::uint64_t value, TimeNs until, TimeNs now) {
    if (until <= now) return Status::invalid;
    forget(now);
    const auto found = numbers_.find(key);
    if (found == numbers_.end()) {
        if (numbers_.size() >= numbers_max_) {
            refused_until_ = std::max(refused_until_, until);
            return Status::limit;
        }
        numbers_.emplace(key, Number{value, until, now < refused_until_});
        ends_.emplace(until, key);
        return Status::ok;
    }
    Number& number = found->second;
    number.value = std::max(number.value, value);
    if (until > number.until) {
        ends_.erase({number.until, key});
        ends_.emplace(until, key);
        number.until = until;
    }
    return Status::ok;
}

std::uint64_t ProtectedStore::raised(std::uint64_t key, TimeNs now) const {
    const auto found = numbers_.find(key);
    const bool kept = found != numbers_.end() && now < found->second.until;
    if (now < refused_until_ && (!kept || found->second.doubtful)) return unknown;
    return kept ? found->second.value : 0;
}

void ProtectedStore::forget(TimeNs now) {
    while (!ends_.empty() && ends_.begin()->first <= now) {
        numbers_.erase(ends_.begin()->second);
        ends_.erase(ends_.begin());
    }
}

}  // namespace gantry::route
