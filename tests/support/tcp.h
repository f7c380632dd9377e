// A plain blocking TCP client for tests, with a time limit on every wait.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gantry::test {

class TcpClient {
public:
    explicit TcpClient(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        const timeval limit{20, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
    TcpClient(TcpClient&& other) noexcept
        : socket_{std::exchange(other.socket_, -1)}, connected_{other.connected_} {}
    TcpClient& operator=(TcpClient&&) = delete;
    ~TcpClient() { close(); }

    bool connected() const { return connected_; }
    /// Of this end.
    std::uint16_t port() const {
        sockaddr_in mine{};
        socklen_t bytes = sizeof mine;
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&mine), &bytes);
        return ntohs(mine.sin_port);
    }
    bool write(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }
    /// Exactly `count` bytes, or fewer at the end of the stream.
    std::string read(std::size_t count) {
        std::string bytes(count, '\0');
        std::size_t have = 0;
        while (have < count) {
            const ssize_t got = ::recv(socket_, bytes.data() + have, count - have, 0);
            if (got <= 0) break;
            have += static_cast<std::size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }
    /// True when the peer has ended or reset the connection and nothing is left to read.
    bool at_end() {
        char byte = 0;
        return ::recv(socket_, &byte, 1, 0) <= 0;
    }
    void shutdown() { ::shutdown(socket_, SHUT_WR); }
    /// Ends with a reset, as a killed process with unread bytes does.
    void abort() {
        const linger now{1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close();
    }
    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

private:
    int socket_;
    bool connected_ = false;
};

}  // namespace gantry::test
