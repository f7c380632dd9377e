// TimerKeys: which timers share a key, as lists in pooled memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::sched {

/// Nodes are the numbers of timers; each is in at most one list, in the order of linking. Linking
/// and unlinking take constant time however many share the key, and allocate nothing once the most
/// keys at a time have been seen. [world]
class TimerKeys {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    void link(std::uint32_t node, std::string_view key);
    void unlink(std::uint32_t node) noexcept;

    /// The first node under the key, then next(); none at the end.
    std::uint32_t first(std::string_view key) const noexcept;
    std::uint32_t next(std::uint32_t node) const noexcept { return links_[node].next; }
    std::uint32_t keys() const noexcept { return used_; }

private:
    struct Link {
        std::uint32_t next = none;
        std::uint32_t previous = none;
        std::uint32_t key = none;
    };
    struct Key {
        std::string text;  // keeps its capacity from one use to the next
        std::size_t hash = 0;
        std::uint32_t first = none;
        std::uint32_t last = none;
        std::uint32_t chain = none;  // the next key of the bucket, or of the free ones
    };

    std::uint32_t find(std::string_view key, std::size_t hash) const noexcept;
    std::uint32_t make(std::string_view key, std::size_t hash);
    void drop(std::uint32_t key) noexcept;
    void grow();

    std::vector<Link> links_;  // by node
    std::vector<Key> keys_;
    std::vector<std::uint32_t> buckets_;  // a power of two
    std::uint32_t free_ = none;
    std::uint32_t used_ = 0;
};

}  // namespace gantry::sched
