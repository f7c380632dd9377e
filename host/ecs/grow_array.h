// GrowArray: a plain array that doubles, in pages of its own once it is large.
#pragma once
#include <cstring>
#include <type_traits>
#include <utility>

#include "host/ecs/pages.h"

namespace gantry::ecs {

/// Elements move when it grows. New elements are undefined.
template <class T>
class GrowArray {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    GrowArray(const PageSource& pages, bool huge_pages) noexcept
        : pages_{&pages}, huge_pages_{huge_pages} {}
    ~GrowArray() { release(); }
    GrowArray(const GrowArray&) = delete;
    GrowArray& operator=(const GrowArray&) = delete;
    void swap(GrowArray& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        std::swap(paged_, other.paged_);
        std::swap(pages_, other.pages_);
        std::swap(huge_pages_, other.huge_pages_);
    }

    T* data() noexcept { return data_; }
    const T* data() const noexcept { return data_; }
    T& operator[](std::size_t index) noexcept { return data_[index]; }
    const T& operator[](std::size_t index) const noexcept { return data_[index]; }
    std::size_t capacity() const noexcept { return bytes_ / sizeof(T); }
    std::size_t bytes() const noexcept { return bytes_; }

    /// Room for at least `count` elements.
    void reserve(std::size_t count) {
        if (count * sizeof(T) <= bytes_) return;
        std::size_t bytes = bytes_ == 0 ? 512 : bytes_;
        while (bytes < count * sizeof(T)) bytes *= 2;
        const bool paged = bytes >= huge_page_bytes;
        std::byte* const grown = paged ? pages_->take(bytes, huge_pages_) : take_lines(bytes);
        if (bytes_ > 0) std::memcpy(grown, static_cast<const void*>(data_), bytes_);
        release();
        data_ = reinterpret_cast<T*>(grown);
        bytes_ = bytes;
        paged_ = paged;
    }

private:
    void release() noexcept {
        auto* const old = reinterpret_cast<std::byte*>(data_);
        if (old == nullptr) return;
        paged_ ? pages_->give(old, bytes_) : free_lines(old);
    }

    T* data_ = nullptr;
    std::size_t bytes_ = 0;
    bool paged_ = false;
    const PageSource* pages_;
    bool huge_pages_;
};

}  // namespace gantry::ecs
