// Two plugins: one leaves an address of its code, or of an interface that it was given, in the
// environment, the other calls what it finds there, as one does who keeps a pointer of another
// plugin for longer than it may. Or the one leaves a thread behind.
#include <dlfcn.h>
#include <gantry/gantry.h>
#include <pthread.h>

#include <cstdlib>
#include <ctime>

namespace {

using Function = int (*)();
constexpr const char* place = "GANTRY_STALE_POINTER";

struct Kept {
    int value = 0;
};
GANTRY_COMPONENT_AS("stale.kept", Kept, 1, GANTRY_FIELD(value))

#if STALE_LEAVES
void leave(std::uintptr_t address) { ::setenv(place, std::to_string(address).c_str(), 1); }

int answer() { return 42; }

volatile int turns = 0;

[[noreturn]] void* take_turns(void*) {
    const timespec shortly{0, 100'000};
    for (;;) {
        ::nanosleep(&shortly, nullptr);  // no sleep: this is what it does wrong
        turns = turns + 1;
    }
}

class Leaver final : public gantry::WorldPlugin {
    void setup() override {
        on(3, [this](const gantry::Message& message) {
            const std::string_view what = message.payload.text();
            gantry::Ecs& ecs = world().raw();
            if (what == "net") leave(reinterpret_cast<std::uintptr_t>(&net()));
            if (what == "ecs") leave(reinterpret_cast<std::uintptr_t>(&ecs));
            if (what == "commands") leave(reinterpret_cast<std::uintptr_t>(ecs.commands()));
            if (what == "query") {
                gantry::QueryTerm term{};
                term.component = ecs.find_component("stale.kept");
                gantry::EcsQuery* query = nullptr;
                (void)ecs.open_query(&term, 1, &query);
                leave(reinterpret_cast<std::uintptr_t>(query));
            }
        });
        expect(world().use<Kept>());
        on(5, [](const gantry::Message&) {
            // The gate refuses to import it.
            const auto create = reinterpret_cast<decltype(&::pthread_create)>(
                ::dlsym(RTLD_DEFAULT, "pthread_create"));
            pthread_t thread;
            return std::to_string(create(&thread, nullptr, take_turns, nullptr));
        });
        on(1, [](const gantry::Message&) {
            Function volatile function = answer;
            leave(reinterpret_cast<std::uintptr_t>(function));
            return std::to_string(function());
        });
    }
};
GANTRY_PLUGIN(.name = "leaver", .version = "1.0.0", .world = gantry::create<Leaver>);
#else
template <class T>
T* found() {
    return reinterpret_cast<T*>(std::strtoull(std::getenv(place), nullptr, 10));
}

class Keeper final : public gantry::WorldPlugin {
    void setup() override {
        on(2, [](const gantry::Message&) {
            return std::to_string(
                reinterpret_cast<Function>(std::strtoull(std::getenv(place), nullptr, 10))());
        });
        on(4, [](const gantry::Message& message) {
            const std::string_view what = message.payload.text();
            if (what == "net") return std::to_string(found<gantry::Net>()->sessions(nullptr, 0));
            if (what == "ecs") return std::to_string(found<gantry::Ecs>()->mark());
            if (what == "query") return std::to_string(found<gantry::EcsQuery>()->count());
            return std::to_string(static_cast<int>(found<gantry::EcsCommands>()->grow(0)));
        });
    }
};
GANTRY_PLUGIN(.name = "keeper", .version = "1.0.0", .world = gantry::create<Keeper>);
#endif

}  // namespace
