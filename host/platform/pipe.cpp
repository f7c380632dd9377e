#include "host/platform/pipe.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gantry::platform {
namespace {

constexpr int lowest_number = 4;

Error no_pipe() {
    return {Status::limit, std::string{"cannot make a pipe: "} + std::strerror(errno)};
}

}  // namespace

Descriptor above_streams(const Descriptor& low) {
    return Descriptor{::fcntl(low.number(), F_DUPFD_CLOEXEC, lowest_number)};
}

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return no_pipe();
    const Descriptor low[] = {Descriptor{ends[0]}, Descriptor{ends[1]}};
    Pipe pipe{above_streams(low[0]), above_streams(low[1])};
    if (!pipe.in || !pipe.out || ::fcntl(pipe.in.number(), F_SETFL, O_NONBLOCK) != 0) {
        return no_pipe();
    }
    return pipe;
}

void PipeReader::read() {
    constexpr int reads_max = 64;  // one that writes without end must not keep its reader
    char buffer[4096];
    for (int i = 0; i < reads_max && from_; ++i) {
        const ssize_t count = ::read(from_.number(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return (void)from_.close();
        bytes_ += static_cast<std::uint64_t>(count);
        const std::size_t room = text_bytes_max - text_.size();
        text_.append(buffer, std::min(static_cast<std::size_t>(count), room));
    }
}

}  // namespace gantry::platform
