#include "host/admin/server.h"

#include <fmt/format.h>

#include <asio/ip/address.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include "host/admin/connection.h"
#include "host/admin/server_state.h"
#include "host/core/assert.h"
#include "host/platform/fault.h"
#include "host/platform/processors.h"
#include "host/platform/secure_random.h"

namespace gantry::admin {

std::string make_token() {
    constexpr std::size_t token_bytes = 24;
    return platform::secure_token(token_bytes);
}

ServerState::ServerState(AdminConfig server_config, AdminBackend& server_backend)
    : config{std::move(server_config)}, backend{server_backend} {}

Result<Done> ServerState::listen() {
    using asio::ip::tcp;
    const auto failed = [this](const std::error_code& error) {
        return Error{Status::unavailable,
                     fmt::format("admin: cannot listen on {} port {}: {}", config.address,
                                 config.port, error.message())};
    };
    std::error_code error;
    const auto address = asio::ip::make_address(config.address, error);
    if (error) return failed(error);
    const tcp::endpoint endpoint{address, config.port};
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) return failed(error);
    const auto real = acceptor.local_endpoint(error);
    if (error) return failed(error);

    config.port = real.port();
    url = fmt::format("http://{}:{}", url_host(config.address), config.port);
    router = std::make_unique<Router>(config, backend, counters);
    return Done{};
}

void ServerState::accept() {
    acceptor.async_accept([this](std::error_code error, asio::ip::tcp::socket socket) {
        if (closing) return;
        if (!error && connections.size() < config.connections_max) {
            auto connection = std::make_shared<Connection>(*this, std::move(socket));
            connections.insert(connection);
            connection->start();
            if (!ticking) tick();
        } else if (!error) {
            ++counters.connections_refused;  // the socket closes here
        }
        if (!error) return accept();
        // Out of descriptors, most likely: trying again at once would only spin.
        ticker.expires_after(std::chrono::milliseconds(tick_ms));
        ticker.async_wait([this](std::error_code) {
            ticking = false;
            if (closing) return;
            accept();
            if (!connections.empty()) tick();
        });
    });
}

void ServerState::tick() {
    const TimeNs now = clock.now();
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->tick(now);
    ticking = !connections.empty();
    if (!ticking) return;
    ticker.expires_after(std::chrono::milliseconds(tick_ms));
    ticker.async_wait([this](std::error_code error) {
        if (!error) tick();
    });
}

void ServerState::close() {
    closing = true;
    std::error_code ignored;
    acceptor.close(ignored);
    const TimeNs deadline = clock.now() + farewell_ns;
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->finish(deadline);
    ticker.cancel();
    if (!connections.empty()) tick();
}

void ServerState::forget(const std::shared_ptr<Connection>& connection) {
    connections.erase(connection);
}

bool ServerState::add_stream(bool messages) {
    if (streams >= config.event_streams_max) return false;
    ++streams;
    if (messages) ++message_streams;
    tell_wanted();
    return true;
}

void ServerState::remove_stream(bool messages) {
    GANTRY_ASSERT(streams > 0);
    --streams;
    if (messages) --message_streams;
    tell_wanted();
}

void ServerState::tell_wanted() {
    backend.events_wanted(message_streams != 0 ? EventsWanted::messages
                          : streams != 0       ? EventsWanted::life
                                               : EventsWanted::none);
}

Result<std::unique_ptr<AdminServer>> AdminServer::start(AdminConfig config, AdminBackend& backend) {
    if (config.token.empty()) return Error{Status::invalid, "admin: the token is empty"};
    auto state = std::make_unique<ServerState>(std::move(config), backend);
    if (auto listening = state->listen(); !listening) return listening.error();
    ServerState* const shared = state.get();
    shared->accept();
    shared->thread = std::thread([shared] {
        platform::name_thread("gantry-admin");
        const platform::FaultThread thread;
        shared->io.run();
    });
    backend.tell_ends_to([shared] { asio::post(shared->io, [shared] { shared->tick(); }); });
    return std::unique_ptr<AdminServer>{new AdminServer{std::move(state)}};
}

AdminServer::AdminServer(std::unique_ptr<ServerState> state) noexcept : state_{std::move(state)} {}

AdminServer::~AdminServer() {
    state_->backend.tell_ends_to({});
    asio::post(state_->io, [state = state_.get()] { state->close(); });
    state_->thread.join();
}

std::uint16_t AdminServer::port() const noexcept { return state_->config.port; }
const std::string& AdminServer::url() const noexcept { return state_->url; }

}  // namespace gantry::admin
