// The log: one line a fact, with who ran. The only global state of the process.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace gantry::log {

enum class Level : int { trace, debug, info, warn, error, off };

/// Lines below this level cost one comparison. [any thread]
void set_level(Level level) noexcept;
Level level() noexcept;

/// Colour only on a terminal, and not when NO_COLOR is set. Called once by main.
void open_stderr();

/// Receives every line instead of stderr; for tests. An empty function restores stderr.
void capture(void (*sink)(void* context, Level, std::string_view line), void* context) noexcept;

/// Writes one line. Control characters of `text` are escaped, so no peer can forge a line.
void write(Level level, std::string_view text) noexcept;

/// While alive, every line of this thread carries `who`: "arena@1.0.0#3". The text must outlive it.
class Scope {
public:
    explicit Scope(const char* who) noexcept : before_{now_} { now_ = who; }
    ~Scope() { now_ = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    /// Who runs on this thread, or null.
    static const char* now() noexcept { return now_; }

private:
    static inline constinit thread_local const char* now_ = nullptr;
    const char* before_;
};

template <class... Args>
void trace(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= Level::trace)
        write(Level::trace, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= Level::debug)
        write(Level::debug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= Level::info) write(Level::info, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= Level::warn) write(Level::warn, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= Level::error)
        write(Level::error, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace gantry::log
