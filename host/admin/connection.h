// Connection: one client of the admin listener, from request to answer and on to the next.
#pragma once
#include <array>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

#include "gantry/types.h"
#include "host/admin/router.h"
#include "host/net/http_codec.h"

namespace gantry::admin {

struct ServerState;

/// Every state has a deadline, so no client can hold a place for longer than the limits say.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(ServerState& server, asio::ip::tcp::socket socket);

    void start();
    /// Deadlines, swaps that may be over, new events.
    void tick(TimeNs now);
    /// Lets an answer under way go out, for a short while; closes at once otherwise.
    void finish(TimeNs deadline);

private:
    enum class Doing : std::uint8_t { reading, writing, swapping, streaming, lingering, closed };

    void read();
    void on_read(std::error_code error, std::size_t bytes);
    void next_request();
    void answer();
    void respond(net::HttpResponse response);
    void write();
    void on_written(std::error_code error);
    void begin_stream(const Answer& answer);
    void stream_news(TimeNs now);
    void linger();
    void close();
    bool past_deadline(TimeNs now);

    ServerState& server_;
    asio::ip::tcp::socket socket_;
    std::array<char, 8192> buffer_{};
    std::string unread_;  ///< read beyond the request that is being answered
    net::HttpRequestParser parser_;
    std::string out_;
    Doing doing_ = Doing::reading;
    bool in_request_ = false;  ///< a first byte of it is here
    bool keep_alive_ = true;
    bool stream_writing_ = false;
    bool messages_ = false;  ///< the stream tells of messages too
    TimeNs deadline_ = 0;
    TimeNs swap_deadline_ = 0;
    TimeNs next_heartbeat_ = 0;
    std::uint64_t number_ = 0;  ///< the swap's ticket, or the last event sent
};

}  // namespace gantry::admin
