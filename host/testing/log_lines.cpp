#include "host/testing/log_lines.h"

#include <cstdio>
#include <utility>

namespace gantry::test {
namespace {

const char* name_of(log::Level level) {
    constexpr const char* names[] = {"trace", "debug", "info", "warn", "error"};
    return names[static_cast<std::size_t>(level)];
}

}  // namespace

LogLines::LogLines() {
    log::set_level(log::Level::info);
    log::capture([](void* self, log::Level level,
                    std::string_view line) { static_cast<LogLines*>(self)->add(level, line); },
                 this);
}

LogLines::~LogLines() { log::capture(nullptr, nullptr); }

void LogLines::add(log::Level level, std::string_view line) {
    const std::lock_guard lock{mutex_};
    std::string text = fmt::format("{} {}", name_of(level), line);
    if (level >= log::Level::warn) std::fprintf(stderr, "%s\n", text.c_str());
    lines_.push_back(std::move(text));
    if (lines_.size() <= lines_max) return;
    lines_.pop_front();
    ++lost_;
}

std::vector<std::string> LogLines::take() {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> taken;
    if (const std::size_t lost = std::exchange(lost_, 0); lost != 0) {
        taken.push_back(fmt::format("warn {} lines before these were dropped", lost));
    }
    taken.insert(taken.end(), std::make_move_iterator(lines_.begin()),
                 std::make_move_iterator(lines_.end()));
    lines_.clear();
    return taken;
}

}  // namespace gantry::test
