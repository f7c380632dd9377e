// The subject: a raw handler, a typed one, and a route of the shard. Each answers what it was
// asked.
#include <gantry/gantry.h>
#include <note.gantry.h>

namespace {

class InWorld final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [](const gantry::Message& message) { return message.payload; });
        on<allocation::Note>(
            [](const allocation::Note& note) -> const allocation::Note& { return note; });
    }
};

class OnShard final : public gantry::IoPlugin {
    void setup() override {
        route(3, [](const gantry::IoMessage& message) { return message.payload; });
    }
};

}  // namespace

GANTRY_PLUGIN(.name = "allocation", .version = "1.0.0", .world = gantry::create<InWorld>,
              .io = gantry::create<OnShard>);
