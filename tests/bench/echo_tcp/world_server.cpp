// The world rows' server: the real program with one shard, one worker and the plugin.
#include "tests/bench/echo_tcp/server.h"

namespace gantry::bench {

std::unique_ptr<EchoServer> start_world_server() {
    return std::make_unique<ProcessServer>(
        std::vector<std::string>{BENCH_GANTRY, "run", BENCH_MANIFEST});
}

}  // namespace gantry::bench
