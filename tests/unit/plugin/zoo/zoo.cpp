// A plugin of all three facets that is good as version 1; as any other it does what the environment
// variable GANTRY_ZOO says. One library serves for all faults of running code.
#include <dlfcn.h>
#include <gantry/gantry.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "tests/unit/plugin/zoo/spoilt_process.h"

extern "C" __attribute__((visibility("default"), section(".gantry_plugin")))
const gantry::PluginDesc gantry_plugin;

namespace {

// The test patches the version in the file, so the compiler must not know it.
bool is(const char* fault) {
    const char first = *const_cast<const volatile char*>(gantry_plugin.version);
    const char* const wanted = std::getenv("GANTRY_ZOO");
    return first != '1' && wanted != nullptr && std::strcmp(wanted, fault) == 0;
}

[[noreturn]] void* wait_for_ever(void*) {
    for (;;) ::pause();
}

// The gate refuses imports of these; a determined plugin finds them all the same.
template <class Function>
Function find(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
}
pthread_t start_thread() {
    pthread_t thread;
    find<decltype(&::pthread_create)>("pthread_create")(&thread, nullptr, wait_for_ever, nullptr);
    return thread;
}
void spoil(const char* when) {
    const char* const wanted = std::getenv("GANTRY_ZOO");
    const std::size_t length = std::strlen(when);
    if (wanted == nullptr || std::strncmp(wanted, when, length) != 0 || !is(wanted)) return;
    zoo::spoil_process(wanted + length, [] { return find<zoo::Sigaction>("sigaction"); });
}
void hold_itself() {
    Dl_info self{};
    if (::dladdr(&gantry_plugin, &self) == 0) return;
    find<decltype(&::dlopen)>("dlopen")(self.dli_fname, RTLD_NOW | RTLD_LOCAL);
}

volatile int* volatile nowhere = nullptr;
__attribute__((no_sanitize("undefined"))) void crash() { *nowhere = 1; }

[[noreturn]] void raise_something() { throw std::runtime_error("nobody catches this"); }

struct Static {
    Static() {
        if (is("constructor throws")) throw std::runtime_error("static objects may not throw");
        if (is("constructor aborts")) std::abort();
        if (is("constructor segfaults")) crash();
        if (is("constructor does not end")) wait_for_ever(nullptr);
        if (is("constructor exits")) find<void (*)(int)>("exit")(0);
        if (is("constructor starts a thread")) start_thread();
        if (is("library holds itself") || is("library holds itself and refuses")) hold_itself();
        spoil("constructor spoils ");
    }
    ~Static() {
        spoil("static destructor spoils ");
        if (is("static destructor aborts")) std::abort();
        if (is("static destructor does not end")) wait_for_ever(nullptr);
    }
} const static_object;

namespace first {
struct Size {
    std::int64_t bytes = 1;
};
GANTRY_COMPONENT_AS("zoo.size", Size, 1, GANTRY_FIELD(bytes))
struct Cake {
    std::int32_t parts = 1;
};
GANTRY_COMPONENT_AS("zoo.cake", Cake, 1, GANTRY_FIELD(parts))
}  // namespace first
namespace shared {
struct Cake {
    std::int64_t part = 0;
    static void up(const gantry::OldRow& old, Cake& now) noexcept {
        const auto parts = old.get<std::int32_t>("parts");
        if (parts == 0 && is("up crashes at a live row")) crash();
        while (parts == 0 && is("up does not end at a live row")) ::pause();
        now.part = parts == 0 ? 0 : 100 / parts;
    }
    static void down(const Cake&, gantry::OldRow&) noexcept {}
};
GANTRY_COMPONENT_AS("zoo.cake", Cake, 2, GANTRY_FIELD(part, .converted = true))
}  // namespace shared
namespace narrowed {
struct Size {
    std::int16_t bytes = 1;
};
GANTRY_COMPONENT_AS("zoo.size", Size, 2, GANTRY_FIELD(bytes))
}  // namespace narrowed

class Zoo final : public gantry::WorldPlugin {
public:
    Zoo() {
        if (is("object throws")) throw std::runtime_error("no object for you");
    }
    ~Zoo() override {
        if (is("destructor segfaults")) crash();
    }

private:
    void setup() override {
        if (is("library holds itself and refuses")) return refuse("this version stays");
        if (is("setup refuses")) return refuse("this version does not like the world");
        if (is("setup throws")) throw std::runtime_error("no table of weapons");
        if (is("setup does not end")) wait_for_ever(nullptr);
        if (is("setup starts a thread")) start_thread();
        if (is("setup starts a detached thread")) ::pthread_detach(start_thread());
        spoil("setup spoils ");
        if (is("a hundred thousand routes")) {
            for (int i = 0; i < 100'000; ++i) {
                on(static_cast<std::uint16_t>(i % 60'000), [](const gantry::Message&) {});
            }
        }
        if (is("a hundred thousand systems")) {
            for (int i = 0; i < 100'000; ++i) {
                system("one of many", gantry::Stage::update, [](const gantry::Tick&) {});
            }
        }
        if (is("component is narrowed")) {
            expect(world().use<narrowed::Size>());
        } else {
            expect(world().use<first::Size>());
        }
        if (is("up crashes at a live row") || is("up does not end at a live row") ||
            is("up is good at a live row")) {
            expect(world().use<shared::Cake>());
        } else {
            expect(world().use<first::Cake>());
        }
        if (is("raw callback throws")) {
            const auto changed = [](void*, gantry::SessionId, std::uint32_t) noexcept {
                raise_something();
            };
            expect(net().on_pressure(changed, nullptr));
        }
        on(1, [this](const gantry::Message&) {
            if (is("handler throws")) throw std::runtime_error("no more");
            return std::to_string(++count_);
        });
        on(2, [](const gantry::Message& message) { return std::to_string(message.session.value); });
    }
    void begin(bool fresh) override {
        if (fresh) world().create(first::Cake{.parts = 0});
    }
    void teardown() override {
        if (is("teardown does not end")) wait_for_ever(nullptr);
    }
    void save_state(gantry::StateWriter& writer) override {
        if (is("save throws")) throw std::runtime_error("disk is full");
        if (is("save segfaults")) crash();
        if (is("save changes")) ++count_;
        spoil("save spoils ");
        const std::string text = std::to_string(count_);
        writer.put("count", gantry::Bytes{std::string_view{text}});
        if (is("save is unreadable")) writer.put("bad", gantry::Bytes{std::string_view{"x"}});
    }
    void restore_state(gantry::StateReader& reader) override {
        if (is("restore throws")) throw std::runtime_error("cannot read that");
        if (is("restore refuses"))
            throw gantry::HandlerError(gantry::Status::unsupported, "too old");
        if (is("restore does not end")) wait_for_ever(nullptr);
        if (reader.get("bad").size != 0) throw std::runtime_error("what is bad?");
        count_ = std::atoi(std::string{reader.get("count").text()}.c_str());
        if (is("restore aborts at a real count") && count_ > 0) std::abort();
    }
    int count_ = 0;
};

class ZooShard final : public gantry::IoPlugin {
    void setup() override {
        if (is("shard setup refuses")) refuse("this version does not like shards");
        if (is("shard component is narrowed")) {
            connections().use<narrowed::Size>();
        } else {
            connections().use<first::Size>();
        }
        spoil("shard setup spoils ");
    }
};

class ZooService final : public gantry::HostPlugin {
    void setup() override {
        if (is("service setup segfaults")) crash();
        spoil("service setup spoils ");
    }
};

gantry::Plugin* make_world() noexcept {
    return is("create makes nothing") ? nullptr : gantry::create<Zoo>();
}

}  // namespace

GANTRY_PLUGIN(.name = "zoo", .version = "1.0.0", .world = make_world,
              .io = gantry::create<ZooShard>, .service = gantry::create<ZooService>);
