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

/// The two worlds of a host; players begin in the first.
inline constexpr const char* world_names[] = {"field", "forest"};

struct HostSetup {
    std::string program;
    std::string plugins;             ///< the folder of rules.so and rules-2.so
    std::uint64_t entities = 0;      ///< besides those of sessions, half of them in each world
    std::uint32_t threads = 1;       ///< of connections, and as many again of worlds
    std::uint32_t probation_ms = 0;  ///< how long what a swap has replaced is kept
};

class RunningHost {
public:
    /// Ends the program when the host does not get ready.
    explicit RunningHost(const HostSetup& setup);
    ~RunningHost();
    RunningHost(const RunningHost&) = delete;
    RunningHost& operator=(const RunningHost&) = delete;

    /// SIGTERM, and waits; true when it ended well.
    bool end();

    std::uint16_t tcp_port() const { return tcp_port_; }
    std::uint16_t ws_port() const { return ws_port_; }

    /// How long the worlds stood still in ms, at most; otherwise a sentence in `error`. A probation
    /// that is under way ends with it. [any thread]
    double swap(const std::string& version, std::string& error) const;
    /// One sample of /metrics by its name with labels; -1 when there is none. [any thread]
    double metric(const std::string& name) const;
    /// Of a metric that each world has, the sum.
    double of_worlds(const std::string& name) const;
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
