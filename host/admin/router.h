// Router: an HTTP request of the admin listener to its answer, without any I/O of its own.
#pragma once
#include <cstdint>
#include <string>

#include "host/admin/backend.h"
#include "host/admin/guard.h"
#include "host/admin/server.h"
#include "host/admin/static_files.h"
#include "host/net/http_codec.h"

namespace gantry::admin {

/// What the connection does next.
struct Answer {
    enum class Kind : std::uint8_t {
        response,  ///< send `response`
        swap,      ///< wait for `number`, a ticket, then send swap_answer()
        events,    ///< send `response`'s head, then session events after `number` until it closes
    };
    Kind kind = Kind::response;
    net::HttpResponse response;
    std::uint64_t number = 0;
    bool messages = false;  ///< of events: received and sent too
};

/// Counted by the server, shown in /metrics.
struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t requests_refused = 0;     ///< Host, Origin, token
    std::uint64_t requests_malformed = 0;   ///< not HTTP, or beyond a limit
    std::uint64_t connections_refused = 0;  ///< above connections_max
    std::uint64_t timeouts = 0;
};

class Router {
public:
    /// `config.port` is the real one. `backend` and `counters` must outlive this.
    Router(AdminConfig config, AdminBackend& backend, Counters& counters);

    Answer handle(const net::HttpRequest& request);
    /// The report once the swap is over; 202 with what there is when `timed_out`; empty status 0
    /// while it runs.
    net::HttpResponse swap_answer(std::uint64_t ticket, bool timed_out);
    /// For what the parser refused.
    net::HttpResponse failure(const Error& error) const;
    net::HttpResponse refuse(const Refusal& refusal) const;

private:
    Answer handle_api(const net::HttpRequest& request);
    Answer read_api(const net::HttpRequest& request);
    Answer write_api(const net::HttpRequest& request);
    Answer sessions(const net::HttpRequest& request);
    Answer events(const net::HttpRequest& request);
    Answer swap(const net::HttpRequest& request);
    /// Promotes what runs in some worlds only, or aborts it.
    Answer end_trial(const net::HttpRequest& request);
    Answer remove(const net::HttpRequest& request);
    std::vector<MetricFamily> metrics();
    net::HttpResponse json(std::uint32_t status, std::string text) const;
    net::HttpResponse page(net::HttpResponse response) const;
    net::HttpResponse wrong_method(const char* allowed) const;

    AdminConfig config_;
    AdminBackend& backend_;
    Counters& counters_;
    Guard guard_;
    StaticFiles files_;
    std::string content_security_policy_;
};

}  // namespace gantry::admin
