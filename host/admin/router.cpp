#include "host/admin/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "host/admin/json.h"
#include "host/admin/prometheus.h"

namespace gantry::admin {
namespace {

constexpr std::size_t sessions_per_answer_max = 1'000;

std::uint32_t http_status(Status status) noexcept {
    switch (status) {
        case Status::ok:
            return 200;
        case Status::invalid:
            return 400;
        case Status::not_found:
            return 404;
        case Status::already_exists:
        case Status::refused:
            return 409;
        case Status::limit:
            return 429;
        case Status::unavailable:
            return 503;
        case Status::timeout:
            return 504;
        default:
            return 500;
    }
}

bool is_read(const net::HttpRequest& request) {
    return request.method == "GET" || request.method == "HEAD";
}

/// The number behind `name=` in a query; nothing when it is there and no number.
std::optional<std::uint64_t> query_number(std::string_view query, std::string_view name,
                                          std::uint64_t preset) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view part = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (part.substr(0, part.find('=')) != name || part.size() <= name.size()) continue;
        const std::string_view digits = part.substr(name.size() + 1);
        std::uint64_t value = 0;
        const char* const last = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), last, value);
        if (error != std::errc{} || stop != last) return std::nullopt;
        return value;
    }
    return preset;
}

std::string policy_of(const std::vector<std::string>& connect_sources) {
    std::string connect = "'self'";
    for (const std::string& source : connect_sources) connect += ' ' + source;
    return fmt::format(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; manifest-src 'self'; connect-src {}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        connect);
}

}  // namespace

Router::Router(AdminConfig config, AdminBackend& backend, Counters& counters)
    : config_{std::move(config)},
      backend_{backend},
      counters_{counters},
      guard_{config_.address, config_.port, config_.token},
      files_{config_.roots},
      content_security_policy_{policy_of(config_.connect_sources)} {}

Answer Router::handle(const net::HttpRequest& request) {
    ++counters_.requests;
    if (const auto refusal = guard_.check_host(request)) {
        ++counters_.requests_refused;
        return {{}, refuse(*refusal), 0};
    }

    const std::string_view path = request.path();
    if (path == "/health") {
        if (!is_read(request)) return {{}, wrong_method("GET, HEAD"), 0};
        const HealthInfo health = backend_.health();
        return {{}, json(health.ok ? 200 : 503, to_json(health)), 0};
    }
    if (path == "/metrics" || path.starts_with("/api/")) return handle_api(request);

    if (!is_read(request)) return {{}, wrong_method("GET, HEAD"), 0};
    if (path == "/config.json") return {{}, json(200, config_.page_config), 0};
    return {{}, page(files_.get(request)), 0};
}

Answer Router::handle_api(const net::HttpRequest& request) {
    if (const auto refusal = guard_.check_token(request)) {
        ++counters_.requests_refused;
        Answer answer{{}, refuse(*refusal), 0};
        answer.response.headers.push_back({"WWW-Authenticate", "Bearer"});
        return answer;
    }
    const std::string_view path = request.path();
    const bool writes = path == "/api/swap" || path == "/api/promote" || path == "/api/abort" ||
                        path == "/api/remove" || path == "/api/stop";
    if (writes) {
        if (request.method != "POST") return {{}, wrong_method("POST"), 0};
        if (const auto refusal = guard_.check_write(request)) {
            ++counters_.requests_refused;
            return {{}, refuse(*refusal), 0};
        }
        return write_api(request);
    }
    if (!is_read(request)) return {{}, wrong_method("GET, HEAD"), 0};
    return read_api(request);
}

Answer Router::read_api(const net::HttpRequest& request) {
    const std::string_view path = request.path();
    if (path == "/metrics") {
        Answer answer{{}, json(200, prometheus_text(metrics())), 0};
        answer.response.headers.front().value = prometheus_content_type;
        return answer;
    }
    if (path == "/api/health") return {{}, json(200, to_json(backend_.health())), 0};
    if (path == "/api/plugins") return {{}, json(200, to_json(backend_.plugins())), 0};
    if (path == "/api/candidates") return {{}, json(200, to_json(backend_.candidates())), 0};
    if (path == "/api/worlds") return {{}, json(200, to_json(backend_.worlds())), 0};
    if (path == "/api/routes") return {{}, json(200, to_json(backend_.routes())), 0};
    if (path == "/api/swaps") return {{}, json(200, to_json(backend_.swaps())), 0};
    if (path == "/api/who") return {{}, json(200, to_json(backend_.who())), 0};
    if (path == "/api/incidents") return {{}, json(200, to_json(backend_.incidents())), 0};
    if (path == "/api/sessions") return sessions(request);
    if (path == "/api/events") return events(request);
    return {{}, refuse({404, "there is no such address in the API"}), 0};
}

Answer Router::sessions(const net::HttpRequest& request) {
    const auto after = query_number(request.query(), "after", 0);
    if (!after) return {{}, refuse({400, "after must be a session's id"}), 0};
    // One more than is shown tells whether there are more.
    auto list = backend_.sessions(*after, sessions_per_answer_max + 1);
    const bool more = list.size() > sessions_per_answer_max;
    if (more) list.resize(sessions_per_answer_max);
    return {{}, json(200, to_json(list, more)), 0};
}

Answer Router::events(const net::HttpRequest& request) {
    const auto after = query_number(request.query(), "after", backend_.last_event());
    if (!after) return {{}, refuse({400, "after must be an event's number"}), 0};
    const auto messages = query_number(request.query(), "messages", 0);
    if (!messages || *messages > 1) return {{}, refuse({400, "messages must be 0 or 1"}), 0};
    Answer answer{Answer::Kind::events, json(200, ""), *after, *messages == 1};
    answer.response.headers.front().value = "text/event-stream";
    if (request.method == "HEAD") answer.kind = Answer::Kind::response;
    return answer;
}

Answer Router::write_api(const net::HttpRequest& request) {
    if (request.path() == "/api/swap") return swap(request);
    if (request.path() == "/api/promote" || request.path() == "/api/abort") {
        return end_trial(request);
    }
    if (request.path() == "/api/remove") return remove(request);
    backend_.stop();
    return {{}, json(202, R"({"stopping":true})"), 0};
}

Answer Router::swap(const net::HttpRequest& request) {
    const auto wanted = swap_request(request.body);
    if (!wanted) {
        return {{}, json(400, error_json("invalid", wanted.error().message)), 0};
    }
    const auto ticket = backend_.swap(*wanted);
    if (!ticket) return {{}, failure(ticket.error()), 0};
    return {Answer::Kind::swap, {}, *ticket};
}

Answer Router::end_trial(const net::HttpRequest& request) {
    const auto plugin = plugin_request(request.body);
    if (!plugin) return {{}, failure(plugin.error()), 0};
    if (request.path() == "/api/promote") {
        const auto ticket = backend_.promote(*plugin);
        if (!ticket) return {{}, failure(ticket.error()), 0};
        return {Answer::Kind::swap, {}, *ticket};
    }
    const auto aborted = backend_.abort(*plugin);
    if (!aborted) return {{}, failure(aborted.error()), 0};
    return {{}, json(200, aborted_json(*aborted)), 0};
}

Answer Router::remove(const net::HttpRequest& request) {
    const auto plugin = plugin_request(request.body);
    if (!plugin) return {{}, failure(plugin.error()), 0};
    const auto removed = backend_.remove(*plugin);
    if (!removed) return {{}, failure(removed.error()), 0};
    return {{}, json(200, removed_json(*removed)), 0};
}

net::HttpResponse Router::swap_answer(std::uint64_t ticket, bool timed_out) {
    const auto report = backend_.swap_of(ticket);
    if (!report) {
        return json(404,
                    error_json("not_found", fmt::format("nothing is known of swap {}", ticket)));
    }
    if (report->outcome != SwapOutcome::running) return json(200, to_json(*report));
    if (timed_out) return json(202, to_json(*report));
    net::HttpResponse none;
    none.status = 0;
    return none;
}

std::vector<MetricFamily> Router::metrics() {
    auto families = backend_.metrics();
    const auto add = [&](const char* name, const char* help, std::uint64_t value) {
        families.push_back(
            {name, help, MetricType::counter, {{{}, static_cast<double>(value)}}, {}});
    };
    add("gantry_admin_requests_total", "Requests to the admin listener.", counters_.requests);
    add("gantry_admin_requests_refused_total", "Requests with a wrong Host, Origin or token.",
        counters_.requests_refused);
    add("gantry_admin_requests_malformed_total", "Requests that were no HTTP or above a limit.",
        counters_.requests_malformed);
    add("gantry_admin_connections_refused_total", "Connections above the limit.",
        counters_.connections_refused);
    add("gantry_admin_timeouts_total", "Connections closed for being slow.", counters_.timeouts);
    return families;
}

net::HttpResponse Router::json(std::uint32_t status, std::string text) const {
    net::HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
    response.body = std::move(text);
    return page(std::move(response));
}

net::HttpResponse Router::page(net::HttpResponse response) const {
    response.headers.push_back({"Content-Security-Policy", content_security_policy_});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Referrer-Policy", "no-referrer"});
    response.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
    response.headers.push_back({"Cross-Origin-Resource-Policy", "same-origin"});
    return response;
}

net::HttpResponse Router::failure(const Error& error) const {
    return json(http_status(error.status), error_json(status_name(error.status), error.message));
}

net::HttpResponse Router::refuse(const Refusal& refusal) const {
    const char* const status = refusal.status == 404   ? "not_found"
                               : refusal.status == 400 ? "invalid"
                                                       : "refused";
    return json(refusal.status, error_json(status, refusal.sentence));
}

net::HttpResponse Router::wrong_method(const char* allowed) const {
    net::HttpResponse response = refuse({405, fmt::format("allowed here: {}", allowed)});
    response.headers.push_back({"Allow", allowed});
    return response;
}

}  // namespace gantry::admin
