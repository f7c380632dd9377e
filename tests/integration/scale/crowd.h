// A crowd of blocking TCP clients that speak the gantry framing, from as many addresses as needed.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::test {

/// One client. Every wait ends after 20 seconds.
class Peer {
public:
    struct Answer {
        std::uint16_t id = 0;
        std::uint8_t flags = 0;
        std::string payload;
        bool operator==(const Answer&) const = default;
    };

    /// From 127.0.0.1, or the given address of this machine. ok() tells whether it worked.
    explicit Peer(std::uint16_t port, std::uint32_t from_address = 0);
    Peer(Peer&& other) noexcept;
    Peer& operator=(Peer&&) = delete;
    ~Peer();

    bool ok() const { return socket_ >= 0; }
    int descriptor() const { return socket_; }
    bool write(std::string_view bytes);
    /// False at the end of the stream.
    bool read(Answer& answer);
    /// A request, and its answer; empty when there was none.
    std::string call(std::uint16_t id, std::string_view payload = {});
    /// Waits until the host has ended the connection.
    bool at_end();
    void end();    ///< in order
    void abort();  ///< with a reset, as a killed process with unread bytes

private:
    int socket_ = -1;
    std::string unread_;
};

/// A request as bytes.
std::string request(std::uint16_t id, std::string_view payload);

/// `count` clients, 2,000 of each source address: from one address alone the kernel searches long
/// for a free port. All are served when this returns; fewer when the system has no more.
std::vector<Peer> crowd(std::uint16_t port, std::uint32_t count);

/// The session's id as the host's plugin tells it, and the shard in it.
std::uint64_t session_of(Peer& peer);
inline std::uint32_t shard_of(std::uint64_t session) {
    return static_cast<std::uint32_t>(session >> 56);
}

/// Sends `rounds` times `depth` requests on every peer and checks every answer.
bool echo_load(std::vector<Peer>& peers, std::uint16_t id, std::uint32_t rounds,
               std::uint32_t depth, std::string_view payload);

/// The short count that every run has time for, or the full one when asked for with --full.
std::uint32_t scaled(std::uint32_t short_count, std::uint32_t full_count);
void set_full_scale();
/// How many connections a process of this machine can have, some descriptors left aside.
std::uint32_t connections_possible();

}  // namespace gantry::test
