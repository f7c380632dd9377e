#include "host/admin/client.h"

#include <fmt/format.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "host/net/http_codec.h"

namespace gantry::admin {
namespace {

constexpr std::uint64_t body_bytes_max = 64 * 1024 * 1024;

/// Host and port of "http://127.0.0.1:8080" or "http://[::1]:8080".
std::optional<asio::ip::tcp::endpoint> endpoint_of(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    const std::size_t colon = url.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = url.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const std::string_view digits = url.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [stop, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (bad != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
    std::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return std::nullopt;
    return asio::ip::tcp::endpoint{address, port};
}

/// One request and its answer, by callbacks, so that one deadline covers all of it.
class Exchange {
public:
    Exchange(asio::io_context& io, std::string request)
        : socket_{io}, out_{std::move(request)}, parser_{limits()} {}

    void begin(const asio::ip::tcp::endpoint& endpoint) {
        socket_.async_connect(endpoint, [this](std::error_code error) {
            if (error) return fail(error);
            asio::async_write(socket_, asio::buffer(out_), [this](std::error_code e, std::size_t) {
                if (e) return fail(e);
                read();
            });
        });
    }

    Result<AdminReply> result(const std::string& url, std::uint32_t timeout_ms) const {
        if (parser_.state() == net::HttpState::done) {
            const net::HttpResponse& response = parser_.response();
            return AdminReply{static_cast<int>(response.status), response.body};
        }
        if (parser_.state() == net::HttpState::failed) {
            return Error{Status::invalid, fmt::format("{} does not answer as an admin listener: {}",
                                                      url, parser_.failure().sentence)};
        }
        if (error_) {
            return Error{Status::unavailable, fmt::format("{}: {}", url, error_.message())};
        }
        return Error{Status::timeout,
                     fmt::format("{} gave no answer within {} ms", url, timeout_ms)};
    }

private:
    static net::HttpLimits limits() {
        net::HttpLimits limits;
        limits.body_bytes_max = body_bytes_max;
        return limits;
    }

    void fail(std::error_code error) { error_ = error; }

    void read() {
        socket_.async_read_some(asio::buffer(buffer_),
                                [this](std::error_code error, std::size_t n) {
                                    if (error) {
                                        parser_.feed_end();
                                        return fail(error);
                                    }
                                    parser_.feed(std::string_view{buffer_.data(), n});
                                    if (parser_.state() == net::HttpState::need_more) read();
                                });
    }

    asio::ip::tcp::socket socket_;
    std::string out_;
    net::HttpResponseParser parser_;
    std::array<char, 16'384> buffer_{};
    std::error_code error_;
};

Result<AdminReply> exchange(const std::string& url, net::HttpRequest request,
                            const std::string& token, std::uint32_t timeout_ms) {
    const auto endpoint = endpoint_of(url);
    if (!endpoint) {
        return Error{Status::invalid, fmt::format("\"{}\" is no address such as "
                                                  "http://127.0.0.1:8080",
                                                  url)};
    }
    request.headers.push_back({"Host", url.substr(url.find("//") + 2)});
    request.headers.push_back({"Authorization", "Bearer " + token});
    request.keep_alive = false;
    asio::io_context io{1};
    Exchange exchange{io, net::http_serialise(request)};
    exchange.begin(*endpoint);
    io.run_for(std::chrono::milliseconds(timeout_ms));
    return exchange.result(url, timeout_ms);
}

}  // namespace

AdminClient::AdminClient(std::string url, std::string token)
    : url_{std::move(url)}, token_{std::move(token)} {}

Result<AdminReply> AdminClient::get(const std::string& path, std::uint32_t timeout_ms) const {
    net::HttpRequest request;
    request.method = "GET";
    request.target = path;
    return exchange(url_, std::move(request), token_, timeout_ms);
}

Result<AdminReply> AdminClient::post(const std::string& path, const std::string& json,
                                     std::uint32_t timeout_ms) const {
    net::HttpRequest request;
    request.method = "POST";
    request.target = path;
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = json;
    return exchange(url_, std::move(request), token_, timeout_ms);
}

}  // namespace gantry::admin
