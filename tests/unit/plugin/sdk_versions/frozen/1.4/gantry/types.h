// gantry/types.h: the plain types that cross the boundary. Fixed layout, no std types by value.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace gantry {

/// How a call ended. The number is part of the wire format of error replies (proto/README.md).
enum class Status : std::uint16_t {
    ok = 0,
    invalid = 1,         ///< the arguments or the bytes make no sense
    not_found = 2,       ///< no such id, name, session or entity (any more)
    already_exists = 3,  ///< somebody owns that name or id
    refused = 4,         ///< understood, and not allowed
    limit = 5,           ///< a configured limit is reached; nothing was stored
    unavailable = 6,     ///< not now: draining, absent, closed
    timeout = 7,
    cancelled = 8,
    internal = 9,  ///< the callee failed; its log line says how
    unsupported = 10,
};

/// The name of a status as it stands in logs: "not_found".
constexpr const char* status_name(Status status) noexcept {
    constexpr const char* names[] = {"ok",        "invalid",  "not_found",   "already_exists",
                                     "refused",   "limit",    "unavailable", "timeout",
                                     "cancelled", "internal", "unsupported"};
    const auto index = static_cast<std::size_t>(status);
    return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

/// Text across the boundary: pointer and length, not owned, valid for the call unless said
/// otherwise.
struct Str {
    const char* data = nullptr;
    std::uint64_t size = 0;

    constexpr Str() noexcept = default;
    constexpr Str(const char* text, std::uint64_t bytes) noexcept : data{text}, size{bytes} {}
    /// From whatever std::string_view can be made of: literals, std::string.
    template <class T>
    requires std::convertible_to<const T&, std::string_view>
    constexpr Str(const T& text) noexcept
        : data{std::string_view{text}.data()}, size{std::string_view{text}.size()} {}
    constexpr std::string_view view() const noexcept {
        return {data, static_cast<std::size_t>(size)};
    }
    constexpr operator std::string_view() const noexcept { return view(); }
};

/// Bytes across the boundary, with the same rules as Str.
struct Bytes {
    const std::byte* data = nullptr;
    std::uint64_t size = 0;

    constexpr Bytes() noexcept = default;
    constexpr Bytes(const std::byte* bytes, std::uint64_t count) noexcept
        : data{bytes}, size{count} {}
    constexpr Bytes(std::span<const std::byte> bytes) noexcept
        : data{bytes.data()}, size{bytes.size()} {}
    Bytes(std::string_view text) noexcept
        : data{reinterpret_cast<const std::byte*>(text.data())}, size{text.size()} {}
    constexpr std::span<const std::byte> span() const noexcept {
        return {data, static_cast<std::size_t>(size)};
    }
    std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
    }
};

/// A peer of the host across its connections. Never reused within a process; zero is nobody.
struct SessionId {
    std::uint64_t value = 0;
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(SessionId, SessionId) noexcept = default;
};

/// A world of this process; zero is none.
struct WorldId {
    std::uint32_t value = 0;
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(WorldId, WorldId) noexcept = default;
};

/// A row of a world: the low half is an index, the high half its generation. Zero is none.
struct Entity {
    std::uint64_t value = 0;
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(Entity, Entity) noexcept = default;
};

/// Nanoseconds of the host's monotonic clock. Never goes back; has no relation to the calendar.
using TimeNs = std::int64_t;
inline constexpr TimeNs ns_per_us = 1'000;
inline constexpr TimeNs ns_per_ms = 1'000'000;
inline constexpr TimeNs ns_per_s = 1'000'000'000;

}  // namespace gantry
