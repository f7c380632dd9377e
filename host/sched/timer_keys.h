// TimerKeys: the timers under each (owner, key), as lists in pooled memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gantry::sched {

using OwnerId = std::uint32_t;

/// A timer's sub-key: never given twice by one Timers. Zero is none.
struct TimerId {
    std::uint64_t value = 0;
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(TimerId, TimerId) noexcept = default;
};

/// Nodes are the numbers of timers; each is in at most one list. Lists keep the order of linking.
/// [room]
class TimerKeys {
public:
    static constexpr std::uint32_t none = 0xffffffffu;

    void resize(std::uint32_t count) { links_.resize(count); }
    void link(std::uint32_t node, OwnerId owner, std::string_view key);
    void unlink(std::uint32_t node);

    /// First node under the key, then next(); none at the end.
    std::uint32_t first(OwnerId owner, std::string_view key) const noexcept;
    std::uint32_t next(std::uint32_t node) const noexcept { return links_[node].next; }
    std::uint64_t count(OwnerId owner, std::string_view key) const noexcept;
    /// The key of a linked node; valid until it is unlinked.
    std::string_view key(std::uint32_t node) const noexcept { return keys_[links_[node].key].text; }
    std::uint64_t owned(OwnerId owner) const noexcept;

private:
    struct Link {
        std::uint32_t next = none;
        std::uint32_t previous = none;
        std::uint32_t key = none;
    };
    struct Key {
        std::string text;  // keeps its capacity from one use to the next
        std::uint64_t hash = 0;
        OwnerId owner = 0;
        std::uint32_t first = none;
        std::uint32_t last = none;
        std::uint32_t count = 0;
        std::uint32_t chain = none;
    };

    std::uint32_t find(OwnerId owner, std::string_view key, std::uint64_t hash) const noexcept;
    std::uint32_t make(OwnerId owner, std::string_view key, std::uint64_t hash);
    void grow_buckets();

    std::vector<Link> links_;
    std::vector<Key> keys_;
    std::vector<std::uint32_t> free_keys_;
    std::vector<std::uint32_t> buckets_;
    std::unordered_map<OwnerId, std::uint64_t> owned_;  // one entry an owner; not dropped at zero
    std::uint32_t used_keys_ = 0;
};

}  // namespace gantry::sched
