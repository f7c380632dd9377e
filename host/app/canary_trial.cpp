#include "host/app/canary_trial.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <thread>

#include "host/app/canary_interfaces.h"
#include "host/app/canary_migration.h"
#include "host/app/canary_order.h"
#include "host/app/canary_rooms.h"
#include "host/app/surface.h"
#include "host/core/log.h"
#include "host/platform/dynamic_library.h"
#include "host/platform/forking_process.h"
#include "host/platform/maps.h"
#include "host/platform/process_state.h"
#include "host/platform/shadow_copy.h"
#include "host/platform/throw_away.h"
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
        if (auto ok = try_facet(facet_bits::world, &Trial::try_world, "world"); !ok) return ok;
        if (auto ok = try_facet(facet_bits::io, &Trial::try_shard, "io"); !ok) return ok;
        if (auto ok = try_facet(facet_bits::service, &Trial::try_service, "service"); !ok)
            return ok;
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
            return Error{
                Status::invalid,
                "gantry_plugin is not there once it is opened; link it with the SDK's plugin.map"};
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

        const auto copy = second_copy(order_);
        if (auto copied = platform::copy_file(order_.candidate, copy); !copied) {
            return refuse(copied.error());
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
            one = route::StateStore::make(order_.label, state_bytes_max);
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

    route::FacetOrder order_for(const Opened& from, Facet facet) const {
        route::FacetOrder order;
        order.owner = from.identity();
        order.config = order_.config;
        order.facet = facet;
        if (&from == &first_) order.interfaces = interfaces_;
        return order;
    }

    /// The incumbent in the room whose components the candidate will find. It serves elsewhere:
    /// what it lacks here is nobody's fault.
    template <class Room>
    auto incumbent_in(Room& room, CreateFunction PluginDesc::*function, Facet facet) {
        decltype(room.make(route::FacetOrder{}, nullptr, {})) instance;
        if (!incumbent_ || (*incumbent_->desc).*function == nullptr) return instance;
        at(std::string{canary_line::incumbent} + "setup()");
        Plugin* const plugin = ((*incumbent_->desc).*function)();
        if (plugin == nullptr) return instance;
        instance = room.make(order_for(*incumbent_, facet), plugin, {});
        if (instance->start() != Status::ok) instance.reset();
        return instance;
    }

    Result<Done> check_migration(ecs::World& components, std::uint32_t owner,
                                 std::span<const ecs::RowSample> rows) {
        const auto ok =
            try_migration(components, owner, rows, [this](std::string_view step) { at(step); });
        return ok ? ok : refuse(ok.error());
    }

    static const auto& routes_of(const world::WorldInstance& instance) {
        return instance.ledger().routes;
    }
    static const auto& routes_of(const session::IoInstance& instance) { return instance.routes(); }

    /// A facet whose room keeps components for it.
    template <class Room>
    Result<Done> try_beside_incumbent(CreateFunction PluginDesc::*function, Facet facet,
                                      std::string_view name) {
        State saved = state_for(facet);
        bool beside = false;
        {
            Room room{surroundings_};
            auto old = incumbent_in(room, function, facet);
            beside = old != nullptr;
            if (beside) before_ = platform::ProcessState::now();
            auto plugin = create((*first_.desc).*function, name);
            if (!plugin) return plugin.error();
            std::vector<std::uint32_t> replaces;
            if (old != nullptr) replaces.push_back(old->owner().id);
            auto next = room.make(order_for(first_, facet), *plugin, replaces);
            if (auto ok = start(*next, name); !ok) return ok;
            add_components(room.components(), next->owner(), surface_);
            add_routes(routes_of(*next), surface_);
            std::span<const ecs::RowSample> rows;
            if (facet == Facet::world) rows = order_.rows;
            if (auto ok = check_migration(room.components(), next->owner().id, rows); !ok)
                return ok;
            auto state = hand_over(next->plugin(), saved, name);
            if (!state) return state.error();
            saved = std::move(*state);
            end(next, name);
            if (beside) {
                // Now, for the room has descriptors of its own, and the incumbent may change more.
                if (auto ok = check_process(fmt::format("its {} facet", name)); !ok) return ok;
                at(std::string{canary_line::incumbent} + "teardown()");
                old.reset();
                at("the end of the room", name);
            }
        }
        if (beside) before_ = platform::ProcessState::now();
        // The second copy, with what the first has saved.
        Room room{surroundings_};
        auto plugin = create((*second_.desc).*function, name);
        if (!plugin) return plugin.error();
        auto again = room.make(order_for(second_, facet), *plugin, {});
        if (auto ok = start(*again, name); !ok) return ok;
        if (auto state = hand_over(again->plugin(), saved, name); !state) return state.error();
        end(again, name);
        return Done{};
    }

    Result<Done> try_facet(std::uint32_t bit, Result<Done> (Trial::*how)(), std::string_view name) {
        if ((first_.desc->facets & bit) == 0) return Done{};
        if (auto ok = (this->*how)(); !ok) return ok;
        return check_process(fmt::format("its {} facet", name));
    }
    Result<Done> try_world() {
        return try_beside_incumbent<CanaryWorld>(&PluginDesc::create_world, Facet::world, "world");
    }
    Result<Done> try_shard() {
        return try_beside_incumbent<CanaryShard>(&PluginDesc::create_io, Facet::io, "io");
    }
    Result<Done> try_service() {
        CanaryService room{surroundings_};
        State saved = state_for(Facet::service);
        for (const Opened* const one : {&first_, &second_}) {
            auto plugin = create(one->desc->create_service, "service");
            if (!plugin) return plugin.error();
            auto instance = room.make(order_for(*one, Facet::service), *plugin);
            if (auto ok = start(*instance, "service"); !ok) return ok;
            auto state = hand_over(instance->plugin(), saved, "service");
            if (!state) return state.error();
            saved = std::move(*state);
            end(instance, "service");
        }
        return Done{};
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
