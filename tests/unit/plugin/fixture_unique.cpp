// A plugin built without the SDK's flags: an inline static becomes a symbol that pins it in memory.
#include <gantry/gantry.h>

template <class T>
struct Counter {
    static inline int value = 0;
};

namespace {
class Unique final : public gantry::WorldPlugin {
    void setup() override { ++Counter<int>::value; }
};
}  // namespace

GANTRY_PLUGIN(.name = "unique", .version = "1.0.0", .world = gantry::create<Unique>);
