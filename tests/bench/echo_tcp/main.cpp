// echo_tcp: server CPU per message of the shard against the baseline, one JSON object a line.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "host/net/frame.h"
#include "tests/bench/echo_tcp/load.h"
#include "tests/bench/echo_tcp/server.h"

using namespace gantry::bench;

namespace {

struct Row {
    const char* name;
    std::uint32_t depth;
    const EchoServer* server;
    double target;
    bool typed = false;  ///< requests whose payload is a bench.Echo
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

double measure(LoadOptions options, const EchoServer& server) {
    options.port = server.port();
    const LoadResult result = run_load(options, server);
    if (!result.error.empty()) {
        std::fprintf(stderr, "echo_tcp: %s\n", result.error.c_str());
        std::exit(1);
    }
    return result.server_us_per_message();
}

/// Baseline and subject take turns, and each turn has its own ratio, so that what else the machine
/// does meets both.
void run_row(const Row& row, const EchoServer& baseline, LoadOptions options, int runs) {
    options.depth = row.depth;
    if (row.typed) {
        options.request_flags = gantry::net::frame_flags::request;
        options.response_flags = gantry::net::frame_flags::response;
        options.payload_head = {0x0a, static_cast<char>(options.payload_bytes - 2)};
    }
    std::vector<double> values, baselines, ratios;
    for (int run = 0; run < runs; ++run) {
        LoadOptions plain = options;
        plain.request_flags = plain.response_flags = 0;
        baselines.push_back(measure(plain, baseline));
        values.push_back(measure(options, *row.server));
        ratios.push_back(values.back() / baselines.back());
    }
    std::printf(
        "{\"name\":\"echo_tcp/%s\",\"value\":%.4f,\"unit\":\"us/msg\",\"baseline\":%.4f,"
        "\"ratio\":%.3f,\"target\":%.2f}\n",
        row.name, median(values), median(baselines), median(ratios), row.target);
    std::fflush(stdout);
}

double option(int argc, char** argv, const char* name, double otherwise) {
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::strcmp(argv[i], name) == 0) return std::atof(argv[i + 1]);
    }
    return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
    LoadOptions options;
    options.conns = static_cast<std::uint32_t>(option(argc, argv, "--conns", 50));
    options.payload_bytes = static_cast<std::uint32_t>(option(argc, argv, "--payload", 64));
    options.seconds = option(argc, argv, "--seconds", 0.4);
    const int runs = static_cast<int>(option(argc, argv, "--runs", 15));
    const auto depth = static_cast<std::uint32_t>(option(argc, argv, "--depth", 0));

    const auto baseline = start_epoll_server();
    const auto shard = start_shard_server();
    const auto world = start_world_server();
    const Row rows[] = {{"io_depth1", 1, shard.get(), 1.15},
                        {"io_depth100", 100, shard.get(), 1.35},
                        {"world_depth1", 1, world.get(), 1.8, true},
                        {"world_depth100", 100, world.get(), 3.5, true}};
    for (const Row& row : rows) {
        if (depth == 0 || depth == row.depth) run_row(row, *baseline, options, runs);
    }
}
