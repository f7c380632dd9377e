// Pipe and PipeReader: what one process says to another.
#pragma once
#include <cstdint>
#include <string>
#include <utility>

#include "host/core/result.h"
#include "host/platform/descriptor.h"

namespace gantry::platform {

/// For the sources of this folder.
struct Pipe {
    Descriptor in;   ///< to read from; never blocks
    Descriptor out;  ///< blocks when it is full: programs take a refused write for a failure
};

/// The same under a number above the standard streams and the one behind them, where a program that
/// is started gets its own; it goes to none by itself. Not open where the system has none left.
Descriptor above_streams(const Descriptor& low);

/// Its ends lie there.
Result<Pipe> make_pipe();

/// Keeps the first `text_bytes_max` of what comes; more is read and dropped, so that whoever writes
/// it is not held up. [one thread]
class PipeReader {
public:
    static constexpr std::size_t text_bytes_max = 64 * 1024;

    explicit PipeReader(Descriptor from) : from_{std::move(from)} {}

    /// Takes what is there. Never blocks.
    void read();

    const std::string& text() const noexcept { return text_; }
    /// How much came, kept or dropped.
    std::uint64_t bytes() const noexcept { return bytes_; }
    /// Negative once all who could write have closed it.
    int number() const noexcept { return from_.number(); }

private:
    Descriptor from_;
    std::string text_;
    std::uint64_t bytes_ = 0;
};

}  // namespace gantry::platform
