// A plugin that cannot be without another: the drop folder may not take that one from under it.
#include <gantry/gantry.h>

class Dependent final : public gantry::WorldPlugin {
    void setup() override {}
};

GANTRY_PLUGIN(.name = "dependent", .version = "1.0.0", .world = gantry::create<Dependent>,
              .needs = {{.name = "chat_filter", .version_min = "1.0.0"}});
