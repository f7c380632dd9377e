#include "host/core/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>

namespace gantry::log {
namespace {

std::atomic<Level> level_now{Level::info};
std::atomic<void (*)(void*, Level, std::string_view)> capture_sink{nullptr};
std::atomic<void*> capture_context{nullptr};

spdlog::logger& stderr_logger() {
    static const std::shared_ptr<spdlog::logger> logger = [] {
        const bool colour = ::isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
        spdlog::sink_ptr sink;
        if (colour) {
            sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(
                spdlog::color_mode::always);
        } else {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        }
        auto made = std::make_shared<spdlog::logger>("gantry", std::move(sink));
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc);
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::info);
        return made;
    }();
    return *logger;
}

// Bytes below space would let a peer's text start a line of its own.
std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out.push_back(c);
        } else {
            out += fmt::format("\\x{:02x}", byte);
        }
    }
    return out;
}

}  // namespace

void set_level(Level level) noexcept { level_now.store(level, std::memory_order_relaxed); }
Level level() noexcept { return level_now.load(std::memory_order_relaxed); }
void open_stderr() { (void)stderr_logger(); }

void capture(void (*sink)(void*, Level, std::string_view), void* context) noexcept {
    capture_context.store(context);
    capture_sink.store(sink);
}

void write(Level level, std::string_view text) noexcept try {
    const char* const who = Scope::now();
    const std::string line = who ? fmt::format("[{}] {}", who, escaped(text)) : escaped(text);
    if (auto* sink = capture_sink.load()) return sink(capture_context.load(), level, line);
    stderr_logger().log(static_cast<spdlog::level::level_enum>(level), line);
} catch (...) {
    // A log line that cannot be written is lost; the host is not.
}

}  // namespace gantry::log
