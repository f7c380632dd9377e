// The load: clients that keep `depth` messages under way each and check every answer.
#pragma once
#include <cstdint>
#include <string>

namespace gantry::bench {

struct LoadOptions {
    std::uint16_t port = 0;
    std::uint32_t conns = 50;
    std::uint32_t depth = 1;
    std::uint32_t payload_bytes = 64;
    double warmup_s = 0.1;
    double seconds = 0.4;
    std::uint16_t message_id = 1;
    std::uint8_t request_flags = 0;   ///< of what is sent
    std::uint8_t response_flags = 0;  ///< of what must come back
    std::string payload_head;         ///< the payload's first bytes; the rest is filled up
};

struct LoadResult {
    std::uint64_t messages = 0;  ///< answered and checked in the measured time
    double seconds = 0;
    std::uint64_t server_cpu_ns = 0;
    double server_us_per_message() const {
        return messages == 0
                   ? 0
                   : static_cast<double>(server_cpu_ns) / 1000.0 / static_cast<double>(messages);
    }
    std::string error;  ///< not empty: an answer was wrong, or a connection was lost
};

class EchoServer;

/// Closed loop over non-blocking sockets in the calling thread, which is pinned to CPU 1. Every
/// answer must be the bytes of its question, in order, per connection.
LoadResult run_load(const LoadOptions& options, const EchoServer& server);

}  // namespace gantry::bench
