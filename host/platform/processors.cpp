#include "host/platform/processors.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

namespace gantry::platform {
namespace {

// cgroup v2: "max 100000" or "200000 100000"; v1: one number a file, -1 for no limit.
std::optional<double> quota() {
    std::ifstream v2{"/sys/fs/cgroup/cpu.max"};
    std::string limit;
    double period = 0;
    if (v2 >> limit >> period && period > 0) {
        if (limit == "max") return std::nullopt;
        return std::atof(limit.c_str()) / period;
    }
    std::ifstream v1_quota{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us"};
    std::ifstream v1_period{"/sys/fs/cgroup/cpu/cpu.cfs_period_us"};
    double used = 0;
    if (v1_quota >> used && v1_period >> period && used > 0 && period > 0) return used / period;
    return std::nullopt;
}

// As the kernel has it: no header of the C library does.
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = SCHED_OTHER;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0;
};

}  // namespace

std::uint32_t processor_count() {
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = 1;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
    if (const auto limit = quota()) count = std::min(count, static_cast<int>(*limit + 0.999));
    return static_cast<std::uint32_t>(std::max(count, 1));
}

std::vector<std::uint32_t> own_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<std::uint32_t> list;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return list;
    for (std::uint32_t i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(i, &set)) list.push_back(i);
    }
    return list;
}

void run_on(std::span<const std::uint32_t> processors) noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const std::uint32_t one : processors) CPU_SET(one, &set);
    (void)::sched_setaffinity(0, sizeof set, &set);
}

void name_thread(const char* name) noexcept {
    char text[16] = {};
    std::strncpy(text, name, sizeof text - 1);
    ::pthread_setname_np(::pthread_self(), text);
}

void take_short_turns() noexcept {
    SchedulingAttributes attributes;
    if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    if (attributes.policy != SCHED_OTHER) return;  // the operator knows better
    attributes.runtime = 100'000;                  // ns, the least there is
    (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void give_way() noexcept {
    const sched_param none{};
    (void)::sched_setscheduler(0, SCHED_IDLE, &none);
}

}  // namespace gantry::platform
