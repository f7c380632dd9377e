// InterfaceUses: which services a library offers or asks for, and as which C++ types.
#pragma once
#include <compare>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace gantry::route {

struct InterfaceUse {
    std::string service;    ///< "chat.filter/1"
    std::string type;       ///< "chat::Filter"
    bool provides = false;  ///< else it asks for it

    friend auto operator<=>(const InterfaceUse&, const InterfaceUse&) = default;
};

/// What all instances of one library have declared. [any thread]
class InterfaceUses {
public:
    /// Beyond `uses_max` nothing is added: a plugin that makes up names must not fill the memory.
    void add(InterfaceUse use) {
        const std::lock_guard lock{mutex_};
        if (uses_.size() < uses_max) uses_.insert(std::move(use));
    }
    std::vector<InterfaceUse> list() const {
        const std::lock_guard lock{mutex_};
        return {uses_.begin(), uses_.end()};
    }

    static constexpr std::size_t uses_max = 1024;

private:
    mutable std::mutex mutex_;
    std::set<InterfaceUse> uses_;
};

}  // namespace gantry::route
