// ByteRing: a bounded queue of records between one producer thread and one consumer thread. No
// lock.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "host/core/assert.h"
#include "host/core/yield_point.h"

namespace gantry::core {

/// Records are contiguous and 8-aligned, so a consumer reads them in place. The producer publishes
/// and the consumer releases in batches: one shared store each, however many records.
class ByteRing {
public:
    struct Record {
        std::uint32_t kind = 0;
        std::span<std::byte> body;
    };

    /// `capacity_bytes` is rounded up to a power of two.
    explicit ByteRing(std::size_t capacity_bytes) {
        while (capacity_ < capacity_bytes) capacity_ *= 2;
        storage_ = std::make_unique<std::uint64_t[]>(capacity_ / 8);
    }

    std::size_t capacity_bytes() const noexcept { return capacity_; }
    /// The largest body a record can have, so that it fits wherever the ring happens to wrap.
    std::size_t body_bytes_max() const noexcept { return capacity_ / 4; }

    /// Producer: whether a record of that size could be pushed now, wherever the ring wraps.
    bool fits(std::size_t body_bytes) noexcept {
        return body_bytes <= body_bytes_max() &&
               has_room(2 * (header_bytes + round_up(body_bytes)));
    }
    /// Producer: room for one record, or an empty span when full. Fill it, then publish() some
    /// time. `kind` must not be zero.
    std::span<std::byte> push(std::uint32_t kind, std::size_t body_bytes) noexcept {
        GANTRY_ASSERT(kind != skip_kind && body_bytes <= body_bytes_max());
        const std::size_t need = header_bytes + round_up(body_bytes);
        std::size_t at = write_ & (capacity_ - 1);
        const std::size_t until_wrap = capacity_ - at;
        const std::size_t total = need <= until_wrap ? need : until_wrap + need;
        if (!has_room(total)) return {};
        if (need > until_wrap) {
            put_header(at, skip_kind, static_cast<std::uint32_t>(until_wrap - header_bytes));
            write_ += until_wrap;
            at = 0;
        }
        put_header(at, kind, static_cast<std::uint32_t>(body_bytes));
        write_ += need;
        last_ = Last{kind, at, write_ - round_up(body_bytes), body_bytes};
        last_.limit_bytes = last_limit();
        return {bytes() + at + header_bytes, body_bytes};
    }
    /// Producer: the body of the record pushed last, as long as it is of that kind and not
    /// published; else null.
    std::byte* last(std::uint32_t kind) noexcept {
        return last_.kind == kind ? bytes() + last_.at + header_bytes : nullptr;
    }
    /// Producer: so much more at the end of last(), which stays where it is; or null where there is
    /// no room.
    std::byte* grow_last(std::size_t more_bytes) noexcept {
        const std::size_t before = last_.body_bytes;
        if (before + more_bytes > last_.limit_bytes) [[unlikely]] {
            head_seen_ = head_.load(std::memory_order_acquire);
            last_.limit_bytes = last_limit();
            if (before + more_bytes > last_.limit_bytes) return nullptr;
        }
        last_.body_bytes = before + more_bytes;
        header_at(last_.at).body_bytes = static_cast<std::uint32_t>(last_.body_bytes);
        write_ = last_.body_begin + round_up(last_.body_bytes);
        return bytes() + last_.at + header_bytes + before;
    }
    /// Producer: makes all pushed records visible. True when something was.
    bool publish() noexcept {
        if (write_ == published_) return false;
        published_ = write_;
        last_.kind = skip_kind;
        yield_point();
        tail_.store(write_, std::memory_order_release);
        yield_point();
        return true;
    }

    /// Consumer: the next record, still owned by the ring until release().
    std::optional<Record> next() noexcept {
        for (;;) {
            if (read_ == tail_seen_) {
                yield_point();
                tail_seen_ = tail_.load(std::memory_order_acquire);
                if (read_ == tail_seen_) return std::nullopt;
            }
            const std::size_t at = read_ & (capacity_ - 1);
            const Header header = header_at(at);
            read_ += header_bytes + round_up(header.body_bytes);
            if (read_ != tail_seen_) fetch_ahead(read_ & (capacity_ - 1));
            if (header.kind == skip_kind) continue;
            return Record{header.kind, {bytes() + at + header_bytes, header.body_bytes}};
        }
    }
    /// Consumer: gives everything read so far back to the producer. True when something was.
    bool release() noexcept {
        if (read_ == released_) return false;
        released_ = read_;
        yield_point();
        head_.store(read_, std::memory_order_release);
        yield_point();
        return true;
    }
    /// True when nothing published is left to read. [consumer]
    bool empty() noexcept {
        if (read_ == tail_seen_) tail_seen_ = tail_.load(std::memory_order_acquire);
        return read_ == tail_seen_;
    }

private:
    static constexpr std::uint32_t skip_kind = 0;
    struct Header {
        std::uint32_t kind;
        std::uint32_t body_bytes;
    };
    struct Last {
        std::uint32_t kind = skip_kind;  // that: it is published, or there is none
        std::size_t at = 0;              // where it begins in the storage
        std::size_t body_begin = 0;      // as write_ counts
        std::size_t body_bytes = 0;
        std::size_t limit_bytes = 0;
    };
    static constexpr std::size_t header_bytes = sizeof(Header);

    static constexpr std::size_t round_up(std::size_t n) noexcept {
        return (n + 7) & ~std::size_t{7};
    }
    std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(storage_.get()); }
    Header& header_at(std::size_t at) noexcept { return *reinterpret_cast<Header*>(bytes() + at); }
    void put_header(std::size_t at, std::uint32_t kind, std::uint32_t body_bytes) noexcept {
        header_at(at) = Header{kind, body_bytes};
    }
    /// The next record lies in the producer's cache: it comes over while this one is handled.
    void fetch_ahead(std::size_t at) noexcept {
        __builtin_prefetch(bytes() + at);
        __builtin_prefetch(bytes() + ((at + 64) & (capacity_ - 1)));
    }
    /// How large the body of the last record may become: whole where it is, and in what is free.
    std::size_t last_limit() const noexcept {
        const std::size_t free = capacity_ - (last_.body_begin - head_seen_);
        return std::min({body_bytes_max(), capacity_ - last_.at - header_bytes, free});
    }
    bool has_room(std::size_t need) noexcept {
        if (capacity_ - (write_ - head_seen_) >= need) return true;
        head_seen_ = head_.load(std::memory_order_acquire);
        return capacity_ - (write_ - head_seen_) >= need;
    }

    std::size_t capacity_ = 4096;
    std::unique_ptr<std::uint64_t[]> storage_;
    alignas(64) std::atomic<std::size_t> tail_{0};  // written by the producer
    alignas(64) std::atomic<std::size_t> head_{0};  // written by the consumer
    alignas(64) std::size_t write_ = 0;             // producer's own
    std::size_t published_ = 0;
    Last last_;
    std::size_t head_seen_ = 0;
    alignas(64) std::size_t read_ = 0;  // consumer's own
    std::size_t released_ = 0;
    std::size_t tail_seen_ = 0;
};

}  // namespace gantry::core
