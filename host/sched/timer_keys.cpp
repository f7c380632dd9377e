#include "host/sched/timer_keys.h"

#include <algorithm>
#include <functional>

#include "host/core/assert.h"

namespace gantry::sched {
namespace {

constexpr std::size_t buckets_min = 16;

std::size_t hash_of(std::string_view key) noexcept { return std::hash<std::string_view>{}(key); }

}  // namespace

std::uint32_t TimerKeys::find(std::string_view key, std::size_t hash) const noexcept {
    if (buckets_.empty()) return none;
    std::uint32_t at = buckets_[hash & (buckets_.size() - 1)];
    while (at != none && (keys_[at].hash != hash || keys_[at].text != key)) at = keys_[at].chain;
    return at;
}

std::uint32_t TimerKeys::first(std::string_view key) const noexcept {
    const std::uint32_t found = find(key, hash_of(key));
    return found == none ? none : keys_[found].first;
}

void TimerKeys::grow() {
    buckets_.assign(std::max(buckets_min, buckets_.size() * 2), none);
    for (std::uint32_t i = 0; i < keys_.size(); ++i) {
        if (keys_[i].first == none) continue;
        std::uint32_t& bucket = buckets_[keys_[i].hash & (buckets_.size() - 1)];
        keys_[i].chain = bucket;
        bucket = i;
    }
}

std::uint32_t TimerKeys::make(std::string_view key, std::size_t hash) {
    if (used_ >= buckets_.size()) grow();
    std::uint32_t made = free_;
    if (made == none) {
        made = static_cast<std::uint32_t>(keys_.size());
        keys_.emplace_back();
    } else {
        free_ = keys_[made].chain;
    }
    std::uint32_t& bucket = buckets_[hash & (buckets_.size() - 1)];
    keys_[made].text = key;
    keys_[made].hash = hash;
    keys_[made].chain = bucket;
    bucket = made;
    ++used_;
    return made;
}

void TimerKeys::drop(std::uint32_t key) noexcept {
    std::uint32_t* at = &buckets_[keys_[key].hash & (buckets_.size() - 1)];
    while (*at != key) at = &keys_[*at].chain;
    *at = keys_[key].chain;
    keys_[key].chain = free_;
    free_ = key;
    --used_;
}

void TimerKeys::link(std::uint32_t node, std::string_view key) {
    if (node >= links_.size()) links_.resize(std::size_t{node} + 1);
    GANTRY_ASSERT(links_[node].key == none);
    const std::size_t hash = hash_of(key);
    std::uint32_t found = find(key, hash);
    if (found == none) found = make(key, hash);
    Key& list = keys_[found];
    links_[node] = {none, list.last, found};
    (list.last == none ? list.first : links_[list.last].next) = node;
    list.last = node;
}

void TimerKeys::unlink(std::uint32_t node) noexcept {
    const Link link = links_[node];
    GANTRY_ASSERT(link.key != none);
    Key& list = keys_[link.key];
    (link.previous == none ? list.first : links_[link.previous].next) = link.next;
    (link.next == none ? list.last : links_[link.next].previous) = link.previous;
    links_[node] = {};
    if (list.first == none) drop(link.key);
}

}  // namespace gantry::sched
