// The baseline: level-triggered epoll, frames parsed from one read, one indirect call a message,
// one write for all its answers. No limits, no sessions, no statistics.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "host/net/frame.h"
#include "tests/bench/echo_tcp/server.h"

namespace gantry::bench {

namespace {

constexpr std::size_t receive_bytes = 64 * 1024;

struct Peer {
    int socket = -1;
    std::vector<std::byte> partial;  // the begin of a frame
    std::vector<std::byte> unsent;
};

using Handler = void (*)(std::vector<std::byte>& answers, const net::FrameHead& head,
                         std::span<const std::byte> payload);

void echo(std::vector<std::byte>& answers, const net::FrameHead& head,
          std::span<const std::byte> payload) {
    const std::size_t at = answers.size();
    answers.resize(at + net::frame_header_bytes + payload.size());
    net::encode_head(head, answers.data() + at);
    std::memcpy(answers.data() + at + net::frame_header_bytes, payload.data(), payload.size());
}

class EpollServer {
public:
    EpollServer() : epoll_{epoll_create1(0)}, listener_{socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            listen(listener_, 1024) != 0) {
            std::abort();
        }
        add(listener_, EPOLL_CTL_ADD, EPOLLIN);
    }
    ~EpollServer() {
        for (const auto& [socket, peer] : peers_) close(socket);
        close(listener_);
        close(epoll_);
    }

    std::uint16_t port() const {
        sockaddr_in address{};
        socklen_t bytes = sizeof address;
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes);
        return ntohs(address.sin_port);
    }

    void turn() {
        epoll_event events[128];
        const int count = epoll_wait(epoll_, events, 128, 100);
        for (int i = 0; i < count; ++i) {
            if (events[i].data.ptr == nullptr) {
                accept_one();
                continue;
            }
            Peer& peer = *static_cast<Peer*>(events[i].data.ptr);
            if ((events[i].events & EPOLLOUT) != 0) write(peer);
            if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(peer);
        }
    }

private:
    void add(int socket, int operation, std::uint32_t events, Peer* peer = nullptr) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = peer;
        epoll_ctl(epoll_, operation, socket, &event);
    }

    void accept_one() {
        const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (socket < 0) return;
        const int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Peer& peer = peers_[socket];
        peer.socket = socket;
        add(socket, EPOLL_CTL_ADD, EPOLLIN, &peer);
    }

    void read(Peer& peer) {
        const std::size_t before = peer.partial.size();
        if (before != 0) std::memcpy(buffer_.data(), peer.partial.data(), before);
        const ssize_t bytes = recv(peer.socket, buffer_.data() + before, receive_bytes, 0);
        if (bytes <= 0) {
            if (bytes < 0 && errno == EAGAIN) return;
            close(peer.socket);
            peers_.erase(peer.socket);
            return;
        }
        peer.partial.clear();
        std::span<const std::byte> rest{buffer_.data(), before + static_cast<std::size_t>(bytes)};
        while (rest.size() >= net::frame_header_bytes) {
            const net::FrameHead head = net::decode_head(rest.data());
            const std::size_t total = net::frame_header_bytes + head.payload_bytes;
            if (head.payload_bytes > receive_bytes || rest.size() < total) break;
            handlers_[head.message_id](answers_, head,
                                       rest.subspan(net::frame_header_bytes, head.payload_bytes));
            rest = rest.subspan(total);
        }
        peer.partial.assign(rest.begin(), rest.end());
        send_answers(peer);
    }

    void send_answers(Peer& peer) {
        std::span<const std::byte> rest{answers_};
        if (peer.unsent.empty() && !rest.empty()) {
            const ssize_t sent = send(peer.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent > 0) rest = rest.subspan(static_cast<std::size_t>(sent));
        }
        if (!rest.empty()) {
            peer.unsent.insert(peer.unsent.end(), rest.begin(), rest.end());
            add(peer.socket, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT, &peer);
        }
        answers_.clear();
    }

    void write(Peer& peer) {
        const ssize_t sent =
            send(peer.socket, peer.unsent.data(), peer.unsent.size(), MSG_NOSIGNAL);
        if (sent > 0) peer.unsent.erase(peer.unsent.begin(), peer.unsent.begin() + sent);
        if (peer.unsent.empty()) add(peer.socket, EPOLL_CTL_MOD, EPOLLIN, &peer);
    }

    int epoll_;
    int listener_;
    std::unordered_map<int, Peer> peers_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(2 * receive_bytes);
    std::vector<std::byte> answers_;
    std::vector<Handler> handlers_ = std::vector<Handler>(65536, &echo);
};

}  // namespace

std::unique_ptr<EchoServer> start_epoll_server() {
    return std::make_unique<ThreadServer>(
        [](const std::function<void(std::uint16_t)>& ready, std::atomic<bool>& stop) {
            EpollServer server;
            ready(server.port());
            while (!stop) server.turn();
        });
}

}  // namespace gantry::bench
