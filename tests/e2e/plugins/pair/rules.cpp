// Says its version to its partner, which only works with the same one.
#include <gantry/gantry.h>

#include "tests/e2e/plugins/pair/pair.h"

class RulesPlugin final : public gantry::WorldPlugin, public pair::Rules {
    int version() override { return pair::version; }
    void setup() override { provide<pair::Rules>(pair::Rules::name, this); }
};

GANTRY_PLUGIN(.name = "rules", .version = pair::version_text, .world = gantry::create<RulesPlugin>);
