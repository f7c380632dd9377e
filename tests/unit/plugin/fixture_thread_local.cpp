// A plugin with a thread_local object that has a destructor: it would stay loaded.
#include <gantry/gantry.h>

#include <vector>

namespace {
thread_local std::vector<int> numbers;
class Thread final : public gantry::WorldPlugin {
    void setup() override { numbers.push_back(1); }
};
}  // namespace

GANTRY_PLUGIN(.name = "thread", .version = "1.0.0", .world = gantry::create<Thread>);
