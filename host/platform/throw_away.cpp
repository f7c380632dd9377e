#include "host/platform/throw_away.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "host/core/sanitized.h"
#include "host/platform/descriptor.h"

namespace gantry::platform {

void become_throw_away(std::uint32_t limit_ms) noexcept {
    ::alarm(limit_ms / 1000 + 2);
    const Descriptor choice{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
    if (choice) (void)!::write(choice.number(), "1000", 4);
    ::prctl(PR_SET_DUMPABLE, 0);
    if (core::sanitized) return;  // its shadow memory is larger than any limit
    const rlim_t bytes = throw_away_mib_max() << 20;
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_AS, &limit);
}

std::uint64_t throw_away_mib_max() noexcept {
    constexpr std::uint64_t most = 4096;
    const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return std::min(most, (pages * page_bytes >> 20) / 2);
}

}  // namespace gantry::platform
