// LogLines: keeps the log for a test, and shows warnings and worse.
#pragma once
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/log.h"

namespace gantry::test {

/// Takes the process's log while it lives.
class LogLines {
public:
    /// More are kept for nobody: the oldest go.
    static constexpr std::size_t lines_max = 10'000;

    LogLines();
    ~LogLines();
    LogLines(const LogLines&) = delete;
    LogLines& operator=(const LogLines&) = delete;

    /// The lines since the last call, oldest first; a first one says how many are lost.
    std::vector<std::string> take();

private:
    void add(log::Level level, std::string_view line);

    std::mutex mutex_;
    std::deque<std::string> lines_;
    std::size_t lost_ = 0;
};

}  // namespace gantry::test
