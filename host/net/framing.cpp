#include "host/net/framing.h"

#include <cstring>

#include "host/net/little_endian.h"

namespace gantry::net {

namespace {

struct Name {
    Framing framing;
    const char* text;
};
constexpr Name names[] = {{Framing::gantry, "gantry"}, {Framing::u16le, "u16le"},
                          {Framing::u16be, "u16be"},   {Framing::u32le, "u32le"},
                          {Framing::u32be, "u32be"},   {Framing::line, "line"}};

Cut failed(FrameError error) noexcept {
    Cut cut;
    cut.what = Cut::What::error;
    cut.error = error;
    return cut;
}

Cut need(std::size_t bytes) noexcept {
    Cut cut;
    cut.needed = bytes;
    return cut;
}

Cut found(FrameHead head, std::span<const std::byte> payload, std::size_t consumed) noexcept {
    Cut cut;
    cut.what = Cut::What::frame;
    cut.consumed = consumed;
    head.payload_bytes = static_cast<std::uint32_t>(payload.size());
    cut.frame = {head, payload, false};
    return cut;
}

Cut cut_gantry(std::uint32_t payload_bytes_max, std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < frame_header_bytes) return need(frame_header_bytes);
    const FrameHead head = decode_head(bytes.data());
    if (const FrameError error = check_head(head, payload_bytes_max); error != FrameError::none) {
        return failed(error);
    }
    const std::size_t total = frame_header_bytes + head.payload_bytes;
    if (bytes.size() < total) return need(total);
    return found(head, bytes.subspan(frame_header_bytes, head.payload_bytes), total);
}

std::uint32_t load_length(Framing framing, const std::byte* in) noexcept {
    switch (framing) {
        case Framing::u16le:
            return load_le<std::uint16_t>(in);
        case Framing::u16be:
            return load_be<std::uint16_t>(in);
        case Framing::u32le:
            return load_le<std::uint32_t>(in);
        default:
            return load_be<std::uint32_t>(in);
    }
}

Cut cut_prefixed(Framing framing, std::uint32_t payload_bytes_max,
                 std::span<const std::byte> bytes) noexcept {
    const std::size_t prefix = framing == Framing::u16le || framing == Framing::u16be ? 2 : 4;
    if (bytes.size() < prefix) return need(prefix);
    const std::size_t length = load_length(framing, bytes.data());
    if (length > payload_bytes_max) return failed(FrameError::payload_too_large);
    if (bytes.size() < prefix + length) return need(prefix + length);
    return found({}, bytes.subspan(prefix, length), prefix + length);
}

Cut cut_line(std::uint32_t payload_bytes_max, std::span<const std::byte> bytes,
             std::size_t scanned) noexcept {
    const std::size_t longest = std::size_t{payload_bytes_max} + 2;  // with "\r\n"
    const std::size_t window = bytes.size() < longest ? bytes.size() : longest;
    const void* end =
        scanned < window ? std::memchr(bytes.data() + scanned, '\n', window - scanned) : nullptr;
    if (end == nullptr) {
        return window == longest ? failed(FrameError::payload_too_large) : need(bytes.size() + 1);
    }
    const auto with_end =
        static_cast<std::size_t>(static_cast<const std::byte*>(end) - bytes.data());
    const bool carriage = with_end > 0 && bytes[with_end - 1] == std::byte{'\r'};
    const std::size_t length = with_end - (carriage ? 1 : 0);
    if (length > payload_bytes_max) return failed(FrameError::payload_too_large);
    return found({}, bytes.first(length), with_end + 1);
}

}  // namespace

const char* framing_name(Framing framing) noexcept {
    for (const Name& name : names) {
        if (name.framing == framing) return name.text;
    }
    return "unknown";
}

std::optional<Framing> framing_from_name(std::string_view text) noexcept {
    for (const Name& name : names) {
        if (name.text == text) return name.framing;
    }
    return std::nullopt;
}

std::uint32_t framing_payload_bytes_limit(Framing framing) noexcept {
    const bool narrow = framing == Framing::u16le || framing == Framing::u16be;
    return narrow ? 0xFFFF : 0x7FFF'FFFF;
}

Cut cut_frame(Framing framing, std::uint32_t payload_bytes_max, std::span<const std::byte> bytes,
              std::size_t scanned) noexcept {
    if (framing == Framing::gantry) return cut_gantry(payload_bytes_max, bytes);
    if (framing == Framing::line) return cut_line(payload_bytes_max, bytes, scanned);
    return cut_prefixed(framing, payload_bytes_max, bytes);
}

Cut cut_message(Framing framing, std::uint32_t payload_bytes_max, std::span<const std::byte> bytes,
                bool text) noexcept {
    if (framing != Framing::gantry) {
        if (bytes.size() > payload_bytes_max) return failed(FrameError::payload_too_large);
        Cut cut = found({}, bytes, bytes.size());
        cut.frame.text = text;
        return cut;
    }
    if (text) return failed(FrameError::text_refused);
    if (bytes.size() < frame_header_bytes) return failed(FrameError::length_mismatch);
    const FrameHead head = decode_head(bytes.data());
    if (const FrameError error = check_head(head, payload_bytes_max); error != FrameError::none) {
        return failed(error);
    }
    if (bytes.size() - frame_header_bytes != head.payload_bytes) {
        return failed(FrameError::length_mismatch);
    }
    return found(head, bytes.subspan(frame_header_bytes), bytes.size());
}

std::size_t encode_prefix(Framing framing, const FrameHead& head, std::byte* out) noexcept {
    switch (framing) {
        case Framing::gantry:
            encode_head(head, out);
            return frame_header_bytes;
        case Framing::u16le:
            store_le(out, static_cast<std::uint16_t>(head.payload_bytes));
            return 2;
        case Framing::u16be:
            store_be(out, static_cast<std::uint16_t>(head.payload_bytes));
            return 2;
        case Framing::u32le:
            store_le(out, head.payload_bytes);
            return 4;
        case Framing::u32be:
            store_be(out, head.payload_bytes);
            return 4;
        case Framing::line:
            return 0;
    }
    return 0;
}

std::size_t suffix_bytes(Framing framing) noexcept { return framing == Framing::line ? 1 : 0; }

}  // namespace gantry::net
