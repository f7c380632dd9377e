// The smallest plugin: whatever comes as message 1 goes back.
#include <gantry/gantry.h>

class Echo : public gantry::WorldPlugin {
    void setup() override {
        on(1, [](const gantry::Message& message) { return message.payload; });
    }
};

GANTRY_PLUGIN(.name = "echo", .version = "1.0.0", .world = gantry::create<Echo>);
