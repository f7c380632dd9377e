// WakePipe: ends another thread's wait for descriptors.
#pragma once
#include "host/platform/descriptor.h"

namespace gantry::platform {

/// A pipe, because a write to one tells the scheduler of the system that who writes is about to
/// sleep: the sleeper then runs on the writer's processor, where that has nothing else to do, and
/// no other processor has to be woken for it. An eventfd and a futex do not say so. Source:
/// pipe_write() in fs/pipe.c and wake_affine() in kernel/sched/fair.c of Linux.
class WakePipe {
public:
    WakePipe() noexcept;

    /// False: the system had no descriptors left.
    explicit operator bool() const noexcept { return bool{out_}; }
    /// What is readable after a wake, until drain().
    int number() const noexcept { return in_.number(); }
    void wake() noexcept;   ///< [any thread]
    void drain() noexcept;  ///< [the thread that waits]

private:
    Descriptor in_;
    Descriptor out_;
};

}  // namespace gantry::platform
