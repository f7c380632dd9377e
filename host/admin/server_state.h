// ServerState: what the admin server's connections share. Everything in it belongs to [admin].
#pragma once
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "host/admin/router.h"
#include "host/admin/server.h"
#include "host/core/clock.h"

namespace gantry::admin {

class Connection;

struct ServerState {
    /// How often deadlines are looked at and the backend is asked for news, while anybody is there;
    /// that a swap has ended is told at once.
    static constexpr int tick_ms = 20;
    /// What an answer under way gets at the end of the server.
    static constexpr TimeNs farewell_ns = 500 * ns_per_ms;

    ServerState(AdminConfig server_config, AdminBackend& server_backend);

    /// Binds and listens; fills in the real port. Called before the thread starts.
    Result<Done> listen();
    void accept();
    void tick();
    void close();
    void forget(const std::shared_ptr<Connection>& connection);
    /// One stream of events more or fewer; false when there are too many.
    bool add_stream(bool messages);
    void remove_stream(bool messages);
    void tell_wanted();

    AdminConfig config;
    AdminBackend& backend;
    core::SystemClock clock;
    Counters counters;
    asio::io_context io{1};
    asio::ip::tcp::acceptor acceptor{io};
    asio::steady_timer ticker{io};
    bool ticking = false;
    bool closing = false;
    std::size_t streams = 0;
    std::size_t message_streams = 0;  ///< those of `streams` that follow messages too
    std::set<std::shared_ptr<Connection>> connections;
    std::unique_ptr<Router> router;  ///< made by listen(): it needs the port
    std::string url;
    std::thread thread;
};

}  // namespace gantry::admin
