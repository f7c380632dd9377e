// EchoServer: something that echoes frames on a port, and how much CPU it has used.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gantry::bench {

class EchoServer {
public:
    virtual ~EchoServer() = default;
    virtual std::uint16_t port() const = 0;
    /// CPU time of the serving thread, or of the whole process, since it started.
    virtual std::uint64_t cpu_ns() const = 0;
};

/// Runs `serve` on a thread of its own, pinned to CPU 0. `serve` calls `ready(port)` once and
/// returns soon after `stop` turns true.
class ThreadServer final : public EchoServer {
public:
    using Serve = std::function<void(const std::function<void(std::uint16_t)>& ready,
                                     std::atomic<bool>& stop)>;
    explicit ThreadServer(Serve serve);
    ~ThreadServer() override;
    std::uint16_t port() const override { return port_; }
    std::uint64_t cpu_ns() const override;

private:
    std::atomic<bool> stop_{false};
    std::atomic<std::uint16_t> port_{0};
    std::thread thread_;
};

/// Runs a program, pinned to CPU 0, that prints the port as the last number of its first line.
/// Ended by SIGTERM.
class ProcessServer final : public EchoServer {
public:
    explicit ProcessServer(std::vector<std::string> command);
    ~ProcessServer() override;
    std::uint16_t port() const override { return port_; }
    std::uint64_t cpu_ns() const override;

private:
    int pid_ = -1;
    int output_ = -1;
    std::uint16_t port_ = 0;
};

void pin_to_cpu(int cpu);

/// The rows' subjects.
std::unique_ptr<EchoServer> start_epoll_server();  // epoll_server.cpp: the baseline
std::unique_ptr<EchoServer> start_shard_server();  // shard_server.cpp: a handler in on_frame

std::unique_ptr<EchoServer> start_world_server();  // world_server.cpp: a handler in a world

}  // namespace gantry::bench
