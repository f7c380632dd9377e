// The rules of swap_rules.h as a library that fails where GANTRY_FAILS_AT says, in whatever process
// it is; points that begin with "host" only in the one that GANTRY_HOST_PID names, where no canary
// has seen them.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "tests/support/swap_rules.h"

extern "C" __attribute__((visibility("default"), section(".gantry_plugin")))
const gantry::PluginDesc gantry_plugin;

namespace {

bool in_host() {
    const char* const pid = std::getenv("GANTRY_HOST_PID");
    return pid != nullptr && std::atoi(pid) == ::getpid();
}
bool at(std::string_view point) {
    const char* const wanted = std::getenv("GANTRY_FAILS_AT");
    return wanted != nullptr && point == wanted && (!point.starts_with("host") || in_host());
}
void throw_at(std::string_view point) {
    if (at(point)) throw std::runtime_error{"on purpose"};
}
void wait_at(std::string_view point) {
    while (at(point)) ::pause();
}
/// As a library does that registers itself somewhere and never takes that back.
void hold_itself() {
    Dl_info self{};
    if (::dladdr(&gantry_plugin, &self) == 0) return;
    using Open = void* (*)(const char*, int);
    const auto open = reinterpret_cast<Open>(::dlsym(RTLD_DEFAULT, "dlopen"));
    open(self.dli_fname, RTLD_NOW | RTLD_LOCAL);
}

#if RULES == 1
using Body = gantry::test::v1::Body;
#define RULES_VERSION "1.0.0"
#else
using Body = gantry::test::v2::Body;
#define RULES_VERSION "2.0.0"

const struct Static {
    Static() {
        if (at("constructor aborts")) std::abort();
    }
} static_object;
#endif

class Rules final : public gantry::test::SwapRules<Body> {
public:
    ~Rules() override {
        if (RULES == 1 ? at("host: old destructor aborts") : at("destructor aborts")) std::abort();
    }

private:
    void setup() override {
        SwapRules::setup();
        if (RULES == 1) return;
        if (at("setup refuses")) return refuse("on purpose");
        if (at("setup aborts")) std::abort();
        throw_at("setup throws");
        throw_at("host: setup throws");
        wait_at("setup does not end");
    }
    void save_state(gantry::StateWriter& writer) override {
        if (RULES == 1) throw_at("host: old save throws");
        if (RULES == 2) throw_at("save throws");
        SwapRules::save_state(writer);
    }
    void restore_state(gantry::StateReader& reader) override {
        if (RULES == 2) {
            if (at("restore aborts")) std::abort();
            throw_at("restore throws");
            throw_at("host: restore throws");
            wait_at("restore does not end");
        }
        SwapRules::restore_state(reader);
    }
    void draining(std::uint32_t) override {
        if (RULES == 1 && at("host: old library holds itself")) hold_itself();
    }
};

}  // namespace

GANTRY_PLUGIN(.name = "rules", .version = RULES_VERSION, .world = gantry::create<Rules>);
