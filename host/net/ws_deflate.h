// WsCompressor: permessage-deflate (RFC 7692) without context takeover, one for all connections.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace gantry::net {

/// As no context is kept between messages, two zlib streams (some 300 KB) serve a whole shard. They
/// are made when first used.
class WsCompressor {
public:
    WsCompressor() noexcept;
    ~WsCompressor();
    WsCompressor(const WsCompressor&) = delete;
    WsCompressor& operator=(const WsCompressor&) = delete;

    enum class Result : unsigned char { ok, too_large, malformed };

    /// Appends the message to `out`, whose size never passes `bytes_max`, whatever the input
    /// claims.
    Result inflate(std::span<const std::byte> compressed, std::size_t bytes_max,
                   std::vector<std::byte>& out);

    /// The parts as one compressed message; valid until the next call. Empty when out of memory.
    std::span<const std::byte> deflate(std::span<const std::byte> first,
                                       std::span<const std::byte> second);

private:
    struct Streams;
    std::unique_ptr<Streams> streams_;
};

}  // namespace gantry::net
