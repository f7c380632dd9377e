#include "host/platform/wake_pipe.h"

#include <fcntl.h>
#include <unistd.h>

namespace gantry::platform {

WakePipe::WakePipe() noexcept {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
    in_ = Descriptor{ends[0]};
    out_ = Descriptor{ends[1]};
}

void WakePipe::wake() noexcept { (void)!::write(out_.number(), "", 1); }

void WakePipe::drain() noexcept {
    char wakes[64];
    (void)!::read(in_.number(), wakes, sizeof wakes);
}

}  // namespace gantry::platform
