#include "host/app/canary_trial.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <thread>

#include "host/app/canary_interfaces.h"
#include "host/app/canary_order.h"
#include "host/app/canary_rooms.h"
#include "host/app/surface.h"
#include "host/core/log.h"
#include "host/platform/child_process.h"
#include "host/platform/dynamic_library.h"
#include "host/platform/maps.h"
#include "host/platform/process_state.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/library.h"

namespace gantry::app {
namespace {

constexpr std::uint64_t state_bytes_max = 64 * 1024 * 1024;
using State = std::shared_ptr<route::StateStore>;

/// One library of the trial.
struct Opened {
    std::unique_ptr<platform::DynamicLibrary> library;
    std::optional<PluginDesc> desc;
    std::filesystem::path file;
    std::string label;
    std::uint32_t owner = 0;

    core::Owner identity() const { return {owner, label, desc->name, desc->version, owner}; }
};

class Trial {
public:
    explicit Trial(const plugin::CanaryOrder& order) : order_{order} {
        log::capture(
            [](void* context, log::Level level, std::string_view line) {
                if (level >= log::Level::error) static_cast<Trial*>(context)->last_error_ = line;
            },
            this);
    }
    ~Trial() { log::capture(nullptr, nullptr); }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    Result<Done> run() {
        threads_ = platform::thread_count();
        if (auto ok = open_all(); !ok) return ok;
        if (auto ok = check_process("its constructors"); !ok) return ok;
        if (auto ok = try_world(); !ok) return ok;
        if (auto ok = check_process("its world facet"); !ok) return ok;
        if (auto ok = try_shard(); !ok) return ok;
        if (auto ok = check_process("its io facet"); !ok) return ok;
        if (auto ok = try_service(); !ok) return ok;
        if (auto ok = check_process("its service facet"); !ok) return ok;
        if (auto ok = check_threads(); !ok) return ok;
        if (auto ok = check_neighbours(); !ok) return ok;
        if (auto ok = write_surface(); !ok) return ok;
        if (auto ok = close(second_, "the destructors of its second copy"); !ok) return ok;
        if (auto ok = close(first_, "the destructors of its static objects"); !ok) return ok;
        if (auto ok = check_process("its destructors"); !ok) return ok;
        return check_threads();
    }

private:
    void at(std::string_view step) {
        if (::getpid() != process_) std::_Exit(0);  // it forked: one canary is enough
        last_error_.clear();
        platform::report(std::string{canary_line::at} + std::string{step});
    }
    void at(std::string_view step, std::string_view facet) {
        at(fmt::format("{} of its {} facet", step, facet));
    }

    /// Told to the parent at once: what follows may crash.
    Error refuse(Status status, std::string sentence) const {
        platform::report(std::string{canary_line::refused} + sentence);
        return {status, std::move(sentence)};
    }
    Error refuse(const Error& error) const { return refuse(error.status, error.message); }

    /// Why it says that it failed: what it threw or logged, in brackets.
    std::string why(Status status) {
        std::string said = surroundings_.take_failure();
        if (said.empty()) said = last_error_;
        if (said.starts_with('[')) said.erase(0, std::min(said.find("] ") + 2, said.size()));
        if (said.find("bad_alloc") != said.npos) {
            said += fmt::format("; here it may take {} MiB", platform::throw_away_mib_max());
        }
        return said.empty() ? fmt::format(" ({})", status_name(status))
                            : fmt::format(" ({}: {})", status_name(status), said);
    }

    Result<Opened> open(const std::filesystem::path& file, std::string label, std::uint32_t owner) {
        Opened opened;
        auto library = platform::DynamicLibrary::open(file);
        if (!library) {
            const std::string& words = library.error().message;
            const bool symbol = words.find("undefined symbol") != words.npos;
            return Error{library.error().status,
                         fmt::format("it cannot be opened: {}; {}", words,
                                     symbol ? "link it with -z defs, as gantry_add_plugin() does"
                                            : "mend that, and build it anew")};
        }
        opened.library = std::move(*library);
        const void* const symbol = opened.library->symbol("gantry_plugin");
        if (symbol == nullptr) {
            return Error{Status::invalid, "gantry_plugin is not there once it is opened"};
        }
        opened.desc = plugin::read_desc(symbol);
        opened.file = file;
        opened.label = std::move(label);
        opened.owner = owner;
        return opened;
    }

    Result<Done> open_all() {
        if (!order_.incumbent.empty()) {
            at(std::string{canary_line::incumbent} + "constructors");
            auto opened = open(order_.incumbent, order_.incumbent_label, 1);
            if (opened) incumbent_ = std::move(*opened);
        }
        before_ = platform::ProcessState::now();
        at("its constructors");
        auto first = open(order_.candidate, order_.label, 2);
        if (!first) return refuse(first.error());
        first_ = std::move(*first);

        const auto bytes = platform::read_library(order_.candidate);
        if (!bytes) return refuse(bytes.error());
        const auto copy = second_copy(order_);
        if (auto written = platform::write_new_file(copy, *bytes); !written) {
            return refuse(written.error());
        }
        at("the constructors of its second copy");
        auto second = open(copy, order_.label, 3);
        if (!second) return refuse(second.error());
        second_ = std::move(*second);
        return Done{};
    }

    State state_for(Facet facet) const {
        for (const plugin::FacetState& one : order_.states) {
            if (one.facet == facet) return one.state;
        }
        return nullptr;
    }

    Result<Plugin*> create(CreateFunction function, std::string_view facet) {
        if (function == nullptr) {
            return refuse(Status::invalid,
                          fmt::format("its descriptor promises a {} facet and has no function that "
                                      "makes one; write GANTRY_PLUGIN(…) with the SDK of this host",
                                      facet));
        }
        at("the making", facet);
        Plugin* const plugin = function();
        if (plugin != nullptr) return plugin;
        return refuse(
            Status::internal,
            fmt::format("it made no object for its {} facet; let nothing be thrown in the "
                        "constructor of that class",
                        facet));
    }

    template <class Instance>
    Result<Done> start(Instance& instance, std::string_view facet) {
        at("setup()", facet);
        const Status status = instance.start();
        if (status == Status::ok) return Done{};
        return refuse(status, fmt::format("its {} facet refused to start{}; mend its setup()",
                                          facet, why(status)));
    }

    /// Restores, saves twice, and gives back what was saved; nothing for a plugin without state.
    Result<State> hand_over(Plugin& plugin, const State& from, std::string_view facet) {
        auto* const transfer =
            static_cast<StateTransfer*>(plugin.query(StateTransfer::interface_id));
        if (transfer == nullptr) return State{};
        if (from) {
            at("restore_state()", facet);
            if (const Status status = transfer->restore(*from); status != Status::ok) {
                return refuse(status,
                              fmt::format("its {} facet could not take over what {} saves{}; let "
                                          "restore_state() read that",
                                          facet, from->saved_by().view(), why(status)));
            }
        }
        at("save_state()", facet);
        State saved[2];
        for (State& one : saved) {
            one = std::make_shared<route::StateStore>(order_.label, state_bytes_max);
            if (const Status status = transfer->save(*one); status != Status::ok) {
                return refuse(status, fmt::format("its {} facet could not save its state{}; mend "
                                                  "save_state()",
                                                  facet, why(status)));
            }
        }
        if (const std::string name = route::first_difference(*saved[0], *saved[1]); !name.empty()) {
            return refuse(Status::invalid,
                          fmt::format("its {} facet saves \"{}\" differently a second time; let "
                                      "save_state() change nothing and ask neither time nor chance",
                                      facet, name));
        }
        return saved[0];
    }

    template <class Instance>
    void end(std::unique_ptr<Instance>& instance, std::string_view facet) {
        at("teardown() and the destructor", facet);
        instance.reset();
    }

    std::unique_ptr<world::WorldInstance> in_world(CanaryWorld& room, const Opened& from,
                                                   Plugin* plugin,
                                                   const world::WorldInstance* replaces) {
        world::InstanceOptions options;
        options.config = order_.config;
        if (&from == &first_) options.interfaces = interfaces_;
        std::vector<std::uint32_t> replaced;
        if (replaces != nullptr) replaced.push_back(replaces->owner().id);
        return std::make_unique<world::WorldInstance>(room.world(), from.identity(), plugin,
                                                      nullptr, options, replaced);
    }

    /// The incumbent in the world whose components the candidate will find. It serves elsewhere:
    /// what it lacks here is nobody's fault.
    std::unique_ptr<world::WorldInstance> incumbent_in(CanaryWorld& room) {
        if (!incumbent_ || incumbent_->desc->create_world == nullptr) return nullptr;
        at(std::string{canary_line::incumbent} + "setup()");
        Plugin* const plugin = incumbent_->desc->create_world();
        if (plugin == nullptr) return nullptr;
        auto instance = in_world(room, *incumbent_, plugin, nullptr);
        if (instance->start() != Status::ok) instance.reset();
        return instance;
    }

    Result<Done> check_migration(CanaryWorld& room, std::uint32_t owner) {
        at("the migration of its components");
        const auto plan = room.world().entities().plan_migration(owner);
        if (!plan) return refuse(plan.error());
        if (plan->empty()) return Done{};
        const auto migration = room.world().entities().prepare(*plan);
        if (!migration) return refuse(migration.error());
        return Done{};
    }

    Result<Done> try_world() {
        if ((first_.desc->facets & facet_bits::world) == 0) return Done{};
        State saved = state_for(Facet::world);
        {
            CanaryWorld room{surroundings_};
            auto old = incumbent_in(room);
            if (old != nullptr) before_ = platform::ProcessState::now();
            auto plugin = create(first_.desc->create_world, "world");
            if (!plugin) return plugin.error();
            auto next = in_world(room, first_, *plugin, old.get());
            if (auto ok = start(*next, "world"); !ok) return ok;
            add_components(room.world().entities(), next->owner(), surface_);
            add_routes(next->ledger().routes, surface_);
            if (auto ok = check_migration(room, next->owner().id); !ok) return ok;
            auto state = hand_over(next->plugin(), saved, "world");
            if (!state) return state.error();
            saved = std::move(*state);
            end(next, "world");
            if (old) {
                at(std::string{canary_line::incumbent} + "teardown()");
                old.reset();
                at("the end of its world");
            }
        }
        CanaryWorld room{surroundings_};
        auto plugin = create(second_.desc->create_world, "world");
        if (!plugin) return plugin.error();
        auto again = in_world(room, second_, *plugin, nullptr);
        return try_again(again, saved, "world");
    }

    /// The second copy, with what the first has saved.
    template <class Instance>
    Result<Done> try_again(std::unique_ptr<Instance>& again, const State& saved,
                           std::string_view facet) {
        if (auto ok = start(*again, facet); !ok) return ok;
        if (auto state = hand_over(again->plugin(), saved, facet); !state) return state.error();
        end(again, facet);
        return Done{};
    }

    /// A facet whose room is not a world: made, started and handed over twice.
    template <class Room>
    Result<Done> try_facet(CreateFunction PluginDesc::*function, Facet facet,
                           std::string_view name) {
        Room room{surroundings_};
        State saved = state_for(facet);
        for (const Opened* const one : {&first_, &second_}) {
            auto plugin = create((*one->desc).*function, name);
            if (!plugin) return plugin.error();
            route::FacetOrder order;
            order.owner = one->identity();
            order.config = order_.config;
            order.facet = facet;
            if (one == &first_) order.interfaces = interfaces_;
            auto instance = room.make(order, *plugin);
            if (auto ok = start(*instance, name); !ok) return ok;
            if constexpr (std::is_same_v<Room, CanaryShard>) {
                if (one == &first_) add_routes(instance->routes(), surface_);
            }
            auto state = hand_over(instance->plugin(), saved, name);
            if (!state) return state.error();
            saved = std::move(*state);
            end(instance, name);
        }
        return Done{};
    }
    Result<Done> try_shard() {
        if ((first_.desc->facets & facet_bits::io) == 0) return Done{};
        return try_facet<CanaryShard>(&PluginDesc::create_io, Facet::io, "io");
    }
    Result<Done> try_service() {
        if ((first_.desc->facets & facet_bits::service) == 0) return Done{};
        return try_facet<CanaryService>(&PluginDesc::create_service, Facet::service, "service");
    }

    Result<Done> check_neighbours() {
        at("the debug information of its interfaces");
        const auto ok = check_interfaces({order_.label, order_.candidate, interfaces_->list()},
                                         order_.neighbours);
        return ok ? ok : refuse(ok.error());
    }

    Result<Done> write_surface() {
        if (order_.surface.empty()) return Done{};
        surface_.interfaces = interfaces_->list();
        return platform::write_new_file(order_.surface, encode_surface(surface_));
    }

    /// Whether what the whole process shares is still as it was found.
    Result<Done> check_process(std::string_view where) {
        const std::string change = platform::what_changed(before_, platform::ProcessState::now());
        if (change.empty()) return Done{};
        return refuse(Status::refused, fmt::format("{} (seen after {})", change, where));
    }

    /// A thread that is about to end is given a moment.
    Result<Done> check_threads() {
        constexpr int looks = 1000;
        std::uint32_t now = 0;
        for (int i = 0; i < looks; ++i) {
            now = platform::thread_count();
            if (now <= threads_) return Done{};
            std::this_thread::yield();
        }
        return refuse(
            Status::refused,
            fmt::format("it left {} thread{} running; end what it starts in teardown(), or "
                        "better use offload(), timers and tasks",
                        now - threads_, now - threads_ == 1 ? "" : "s"));
    }

    Result<Done> close(Opened& opened, std::string_view step) {
        at(step);
        opened.library.reset();
        opened.desc.reset();
        if (const std::uint32_t left = platform::mapping_count(opened.file); left != 0) {
            return refuse(Status::refused,
                          fmt::format("it stayed in memory after it was closed ({} mappings); look "
                                      "for a thread_local with a destructor, an own dlopen, or "
                                      "unique symbols in a library that it links",
                                      left));
        }
        return Done{};
    }

    const plugin::CanaryOrder& order_;
    CanarySurroundings surroundings_;
    std::string last_error_;
    Surface surface_;
    std::shared_ptr<route::InterfaceUses> interfaces_ = std::make_shared<route::InterfaceUses>();
    std::optional<Opened> incumbent_;
    Opened first_;
    Opened second_;
    std::uint32_t threads_ = 0;
    const pid_t process_ = ::getpid();
    platform::ProcessState before_;
};

}  // namespace

Result<Done> try_candidate(const plugin::CanaryOrder& order) { return Trial{order}.run(); }

}  // namespace gantry::app
