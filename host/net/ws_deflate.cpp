#include "host/net/ws_deflate.h"

#include <zlib.h>

#include <algorithm>

#include "host/core/assert.h"

namespace gantry::net {

namespace {

constexpr int raw_window_bits = -15;
constexpr int memory_level = 8;
// What ends every compressed message and is left out on the wire (RFC 7692, 7.2.1).
constexpr unsigned char tail[4] = {0x00, 0x00, 0xFF, 0xFF};

Bytef* input(std::span<const std::byte> bytes) {
    return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

struct WsCompressor::Streams {
    Streams() {
        GANTRY_ASSERT(inflateInit2(&in, raw_window_bits) == Z_OK);
        GANTRY_ASSERT(deflateInit2(&out, Z_BEST_SPEED, Z_DEFLATED, raw_window_bits, memory_level,
                                   Z_DEFAULT_STRATEGY) == Z_OK);
    }
    ~Streams() {
        inflateEnd(&in);
        deflateEnd(&out);
    }
    z_stream in{};
    z_stream out{};
    std::vector<std::byte> compressed;
};

WsCompressor::WsCompressor() noexcept = default;
WsCompressor::~WsCompressor() = default;

WsCompressor::Result WsCompressor::inflate(std::span<const std::byte> compressed,
                                           std::size_t bytes_max, std::vector<std::byte>& out) {
    if (streams_ == nullptr) streams_ = std::make_unique<Streams>();
    z_stream& stream = streams_->in;
    inflateReset(&stream);
    const std::span<const std::byte> pieces[] = {compressed, std::as_bytes(std::span{tail})};
    for (const auto piece : pieces) {
        stream.next_in = input(piece);
        stream.avail_in = static_cast<uInt>(piece.size());
        while (true) {
            // One byte of room beyond the limit tells a full message from one that is too large.
            const std::size_t have = out.size();
            const std::size_t room = std::min<std::size_t>(bytes_max + 1 - have, 16 * 1024);
            out.resize(have + room);
            stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
            stream.avail_out = static_cast<uInt>(room);
            const int result = ::inflate(&stream, Z_SYNC_FLUSH);
            out.resize(have + room - stream.avail_out);
            if (out.size() > bytes_max) return Result::too_large;
            // A peer may end its stream within the message; only a zero byte follows (7.2.3.4).
            if (result == Z_STREAM_END) {
                const bool padded = stream.avail_in == 1 && *stream.next_in == 0;
                return stream.avail_in == 0 || padded ? Result::ok : Result::malformed;
            }
            if (result != Z_OK && result != Z_BUF_ERROR) return Result::malformed;
            if (stream.avail_out != 0) break;
        }
        if (stream.avail_in != 0) return Result::malformed;
    }
    return Result::ok;
}

std::span<const std::byte> WsCompressor::deflate(std::span<const std::byte> first,
                                                 std::span<const std::byte> second) {
    if (streams_ == nullptr) streams_ = std::make_unique<Streams>();
    z_stream& stream = streams_->out;
    deflateReset(&stream);
    auto& out = streams_->compressed;
    const auto size = static_cast<uLong>(first.size() + second.size());
    out.resize(deflateBound(&stream, size) + 16);
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());

    stream.next_in = input(first);
    stream.avail_in = static_cast<uInt>(first.size());
    int result = first.empty() ? Z_OK : ::deflate(&stream, Z_NO_FLUSH);
    stream.next_in = input(second);
    stream.avail_in = static_cast<uInt>(second.size());
    if (result == Z_OK) result = ::deflate(&stream, Z_SYNC_FLUSH);
    GANTRY_ASSERT(result == Z_OK && stream.avail_in == 0 && stream.avail_out != 0);

    const std::size_t written = out.size() - stream.avail_out;
    GANTRY_ASSERT(written >= sizeof tail);
    return std::span{out}.first(written - sizeof tail);
}

}  // namespace gantry::net
