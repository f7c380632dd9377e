// A plugin that changes with its versions, for gantry abi: what worlds store, and what clients
// speak.
#include <gantry/gantry.h>

#include <changing.gantry.h>

namespace {

#if CHANGING == 1
struct Body {
    std::int32_t score = 0;
    float speed = 1;
};
#elif CHANGING == 2  // what the host migrates by itself
struct Body {
    std::int64_t score = 0;
    float speed = 1;
    float heat = 20;
};
#elif CHANGING == 3  // what needs a conversion
struct Body {
    std::int16_t score = 0;
    float speed = 1;
};
#else                // the conversion, as the stub has it
struct Body {
    std::int16_t score = 0;
    float speed = 1;
    static void up(const gantry::OldRow& old, Body& now) noexcept {
        now.score = static_cast<std::int16_t>(old.get<std::int32_t>("score") / 10);
    }
    static void down(const Body& now, gantry::OldRow& old) noexcept {
        old.set("score", now.score * 10);
    }
};
#endif
#if CHANGING == 2
GANTRY_COMPONENT_AS("changing.body", Body, 2, GANTRY_FIELD(score), GANTRY_FIELD(speed),
                    GANTRY_FIELD(heat))
#elif CHANGING == 4
GANTRY_COMPONENT_AS("changing.body", Body, 4, GANTRY_FIELD(score, .converted = true),
                    GANTRY_FIELD(speed))
#else
GANTRY_COMPONENT_AS("changing.body", Body, CHANGING, GANTRY_FIELD(score), GANTRY_FIELD(speed))
#endif

class Changing final : public gantry::WorldPlugin {
    void setup() override {
        expect(world().use<Body>());
        on<changing::Move>([](const changing::Move&) {});
#if CHANGING != 3
        on(9, [](const gantry::Message& message) { return message.payload; });
#endif
    }
};

}  // namespace

GANTRY_PLUGIN(.name = "changing", .version = CHANGING_VERSION, .world = gantry::create<Changing>);
