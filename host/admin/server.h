// AdminServer: HTTP on loopback for people, scripts and scrapers, on a thread of its own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/admin/backend.h"
#include "host/core/result.h"

namespace gantry::admin {

struct AdminConfig {
    struct Root {
        std::string prefix;  ///< "/" or "/name/"
        std::string folder;
    };
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string token;        ///< make_token(), or the manifest's; never empty
    std::vector<Root> roots;  ///< the longest matching prefix wins
    /// Beside itself, where the pages may connect: "ws://127.0.0.1:4000". Goes into the CSP.
    std::vector<std::string> connect_sources;
    std::string page_config = "{}";  ///< JSON served to the pages at /config.json

    std::size_t connections_max = 64;
    std::size_t body_bytes_max = 65'536;
    std::uint32_t request_ms = 10'000;  ///< from its first byte to its last, and to write an answer
    std::uint32_t idle_ms = 30'000;     ///< between two requests
    std::size_t event_streams_max = 8;  ///< connections that follow /api/events
    std::uint32_t swap_wait_ms = 60'000;  ///< POST /api/swap answers 202 after this
};

/// 192 random bits from the system's cryptographic source, as hexadecimal digits.
std::string make_token();

struct ServerState;  // server_state.h

class AdminServer {
public:
    /// Listens and starts the thread. An error names address and port. `backend` must outlive it.
    static Result<std::unique_ptr<AdminServer>> start(AdminConfig config, AdminBackend& backend);

    /// Closes every connection and joins the thread.
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    /// The real port, also when the config said 0. [any thread]
    std::uint16_t port() const noexcept;
    /// "http://127.0.0.1:8080", the base of every address. [any thread]
    const std::string& url() const noexcept;

private:
    explicit AdminServer(std::unique_ptr<ServerState> state) noexcept;
    std::unique_ptr<ServerState> state_;
};

}  // namespace gantry::admin
