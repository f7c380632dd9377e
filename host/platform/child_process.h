// ChildProcess: a program started beside this one, heard through a pipe and ended at will.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gantry/types.h"
#include "host/core/result.h"
#include "host/platform/pipe.h"
#include "host/platform/process_end.h"

namespace gantry::platform {

/// Spawned, never forked: a fork copies the page tables of the whole host first. It inherits no
/// descriptor of this process but what it is given, no signal mask, and a process group of its
/// own, so that what it starts ends with it. [one thread]
class ChildProcess {
public:
    /// A program without a slash in its name is looked for in PATH. What is `given` becomes its
    /// descriptor `given_number`; `variables`, each "NAME=value", are added to the environment of
    /// this process, or take the place of what that has under their names.
    static Result<std::unique_ptr<ChildProcess>> start(const std::filesystem::path& program,
                                                       const std::vector<std::string>& arguments,
                                                       Descriptor given = Descriptor{},
                                                       std::vector<std::string> variables = {});
    /// Ends it, if it still runs, and waits for that.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Takes what it wrote; tells how it ended once it has. Never blocks.
    std::optional<ProcessEnd> poll();
    /// Blocks until it wrote or ended, for `duration_max` at most.
    void wait(TimeNs duration_max);
    /// It may put its files in order first; ~ChildProcess() does not let it.
    void ask_to_end() noexcept;

    /// Of its standard output and error, the first PipeReader::text_bytes_max.
    const std::string& output() const noexcept { return output_.text(); }

    static constexpr int given_number = 3;

private:
    ChildProcess(int id, Descriptor output) : id_{id}, output_{std::move(output)} {}
    int id_;
    std::optional<ProcessEnd> end_;
    PipeReader output_;
};

/// The program of this process, even when its file was replaced meanwhile.
std::filesystem::path own_program();

}  // namespace gantry::platform
