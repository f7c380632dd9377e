// The host under test, in a process of its own: connections of both ends would not fit into one
// process, and its memory, its threads' wake-ups and its locks shall be its own.
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace gantry::test {

/// What a client may ask the host's plugin.
namespace scale_id {
inline constexpr std::uint16_t echo = 1;  ///< answered in the world
inline constexpr std::uint16_t who = 2;   ///< the session's id, 8 bytes
inline constexpr std::uint16_t join = 3;  ///< the group that all share
inline constexpr std::uint16_t leave = 4;
inline constexpr std::uint16_t broadcast = 5;  ///< to the group, as `news`
inline constexpr std::uint16_t news = 6;
inline constexpr std::uint16_t shard_echo = 7;  ///< answered on the shard
inline constexpr std::uint16_t stall = 8;       ///< the world stands still until go_on()
}  // namespace scale_id

struct ServerConfig {
    std::string transport = "tcp";
    std::string balance = "kernel";
    std::uint32_t shards = 1;
    std::uint32_t connections_max = 65'536;
    std::uint32_t idle_ms = 0;
};

/// The same program again, as a host; it ends with this object.
class ServerProcess {
public:
    explicit ServerProcess(const ServerConfig& config = {});
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    std::uint16_t port() const { return port_; }

    /// Counters by name, summed over shards; see server.cpp. Asks every room.
    std::map<std::string, std::uint64_t> stats() { return ask("stats"); }
    /// "locks" taken and "contended" ones so far; asks no room.
    std::map<std::string, std::uint64_t> locks() { return ask("locks"); }
    /// Ends a stall. Asks no room.
    void go_on() { ask("go_on"); }
    /// Until `name` is `value`; false when it does not become so.
    bool wait_for(const std::string& name, std::uint64_t value);

    /// Memory in RAM.
    std::uint64_t resident_bytes() const;
    /// How often shards and workers went to sleep, so how often they woke.
    std::uint64_t sleeps() const;
    /// Processor time that the shards have used.
    std::uint64_t shard_cpu_ms() const;
    /// Returns when shards and workers are asleep.
    void settle() const;
    /// Returns after `ms`, during which nobody asks the host for anything.
    void leave_alone(int ms) const;

private:
    std::map<std::string, std::uint64_t> ask(const std::string& what);
    std::string read_line();

    int pid_ = -1;
    int to_ = -1;
    int from_ = -1;
    std::uint16_t port_ = 0;
    std::string unread_;
};

/// The other side of ServerProcess: runs until its standard input ends.
int serve(int argc, char** argv);

/// How many locks this process took, and how many of them somebody else held just then.
struct LockCount {
    std::uint64_t locks = 0;
    std::uint64_t contended = 0;
};
LockCount lock_count() noexcept;

}  // namespace gantry::test
