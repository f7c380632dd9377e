// Two plugins: one leaves the address of its code in the environment, the other calls what it finds
// there, as one does who keeps a pointer of another plugin for longer than it may.
#include <gantry/gantry.h>

#include <cstdlib>

namespace {

using Function = int (*)();
constexpr const char* place = "GANTRY_STALE_POINTER";

#if STALE_LEAVES
int answer() { return 42; }

class Leaver final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [](const gantry::Message&) {
            Function volatile function = answer;
            const auto address = reinterpret_cast<std::uintptr_t>(function);
            ::setenv(place, std::to_string(address).c_str(), 1);
            return std::to_string(function());
        });
    }
};
GANTRY_PLUGIN(.name = "leaver", .version = "1.0.0", .world = gantry::create<Leaver>);
#else
class Keeper final : public gantry::WorldPlugin {
    void setup() override {
        on(2, [](const gantry::Message&) {
            const auto address = std::strtoull(std::getenv(place), nullptr, 10);
            return std::to_string(reinterpret_cast<Function>(address)());
        });
    }
};
GANTRY_PLUGIN(.name = "keeper", .version = "1.0.0", .world = gantry::create<Keeper>);
#endif

}  // namespace
