#include "host/platform/forking_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host/platform/fork_protocol.h"
#include "host/platform/fork_server.h"

namespace gantry::platform {
namespace {

constexpr int orders_number = ChildProcess::given_number;
constexpr int report_number = ChildProcess::given_number;  // the orders are not for the forked ones

void answer(const Descriptor& to, const ForkAnswer& with) {
    (void)!::send(to.number(), &with, sizeof with, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

/// Nothing when nobody will give another. An order that is none has no descriptors.
std::optional<ForkingProcess::Order> ForkingProcess::read_order() {
    Order order;
    order.text.resize(ForkServer::order_bytes_max);
    std::array<int, order_descriptors> given{};
    iovec text{order.text.data(), order.text.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof given)];
    msghdr message{};
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t count = 0;
    do {
        count = ::recvmsg(orders_number, &message, MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return std::nullopt;
    order.text.resize(static_cast<std::size_t>(count));
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_len != CMSG_LEN(sizeof given)) return order;
    std::memcpy(given.data(), CMSG_DATA(header), sizeof given);
    order.control = Descriptor{given[0]};
    order.reports = Descriptor{given[1]};
    order.output = Descriptor{given[2]};
    return order;
}

/// Answers for those that ended, and kills those that nobody wants any more, until there is an
/// order. False when there can be none.
bool ForkingProcess::wait_for_order() {
    std::vector<pollfd> wanted;
    do {
        wanted.assign(1, {orders_number, POLLIN, 0});
        for (const Forked& one : running_) {
            wanted.push_back({one.end.number(), POLLIN, 0});
            wanted.push_back({one.killed ? -1 : one.control.number(), POLLIN, 0});
        }
        if (::poll(wanted.data(), wanted.size(), -1) < 0) {
            if (errno != EINTR) return false;
            continue;
        }
        for (std::size_t i = running_.size(); i-- > 0;) {
            Forked& one = running_[i];
            if (wanted[2 + 2 * i].revents != 0) {
                kill_group(one.id);
                one.killed = true;
            }
            if (wanted[1 + 2 * i].revents == 0) continue;
            if (const auto how = take_end(one.id)) {
                answer(one.control, {0, *how});
                running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
    } while (wanted[0].revents == 0);
    return true;
}

std::optional<std::string> ForkingProcess::next_order() {
    while (wait_for_order()) {
        auto order = read_order();
        if (!order) break;
        if (!order->control) continue;
        order_ = std::move(*order);
        return order_.text;
    }
    for (const Forked& one : running_) kill_group(one.id);
    return std::nullopt;
}

bool ForkingProcess::fork() {
    Order order = std::move(order_);
    if (running_.size() >= ForkServer::processes_max) {
        answer(order.control, {EAGAIN, {}});
        return false;
    }
    const pid_t server = ::getpid();
    const pid_t id = ::fork();
    if (id == 0) {
        become_forked(order, server);
        return true;
    }
    if (id < 0) {
        answer(order.control, {errno, {}});
        return false;
    }
    ::setpgid(id, id);  // here, too: it may be killed before it has done so
    Descriptor end{static_cast<int>(::syscall(SYS_pidfd_open, id, 0))};
    if (!end) {
        answer(order.control, {errno, {}});
        kill_group(id);
        (void)::waitpid(id, nullptr, 0);
        return false;
    }
    running_.push_back({id, std::move(end), std::move(order.control)});
    return false;
}

void ForkingProcess::become_forked(const Order& order, int server) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != server) ::_exit(0);  // it died before that
    ::setpgid(0, 0);
    ::dup2(order.output.number(), STDOUT_FILENO);
    ::dup2(order.output.number(), STDERR_FILENO);
    ::dup2(order.reports.number(), report_number);
    running_.clear();
}

void report(std::string_view line) noexcept {
    std::string text{line};
    text += '\n';
    (void)!::write(report_number, text.data(), text.size());
}

}  // namespace gantry::platform
