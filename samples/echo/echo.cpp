// The smallest plugin: what comes as message 1 goes back, and on a listener without ids everything.
#include <gantry/gantry.h>

class Echo : public gantry::WorldPlugin {
    void setup() override {
        on(1, [](const gantry::Message& message) { return message.payload; });
        on(0, [](const gantry::Message& message) { return message.payload; });
    }
};

GANTRY_PLUGIN(.name = "echo", .version = "1.0.0", .world = gantry::create<Echo>);
