// A plugin that nothing is wrong with.
#include <gantry/gantry.h>

namespace {
class Good final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [](const gantry::Message&) { return std::string{"good"}; });
    }
};
}  // namespace

GANTRY_PLUGIN(.name = "good", .version = "1.2.3", .world = gantry::create<Good>);
