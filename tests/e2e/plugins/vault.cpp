// What lies behind the keeper: counts every call, and those of whoever calls itself an intruder.
#include <gantry/gantry.h>

#include <cstdint>
#include <map>
#include <string>

namespace {

class Vault final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message& message) {
            ++calls_;
            if (message.payload.text() == "intruder") ++intruders_;
            return std::to_string(++calls_of_[message.session.value]);
        });
        on(2, [this](const gantry::Message&) {
            return std::to_string(calls_) + " " + std::to_string(intruders_);
        });
    }
    std::uint64_t calls_ = 0;
    std::uint64_t intruders_ = 0;
    std::map<std::uint64_t, std::uint64_t> calls_of_;
};

}  // namespace

GANTRY_PLUGIN(.name = "vault", .version = "1.0.0", .world = gantry::create<Vault>);
