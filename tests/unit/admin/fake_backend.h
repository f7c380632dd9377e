// FakeBackend: a host made of plain values, for the admin server's tests.
#pragma once
#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/admin/backend.h"
#include "host/net/http_codec.h"

namespace gantry::test {

/// The server calls from its thread while the test changes values: `mutex` guards all of them.
class FakeBackend final : public admin::AdminBackend {
public:
    std::mutex mutex;
    admin::HealthInfo health_value{true, "running", "", "arena", "0.1.0", 5, 2, 2, 1, 3};
    std::vector<admin::PluginInfo> plugin_list;
    std::vector<admin::SessionInfo> session_list;
    std::vector<admin::MetricFamily> metric_list;
    std::vector<admin::SwapReport> swap_list;
    std::vector<admin::SessionEvent> event_list;
    admin::SwapRequest swap_asked;
    Result<std::uint64_t> swap_result = std::uint64_t{7};
    bool stopped = false;
    std::function<void()> ends_told;
    admin::EventsWanted wanted = admin::EventsWanted::none;
    std::uint64_t lost = 0;

    template <class Change>
    void with_lock(Change&& change) {
        const std::lock_guard lock{mutex};
        change(*this);
    }

    admin::HealthInfo health() override {
        const std::lock_guard lock{mutex};
        return health_value;
    }
    std::vector<admin::PluginInfo> plugins() override {
        const std::lock_guard lock{mutex};
        return plugin_list;
    }
    std::vector<admin::CandidateInfo> candidates() override {
        return {{"arena", "2.0.0", "f", "b", ""}};
    }
    std::vector<admin::WorldInfo> worlds() override {
        admin::WorldInfo world;
        world.name = "field";
        return {world};
    }
    std::vector<admin::SessionInfo> sessions(std::uint64_t after, std::size_t count_max) override {
        const std::lock_guard lock{mutex};
        std::vector<admin::SessionInfo> out;
        for (const auto& session : session_list) {
            if (session.id > after && out.size() < count_max) out.push_back(session);
        }
        return out;
    }
    std::vector<admin::RouteInfo> routes() override {
        return {{7, "Move", "arena@1.0.0#1", "field"}};
    }
    std::vector<admin::MetricFamily> metrics() override {
        const std::lock_guard lock{mutex};
        return metric_list;
    }
    Result<std::uint64_t> swap(const admin::SwapRequest& request) override {
        const std::lock_guard lock{mutex};
        swap_asked = request;
        return swap_result;
    }
    Result<std::uint64_t> promote(const std::string& plugin) override {
        const std::lock_guard lock{mutex};
        swap_asked.plugins = {{plugin, {}, {}}};
        return swap_result;
    }
    Result<std::string> remove(const std::string& plugin) override {
        if (plugin == "arena") return std::string{"arena@1.0.0#1"};
        return Error{Status::not_found, plugin + " is not loaded"};
    }
    Result<std::vector<std::string>> abort(const std::string& plugin) override {
        if (plugin == "arena") return std::vector<std::string>{"arena@2.0.0#2", "bots@2.0.0#2"};
        return Error{Status::not_found, "no version of " + plugin + " runs in some worlds only"};
    }
    std::vector<admin::GenerationInfo> who() override {
        return {{"arena@1.0.0#1", "serves", 5, {"serves world field: 1 routes"}}};
    }
    std::vector<admin::IncidentInfo> incidents() override {
        return {{7, "fault", "arena@2.0.0#2", "it broke", "", "arena@1.0.0#1", {}, {"frame"}}};
    }
    std::vector<admin::SwapReport> swaps() override {
        const std::lock_guard lock{mutex};
        return swap_list;
    }
    std::optional<admin::SwapReport> swap_of(std::uint64_t ticket) override {
        const std::lock_guard lock{mutex};
        for (const admin::SwapReport& one : swap_list) {
            if (one.ticket == ticket) return one;
        }
        return std::nullopt;
    }
    admin::EventBatch events(std::uint64_t after, std::size_t count_max, bool messages) override {
        const std::lock_guard lock{mutex};
        admin::EventBatch batch;
        batch.upto = after;
        for (const auto& event : event_list) {
            if (event.number <= after || batch.events.size() >= count_max) continue;
            batch.upto = event.number;
            const bool of_message = event.kind == admin::EventKind::received;
            if (messages || !of_message) batch.events.push_back(event);
        }
        batch.lost = std::exchange(lost, 0);
        return batch;
    }
    std::uint64_t last_event() override {
        const std::lock_guard lock{mutex};
        return event_list.empty() ? 0 : event_list.back().number;
    }
    void events_wanted(admin::EventsWanted value) override {
        const std::lock_guard lock{mutex};
        wanted = value;
    }
    void tell_ends_to(std::function<void()> told) override {
        const std::lock_guard lock{mutex};
        ends_told = std::move(told);
    }
    void stop() override {
        const std::lock_guard lock{mutex};
        stopped = true;
    }
};

inline net::HttpRequest request(std::string method, std::string target,
                                std::vector<net::HttpHeader> headers = {}, std::string body = {}) {
    net::HttpRequest out;
    out.method = std::move(method);
    out.target = std::move(target);
    out.headers = std::move(headers);
    if (out.header_count("Host") == 0) out.headers.push_back({"Host", "127.0.0.1:8080"});
    out.body = std::move(body);
    return out;
}

}  // namespace gantry::test
