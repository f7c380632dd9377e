#include "host/admin/connection.h"

#include <fmt/format.h>

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <utility>

#include "host/admin/json.h"
#include "host/admin/server_state.h"

namespace gantry::admin {
namespace {

constexpr TimeNs linger_ns = 1 * ns_per_s;
constexpr TimeNs heartbeat_ns = 15 * ns_per_s;
constexpr std::size_t events_per_write_max = 256;

net::HttpLimits limits_of(const AdminConfig& config) {
    net::HttpLimits limits;
    limits.body_bytes_max = config.body_bytes_max;
    return limits;
}

/// A stream has no length: it ends when one side closes.
std::string stream_head(const net::HttpResponse& response) {
    std::string out = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    for (const net::HttpHeader& header : response.headers) {
        out += header.name + ": " + header.value + "\r\n";
    }
    return out + "\r\n";
}

}  // namespace

Connection::Connection(ServerState& server, asio::ip::tcp::socket socket)
    : server_{server}, socket_{std::move(socket)}, parser_{limits_of(server.config)} {}

void Connection::start() {
    deadline_ = server_.clock.now() + server_.config.idle_ms * ns_per_ms;
    read();
}

void Connection::read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](std::error_code error, std::size_t bytes) {
                                self->on_read(error, bytes);
                            });
}

void Connection::on_read(std::error_code error, std::size_t bytes) {
    if (doing_ == Doing::closed) return;
    if (error) return close();
    // A client that follows events, or was refused, has nothing more to say.
    if (doing_ == Doing::streaming || doing_ == Doing::lingering) return read();
    unread_.append(buffer_.data(), bytes);
    next_request();
}

void Connection::next_request() {
    if (!unread_.empty() && !in_request_) {
        in_request_ = true;
        deadline_ = server_.clock.now() + server_.config.request_ms * ns_per_ms;
    }
    const std::size_t used = parser_.feed(std::string_view{unread_});
    unread_.erase(0, used);
    switch (parser_.state()) {
        case net::HttpState::need_more:
            return read();
        case net::HttpState::done:
            return answer();
        case net::HttpState::failed: {
            ++server_.counters.requests_malformed;
            keep_alive_ = false;
            const net::HttpFailure& failure = parser_.failure();
            return respond(server_.router->refuse({failure.status, failure.sentence}));
        }
    }
}

void Connection::answer() {
    const net::HttpRequest& request = parser_.request();
    keep_alive_ = request.keep_alive && !server_.closing;
    Answer answer = server_.router->handle(request);
    switch (answer.kind) {
        case Answer::Kind::response:
            return respond(std::move(answer.response));
        case Answer::Kind::events:
            return begin_stream(answer);
        case Answer::Kind::swap:
            doing_ = Doing::swapping;
            number_ = answer.number;
            swap_deadline_ = server_.clock.now() + server_.config.swap_wait_ms * ns_per_ms;
    }
}

void Connection::respond(net::HttpResponse response) {
    const bool head = parser_.state() == net::HttpState::done && parser_.request().method == "HEAD";
    response.keep_alive = keep_alive_;
    out_ = net::http_serialise(response, head);
    doing_ = Doing::writing;
    write();
}

void Connection::write() {
    deadline_ = server_.clock.now() + server_.config.request_ms * ns_per_ms;
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](std::error_code error, std::size_t) {
                          self->on_written(error);
                      });
}

void Connection::on_written(std::error_code error) {
    stream_writing_ = false;
    if (doing_ == Doing::closed) return;
    if (error) return close();
    if (doing_ == Doing::streaming) return;
    if (!keep_alive_ || server_.closing) return linger();

    doing_ = Doing::reading;
    in_request_ = false;
    deadline_ = server_.clock.now() + server_.config.idle_ms * ns_per_ms;
    parser_.reset();
    next_request();
}

void Connection::begin_stream(const Answer& answer) {
    messages_ = answer.messages;
    if (!server_.add_stream(messages_)) {
        return respond(server_.router->refuse({429, "too many clients follow the events"}));
    }
    doing_ = Doing::streaming;
    number_ = answer.number;
    next_heartbeat_ = server_.clock.now() + heartbeat_ns;
    out_ = stream_head(answer.response);
    stream_writing_ = true;
    write();
    read();
}

void Connection::stream_news(TimeNs now) {
    // What a slow reader misses is lost in the host's own ring and told as lost, never kept here.
    const EventBatch batch = server_.backend.events(number_, events_per_write_max, messages_);
    number_ = batch.upto;
    out_.clear();
    if (batch.lost != 0) {
        out_ += fmt::format("event: lost\ndata: {{\"count\":{}}}\n\n", batch.lost);
    }
    for (const SessionEvent& event : batch.events) {
        out_ += fmt::format("id: {}\nevent: session\ndata: {}\n\n", event.number, to_json(event));
    }
    if (out_.empty() && now >= next_heartbeat_) out_ = ": still here\n\n";
    if (out_.empty()) return;
    next_heartbeat_ = now + heartbeat_ns;
    stream_writing_ = true;
    write();
}

void Connection::tick(TimeNs now) {
    if (doing_ == Doing::swapping) {
        auto response = server_.router->swap_answer(number_, now >= swap_deadline_);
        if (response.status != 0) respond(std::move(response));
        return;
    }
    if (past_deadline(now)) {
        if (doing_ != Doing::lingering && (in_request_ || doing_ == Doing::writing)) {
            ++server_.counters.timeouts;
        }
        return close();
    }
    if (doing_ == Doing::streaming && !stream_writing_) stream_news(now);
}

bool Connection::past_deadline(TimeNs now) {
    const bool waits = doing_ == Doing::streaming && !stream_writing_;
    return !waits && doing_ != Doing::closed && now >= deadline_;
}

void Connection::finish(TimeNs deadline) {
    keep_alive_ = false;
    if (doing_ != Doing::writing) return close();
    deadline_ = std::min(deadline_, deadline);
}

/// Closing with unread bytes would reset the connection and could take the answer with it.
void Connection::linger() {
    doing_ = Doing::lingering;
    deadline_ = server_.clock.now() + linger_ns;
    std::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    read();
}

void Connection::close() {
    if (doing_ == Doing::closed) return;
    if (doing_ == Doing::streaming) server_.remove_stream(messages_);
    doing_ = Doing::closed;
    std::error_code ignored;
    socket_.close(ignored);
    server_.forget(shared_from_this());
}

}  // namespace gantry::admin
