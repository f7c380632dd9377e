// The world rows: a typed protobuf request is decoded in a world and answered.
#include <bench_echo.gantry.h>
#include <gantry/gantry.h>

namespace {
class Echo final : public gantry::WorldPlugin {
    void setup() override {
        on<bench::Echo>([](const bench::Echo& echo) -> const bench::Echo& { return echo; });
    }
};
}  // namespace

GANTRY_PLUGIN(.name = "bench_echo", .version = "1.0.0", .world = gantry::create<Echo>);
