#include "tests/bench/echo_tcp/load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "host/net/frame.h"
#include "tests/bench/echo_tcp/server.h"

namespace gantry::bench {

namespace {

double now_s() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// One client. Its frames differ by the correlation id only, so an answer is checked by comparing
/// bytes.
class Client {
public:
    Client(const LoadOptions& options, std::uint32_t number) : options_{options} {
        net::FrameHead head{options.payload_bytes, options.message_id, options.request_flags, 0, 0};
        frame_.resize(net::frame_header_bytes + options.payload_bytes);
        net::encode_head(head, frame_.data());
        for (std::size_t i = net::frame_header_bytes; i < frame_.size(); ++i) {
            frame_[i] = static_cast<std::byte>(i * 31 + number);
        }
        std::memcpy(frame_.data() + net::frame_header_bytes, options.payload_head.data(),
                    options.payload_head.size());
    }
    ~Client() {
        if (socket_ >= 0) close(socket_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connect() {
        socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(options_.port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return false;
        const int on = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);
        return true;
    }

    int socket() const { return socket_; }

    /// Puts `count` more questions under way.
    bool ask(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            std::memcpy(frame_.data() + 8, &next_question_, 4);
            ++next_question_;
            unsent_.insert(unsent_.end(), frame_.begin(), frame_.end());
        }
        return flush();
    }

    bool flush() {
        while (sent_ < unsent_.size()) {
            const ssize_t bytes =
                send(socket_, unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
            if (bytes < 0) return errno == EAGAIN;
            sent_ += static_cast<std::size_t>(bytes);
        }
        unsent_.clear();
        sent_ = 0;
        return true;
    }
    bool has_unsent() const { return !unsent_.empty(); }

    /// Checks what came; the number of complete answers, or -1.
    int check(const std::byte* bytes, std::size_t count) {
        int answers = 0;
        while (count > 0) {
            if (answer_at_ == 0) prepare_answer();
            const std::size_t part = std::min(count, answer_.size() - answer_at_);
            if (std::memcmp(bytes, answer_.data() + answer_at_, part) != 0) return -1;
            answer_at_ += part;
            bytes += part;
            count -= part;
            if (answer_at_ != answer_.size()) break;
            answer_at_ = 0;
            ++answers;
        }
        return answers;
    }

private:
    void prepare_answer() {
        if (answer_.empty()) {
            answer_ = frame_;
            answer_[6] = static_cast<std::byte>(options_.response_flags);
        }
        std::memcpy(answer_.data() + 8, &next_answer_, 4);
        ++next_answer_;
    }

    const LoadOptions& options_;
    int socket_ = -1;
    std::vector<std::byte> frame_, answer_, unsent_;
    std::size_t sent_ = 0;
    std::size_t answer_at_ = 0;
    std::uint32_t next_question_ = 1, next_answer_ = 1;
};

class Load {
public:
    Load(const LoadOptions& options, const EchoServer& server)
        : options_{options}, server_{server}, buffer_(256 * 1024), epoll_{epoll_create1(0)} {}
    ~Load() { close(epoll_); }

    LoadResult run() {
        for (std::uint32_t i = 0; i < options_.conns; ++i) {
            clients_.push_back(std::make_unique<Client>(options_, i));
            if (!clients_.back()->connect()) return failed("cannot connect");
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u32 = i;
            epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back()->socket(), &event);
        }
        for (const auto& client : clients_) {
            if (!client->ask(options_.depth)) return failed("cannot send");
        }
        if (!drive(options_.warmup_s)) return result_;
        result_.messages = 0;
        const std::uint64_t cpu_before = server_.cpu_ns();
        const double begin = now_s();
        if (!drive(options_.seconds)) return result_;
        result_.server_cpu_ns = server_.cpu_ns() - cpu_before;
        result_.seconds = now_s() - begin;
        return result_;
    }

private:
    LoadResult failed(const char* why) {
        result_.error = why;
        return result_;
    }

    bool drive(double seconds) {
        const double end = now_s() + seconds;
        epoll_event events[256];
        while (now_s() < end) {
            const int count = epoll_wait(epoll_, events, 256, 1000);
            if (count == 0) return failed("no answer within a second"), false;
            for (int i = 0; i < count; ++i) {
                if (!serve(events[i])) return false;
            }
        }
        return true;
    }

    bool serve(const epoll_event& event) {
        Client& client = *clients_[event.data.u32];
        if ((event.events & EPOLLOUT) != 0 && !client.flush()) return failed("lost"), false;
        if ((event.events & EPOLLIN) != 0) {
            const ssize_t bytes = recv(client.socket(), buffer_.data(), buffer_.size(), 0);
            if (bytes <= 0) return failed("a connection was lost"), false;
            const int answers = client.check(buffer_.data(), static_cast<std::size_t>(bytes));
            if (answers < 0) return failed("an answer was wrong"), false;
            result_.messages += static_cast<std::uint64_t>(answers);
            if (!client.ask(static_cast<std::uint32_t>(answers))) {
                return failed("lost"), false;
            }
        }
        epoll_event wanted = event;
        wanted.events = EPOLLIN | (client.has_unsent() ? EPOLLOUT : 0u);
        if (client.has_unsent() || (event.events & EPOLLOUT) != 0) {
            epoll_ctl(epoll_, EPOLL_CTL_MOD, client.socket(), &wanted);
        }
        return true;
    }

    const LoadOptions& options_;
    const EchoServer& server_;
    std::vector<std::byte> buffer_;
    int epoll_;
    std::vector<std::unique_ptr<Client>> clients_;
    LoadResult result_;
};

}  // namespace

LoadResult run_load(const LoadOptions& options, const EchoServer& server) {
    pin_to_cpu(1);
    return Load{options, server}.run();
}

}  // namespace gantry::bench
