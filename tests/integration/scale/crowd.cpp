#include "tests/integration/scale/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/net/frame.h"
#include "tests/integration/scale/server.h"
#include "tests/support/net.h"

namespace gantry::test {

Peer::Peer(std::uint16_t port, std::uint32_t from_address)
    : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (socket_ < 0) return;
    const timeval limit{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    bool bound = true;
    if (from_address != 0) {
        setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        to.sin_addr.s_addr = htonl(from_address);
        bound = ::bind(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!bound || ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) end();
}

Peer::Peer(Peer&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)}, unread_{std::move(other.unread_)} {}
Peer::~Peer() { end(); }

void Peer::end() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void Peer::abort() {
    const linger now{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    end();
}

bool Peer::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

bool Peer::read(Answer& answer) {
    while (true) {
        if (unread_.size() >= net::frame_header_bytes) {
            const net::FrameHead head =
                net::decode_head(reinterpret_cast<const std::byte*>(unread_.data()));
            const std::size_t bytes = net::frame_header_bytes + head.payload_bytes;
            if (unread_.size() >= bytes) {
                answer = {head.message_id, head.flags,
                          unread_.substr(net::frame_header_bytes, head.payload_bytes)};
                unread_.erase(0, bytes);
                return true;
            }
        }
        char bytes[16 * 1024];
        const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
        if (got <= 0) return false;
        unread_.append(bytes, static_cast<std::size_t>(got));
    }
}

bool Peer::at_end() {
    char byte = 0;
    return ::recv(socket_, &byte, 1, 0) == 0 || errno == ECONNRESET;
}

std::string Peer::call(std::uint16_t id, std::string_view payload) {
    Answer answer;
    if (!write(request(id, payload)) || !read(answer)) return {};
    return answer.payload;
}

std::string request(std::uint16_t id, std::string_view payload) {
    return frame_bytes(id, payload, net::frame_flags::request, 1);
}

std::vector<Peer> crowd(std::uint16_t port, std::uint32_t count) {
    constexpr std::uint32_t per_address = 2000;
    constexpr std::uint32_t batch = 200;  // fewer than wait for accept
    std::vector<Peer> peers;
    peers.reserve(count);
    const auto served = [&peers](std::size_t from) {
        for (std::size_t i = from; i < peers.size(); ++i) {
            if (!peers[i].write(request(scale_id::shard_echo, "hello"))) return false;
        }
        for (std::size_t i = from; i < peers.size(); ++i) {
            Peer::Answer answer;
            if (!peers[i].read(answer) || answer.payload != "hello") return false;
        }
        return true;
    };
    while (peers.size() < count) {
        const std::size_t from = peers.size();
        const std::size_t until = std::min<std::size_t>(count, from + batch);
        while (peers.size() < until) {
            const auto at = static_cast<std::uint32_t>(peers.size());
            peers.emplace_back(port, 0x7F010101u + at / per_address);
            if (peers.back().ok()) continue;
            peers.pop_back();
            break;
        }
        if (peers.size() != until || !served(from)) {
            while (peers.size() > from) peers.pop_back();
            break;
        }
    }
    return peers;
}

std::uint64_t session_of(Peer& peer) {
    const std::string answer = peer.call(scale_id::who);
    std::uint64_t session = 0;
    if (answer.size() == sizeof session) std::memcpy(&session, answer.data(), sizeof session);
    return session;
}

bool echo_load(std::vector<Peer>& peers, std::uint16_t id, std::uint32_t rounds,
               std::uint32_t depth, std::string_view payload) {
    std::string batch;
    for (std::uint32_t i = 0; i < depth; ++i) batch += request(id, payload);
    for (std::uint32_t round = 0; round < rounds; ++round) {
        for (Peer& peer : peers) {
            if (!peer.write(batch)) return false;
        }
        for (Peer& peer : peers) {
            for (std::uint32_t i = 0; i < depth; ++i) {
                Peer::Answer answer;
                if (!peer.read(answer) || answer.payload != payload || answer.id != id)
                    return false;
            }
        }
    }
    return true;
}

namespace {
bool full_scale = false;
}

void set_full_scale() { full_scale = true; }
std::uint32_t scaled(std::uint32_t short_count, std::uint32_t full_count) {
    return full_scale ? full_count : short_count;
}

std::uint32_t connections_possible() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    constexpr rlim_t left_aside = 200;
    return static_cast<std::uint32_t>(
        std::min<rlim_t>(limit.rlim_cur > left_aside ? limit.rlim_cur - left_aside : 0, 1'000'000));
}

}  // namespace gantry::test
