#include "host/platform/fork_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "host/platform/fork_protocol.h"

namespace gantry::platform {
namespace {

struct Link {
    Descriptor here;
    Descriptor there;
};

/// Like a pipe both ways; what is sent arrives in one piece.
Result<Link> make_link() {
    int ends[2] = {-1, -1};
    const bool made = ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
    const Descriptor low[] = {Descriptor{ends[0]}, Descriptor{ends[1]}};
    Link link;
    if (made) link = {above_streams(low[0]), above_streams(low[1])};
    if (!link.here || !link.there) {
        return Error{Status::limit, std::string{"cannot make a socket: "} + std::strerror(errno)};
    }
    return link;
}

bool send_order(const Descriptor& to, std::string_view order,
                const std::array<int, order_descriptors>& given) {
    iovec text{const_cast<char*>(order.data()), order.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof given)] = {};
    msghdr message{};
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof given);
    std::memcpy(CMSG_DATA(header), given.data(), sizeof given);
    return ::sendmsg(to.number(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

}  // namespace

ForkedProcess::~ForkedProcess() {
    constexpr int looks_max = 20;
    constexpr TimeNs look_every = 100 * ns_per_ms;
    if (end_) return;
    kill();
    for (int i = 0; i < looks_max && !read_end(); ++i) wait(look_every);
}

std::optional<ForkedProcess::End> ForkedProcess::read_end() const {
    ForkAnswer answer;
    const ssize_t count = ::recv(control_.number(), &answer, sizeof answer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (count != sizeof answer) {
        *server_lives_ = false;
        return Error{Status::unavailable, "the process that forks others is gone"};
    }
    if (answer.error != 0) {
        return Error{Status::limit,
                     std::string{"cannot fork a process: "} + std::strerror(answer.error)};
    }
    return answer.end;
}

std::optional<ForkedProcess::End> ForkedProcess::poll() {
    if (!end_) end_ = read_end();
    if (end_) listen();
    return end_;
}

void ForkedProcess::listen() {
    reports_.read();
    output_.read();
}

void ForkedProcess::wait(TimeNs duration_max) {
    pollfd wanted{control_.number(), POLLIN, 0};
    const timespec time{duration_max / ns_per_s, duration_max % ns_per_s};
    (void)::ppoll(&wanted, 1, &time, nullptr);
}

void ForkedProcess::kill() noexcept { ::shutdown(control_.number(), SHUT_WR); }

Result<Done> ForkServer::start_server() {
    orders_.close();
    process_.reset();
    auto link = make_link();
    if (!link) return link.error();
    // Symbols are bound once, and not again in each process that it forks.
    auto process =
        ChildProcess::start(program_, arguments_, std::move(link->there), {"LD_BIND_NOW=1"});
    if (!process) return process.error();
    orders_ = std::move(link->here);
    process_ = std::move(*process);
    lives_ = std::make_shared<bool>(true);
    return Done{};
}

Result<std::unique_ptr<ForkedProcess>> ForkServer::start(std::string_view order) {
    GANTRY_ASSERT(order.size() <= order_bytes_max);
    auto control = make_link();
    if (!control) return control.error();
    auto reports = make_pipe();
    if (!reports) return reports.error();
    auto output = make_pipe();
    if (!output) return output.error();
    const std::array<int, order_descriptors> given{control->there.number(), reports->out.number(),
                                                   output->out.number()};
    // One that dies may still take an order for a moment.
    if (!process_ || !*lives_ || process_->poll() || !send_order(orders_, order, given)) {
        if (auto started = start_server(); !started) return started.error();
        if (!send_order(orders_, order, given)) {
            return Error{Status::unavailable,
                         std::string{"cannot ask for a process: "} + std::strerror(errno)};
        }
    }
    return std::unique_ptr<ForkedProcess>{new ForkedProcess{
        std::move(control->here), std::move(reports->in), std::move(output->in), lives_}};
}

}  // namespace gantry::platform
