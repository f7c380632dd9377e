// ForkServer: a small process of this same program that waits, and forks where it waits.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gantry/types.h"
#include "host/core/result.h"
#include "host/platform/child_process.h"
#include "host/platform/pipe.h"
#include "host/platform/process_end.h"

namespace gantry::platform {

/// A process that the fork server made. [one thread]
class ForkedProcess {
public:
    /// How it ended, or why nobody can tell.
    using End = std::variant<ProcessEnd, Error>;

    /// Kills it, if it still runs, and waits for that.
    ~ForkedProcess();
    ForkedProcess(const ForkedProcess&) = delete;
    ForkedProcess& operator=(const ForkedProcess&) = delete;

    /// How it ended, once it has: then all that it wrote has been taken. Never blocks.
    std::optional<End> poll();
    /// Takes what it wrote so far. Now and then: it is held up when 64 KiB wait. Never blocks.
    void listen();
    /// Blocks until it ended, for `duration_max` at most.
    void wait(TimeNs duration_max);
    /// Readable once it has ended.
    int descriptor() const noexcept { return control_.number(); }
    /// With all that it started.
    void kill() noexcept;

    /// What it wrote to report(); and to its standard output and error.
    const PipeReader& reports() const noexcept { return reports_; }
    const PipeReader& output() const noexcept { return output_; }

private:
    friend class ForkServer;
    ForkedProcess(Descriptor control, Descriptor reports, Descriptor output,
                  std::shared_ptr<bool> server_lives)
        : control_{std::move(control)},
          reports_{std::move(reports)},
          output_{std::move(output)},
          server_lives_{std::move(server_lives)} {}
    std::optional<End> read_end() const;

    Descriptor control_;  // when it closes, the server kills
    PipeReader reports_;
    PipeReader output_;
    std::shared_ptr<bool> server_lives_;
    std::optional<End> end_;
};

/// Spawning a program costs what its loader has to do, 15 ms of processor time for this one; a fork
/// of the waiting process 1 ms. The host itself never forks: that would copy the page tables of all
/// it holds. [one thread]
class ForkServer {
public:
    /// The program is a ForkingProcess when it is started with these arguments. It is started when
    /// it is first needed, and anew should it be gone.
    ForkServer(std::filesystem::path program, std::vector<std::string> arguments)
        : program_{std::move(program)}, arguments_{std::move(arguments)} {}

    /// `order`, of `order_bytes_max` at most, is what ForkingProcess::next_order() returns.
    Result<std::unique_ptr<ForkedProcess>> start(std::string_view order);

    static constexpr std::size_t order_bytes_max = 4096;
    /// At a time; more end at once, with an error.
    static constexpr std::size_t processes_max = 64;

private:
    Result<Done> start_server();

    std::filesystem::path program_;
    std::vector<std::string> arguments_;
    Descriptor orders_;  // when it closes, the server ends
    std::unique_ptr<ChildProcess> process_;
    std::shared_ptr<bool> lives_;  // false once one of its processes was told otherwise
};

}  // namespace gantry::platform
