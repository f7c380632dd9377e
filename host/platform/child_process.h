// ChildProcess: a program started beside this one, heard through two pipes and ended at will.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gantry/types.h"
#include "host/core/result.h"
#include "host/platform/descriptor.h"

namespace gantry::platform {

/// Spawned, never forked: a fork copies the page tables of the whole host first. It inherits no
/// descriptor of this process but its pipes, no signal mask, and a process group of its own, so
/// that what it starts ends with it. [one thread]
class ChildProcess {
public:
    /// How it ended: by a signal, or with an exit code.
    struct End {
        int signal = 0;
        int exit_code = 0;
    };

    /// A program without a slash in its name is looked for in PATH.
    static Result<std::unique_ptr<ChildProcess>> start(const std::filesystem::path& program,
                                                       const std::vector<std::string>& arguments);
    /// Ends it, if it still runs, and waits for that.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Takes what it wrote; tells how it ended once it has. Never blocks.
    std::optional<End> poll();
    /// Blocks until it wrote or ended, for `duration_max` at most.
    void wait(TimeNs duration_max);
    /// It may put its files in order first; ~ChildProcess() does not let it.
    void ask_to_end() noexcept;
    void kill() noexcept;

    /// What it wrote to report(); and to its standard output and error. The first
    /// `output_bytes_max` of each: more is read and dropped.
    const std::string& reported() const noexcept { return streams_[0].text; }
    const std::string& errors() const noexcept { return streams_[1].text; }
    /// How much it wrote to these, kept or dropped.
    std::uint64_t errors_bytes() const noexcept { return streams_[1].bytes; }

    static constexpr std::size_t output_bytes_max = 64 * 1024;

private:
    struct Stream {
        Descriptor from;
        std::string text;
        std::uint64_t bytes = 0;
    };
    ChildProcess() = default;
    void read(Stream& stream);

    int id_ = 0;
    std::optional<End> end_;
    std::array<Stream, 2> streams_;
};

/// In the child: it dies with its parent, leaves no core file, gets no more memory than
/// throw_away_mib_max(), is the first that a system without memory ends, and ends by itself some
/// time after `limit_ms` should nobody do it.
void become_throw_away(std::uint32_t limit_ms) noexcept;
/// Half of what the machine has, 4096 at most. Without a limit in a sanitized build.
std::uint64_t throw_away_mib_max() noexcept;
/// In the child: one line to the parent, at once.
void report(std::string_view line) noexcept;

/// "SIGSEGV"
std::string signal_name(int signal);
/// The program of this process, even when its file was replaced meanwhile.
std::filesystem::path own_program();

}  // namespace gantry::platform
