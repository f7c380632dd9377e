// gantry/test_interface.h: what `gantry test` and a test library call of each other. Tests are
// written with gantry/test.h. All calls come on the program's one thread.
#pragma once
#include "gantry/types.h"

namespace gantry::test {

/// What a client got. Valid for the call.
struct ReceivedFrame {
    Bytes payload;                  ///< of an error reply its sentence
    std::uint32_t correlation = 0;  ///< of a response that of its request
    std::uint16_t id = 0;
    Status status = Status::ok;  ///< of an error reply
    std::uint32_t is_response = 0;
    std::uint32_t reserved = 0;
};

struct FrameSink {
    virtual void take(const ReceivedFrame& frame) noexcept = 0;

protected:
    ~FrameSink() = default;
};

struct TextSink {
    virtual void take(Str text) noexcept = 0;

protected:
    ~TextSink() = default;
};

/// How a swap stands. `refused`: by the gate, the canary or the manager, before anything was
/// touched; `given_up`: later, and the old version goes on; `rolled_back`: the old version is back.
enum class SwapOutcome : std::uint32_t { running, committed, refused, given_up, rolled_back };

/// Of TestHostConfig (gantry/test.h), with the same rules. Valid for the call.
struct HostOrder {
    std::uint32_t size = sizeof(HostOrder);
    std::uint32_t reserved = 0;
    const Str* plugins = nullptr;
    std::uint64_t plugin_count = 0;
    const Str* middleware = nullptr;
    std::uint64_t middleware_count = 0;
    const Str* worlds = nullptr;
    std::uint64_t world_count = 0;
    Str config;
    double tick_hz = 0;
    std::uint64_t seed = 0;
};

/// The other end of an in-memory link. Where a Status is not ok, TestProgram::error() says why.
struct ClientPeer {
    virtual Status send(std::uint16_t id, Bytes payload) noexcept = 0;
    virtual Status ask(std::uint16_t id, Bytes payload, std::uint32_t& correlation) noexcept = 0;
    /// One frame comes: the answer, or `timeout` when there was none.
    virtual Status call(std::uint16_t id, Bytes payload, FrameSink& answer) noexcept = 0;
    virtual Status received(FrameSink& frames) noexcept = 0;
    virtual Status close() noexcept = 0;
    virtual std::uint32_t closed_by_host() noexcept = 0;
    /// Closes the link and frees this object; before its host.
    virtual void destroy() noexcept = 0;

protected:
    ~ClientPeer() = default;
};

/// A whole host. Where a Status is not ok, TestProgram::error() says why.
struct HostPeer {
    virtual ClientPeer* connect() noexcept = 0;  ///< null on failure
    virtual Status settle() noexcept = 0;
    virtual Status advance(TimeNs by) noexcept = 0;
    /// `ticket` names it to report(); of a refusal at once it is zero, and `reason` has come.
    virtual Status swap(Str plugin, Str to, std::uint64_t& ticket, TextSink& reason) noexcept = 0;
    virtual Status report(std::uint64_t ticket, SwapOutcome& outcome,
                          TextSink& reason) noexcept = 0;
    virtual void destroy() noexcept = 0;

protected:
    ~HostPeer() = default;
};

/// The program that has opened the test library.
struct TestProgram {
    virtual HostPeer* make_host(const HostOrder& order) noexcept = 0;  ///< null on failure
    /// The lines of the log since the last call, oldest first.
    virtual void log(TextSink& lines) noexcept = 0;
    /// Why the last call failed; valid until the next one.
    virtual Str error() noexcept = 0;

protected:
    ~TestProgram() = default;
};

/// What the program gives to the test library. The numbers stay where they are for good.
struct TestRun {
    std::uint32_t size = sizeof(TestRun);
    std::uint16_t abi_major = 0;  ///< of the program
    std::uint16_t abi_minor = 0;
    const char* const* arguments = nullptr;  ///< the first is the library's file
    std::uint32_t argument_count = 0;
    std::uint32_t reserved = 0;
    TestProgram* program = nullptr;
};

/// The only symbol that a test library exports, named `gantry_test_main`: runs its tests and
/// returns the exit code of the process.
using TestMain = int (*)(const TestRun& run) noexcept;

}  // namespace gantry::test
