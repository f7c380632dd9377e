// RunningHost: the real program on the rules, in a folder of its own, and what it costs the system.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace gantry::bench {

/// What a leak would make grow.
struct Footprint {
    std::int64_t resident_kib = 0;
    std::int64_t mappings = 0;
    std::int64_t descriptors = 0;
    std::int64_t threads = 0;
};

class RunningHost {
public:
    /// `plugins` holds rules.so and rules-2.so; `entities` are made besides those of sessions. Ends
    /// the program when the host does not get ready.
    /// `threads` are those of connections, and as many again those of worlds.
    RunningHost(const std::string& program, const std::string& plugins, std::uint64_t entities,
                std::uint32_t threads);
    ~RunningHost();
    RunningHost(const RunningHost&) = delete;
    RunningHost& operator=(const RunningHost&) = delete;

    /// SIGTERM, and waits; true when it ended well.
    bool end();

    std::uint16_t tcp_port() const { return tcp_port_; }
    std::uint16_t ws_port() const { return ws_port_; }

    /// How long the world stood still in ms; otherwise a sentence in `error`. [any thread]
    double swap(const std::string& version, std::string& error) const;
    /// One sample of /metrics by its name with labels; -1 when there is none. [any thread]
    double metric(const std::string& name) const;
    Footprint footprint() const;
    /// Copies of the rules' library that are mapped now.
    int libraries_mapped() const;

private:
    std::string folder_;
    std::string url_;
    std::string token_;
    pid_t pid_ = -1;
    std::uint16_t tcp_port_ = 0;
    std::uint16_t ws_port_ = 0;
};

}  // namespace gantry::bench
