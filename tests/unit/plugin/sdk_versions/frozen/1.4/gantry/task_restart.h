// gantry/task_restart.h: "gantry.task_restart/1", tasks that a swap need not wait for.
#pragma once
#include <cstdint>

#include "gantry/types.h"

namespace gantry {

/// Asked of the host by a world facet. All calls [world].
struct TaskRestart {
    static constexpr const char* interface_id = "gantry.task_restart/1";

    /// Declares a task of Schedule::task_begin(): when this version is replaced, or goes back to
    /// its predecessor, the task is cancelled where it waits, and a timer at once takes its place:
    /// whoever serves then begins it again, in its portable timer `handler` (Schedule::on_timer)
    /// with this payload, which is copied. Work of it on the host's pool is waited for as ever. A
    /// swap that is given up after that has the old version begin it again. `not_found`: no task.
    virtual Status restart(std::uint64_t task, Str handler, Bytes payload) noexcept = 0;

protected:
    ~TaskRestart() = default;
};

}  // namespace gantry
