// gantry/cpp/world_plugin.h: WorldPlugin, the base class of game logic.
#pragma once
#include <optional>

#include "gantry/cpp/base_plugin.h"
#include "gantry/cpp/message_handler.h"
#include "gantry/cpp/restart.h"
#include "gantry/cpp/system_options.h"
#include "gantry/cpp/world_net.h"
#include "gantry/cpp/world_waits.h"
#include "gantry/ecs/registry.h"
#include "gantry/schedule.h"

namespace gantry {

/// One instance per world. Everything runs on that world's thread, one call at a time: no locks.
///     class Echo : public gantry::WorldPlugin {
///         void setup() override {
///             on(1, [](const gantry::Message& m) { return m.payload; });
///         }
///     };
///     GANTRY_PLUGIN(.name = "echo", .version = "1.0.0", .world = gantry::create<Echo>);
class WorldPlugin : public BasePlugin, protected WorldNet, protected WorldWaits {
protected:
    using BasePlugin::call;
    using WorldWaits::call;

    /// `f(const Message&)` returns nothing, a Status, Bytes or a std::string to reply with, or a
    /// Task of one of these.
    template <class F>
    void on(std::uint16_t id, F f, Str name = {}) {
        expect(detail::route_raw(links(), id, name, std::move(f)));
    }
    /// Handles a typed message; its id comes from the .proto. `f(const T&)` or `f(const T&, const
    /// Message&)` returns nothing, a reply message, or a Task of one (then take T by value).
    template <class T, class F>
    void on(F f) {
        static_assert(message_id<T> != 0, "no id: give the message (gantry.id) in its .proto");
        expect(detail::route_typed<T>(links(), message_id<T>, std::move(f)));
    }
    /// `opened(SessionId, Entity)` for every session that enters this world, also for those that
    /// are there when the plugin starts anew; `closed(SessionId, Entity)` before its entity goes.
    template <class Opened, class Closed>
    void on_session(Opened opened, Closed closed) {
        struct Kept {
            WorldPlugin* plugin;
            Opened opened;
            Closed closed;
        };
        auto* kept = closures_.keep(Kept{this, std::move(opened), std::move(closed)});
        expect(net_->on_session(
            [](void* context, SessionId session, Entity entity) noexcept {
                auto& self = *static_cast<Kept*>(context);
                self.plugin->run("session opened", [&] { self.opened(session, entity); });
            },
            [](void* context, SessionId session, Entity entity) noexcept {
                auto& self = *static_cast<Kept*>(context);
                self.plugin->run("session closed", [&] { self.closed(session, entity); });
            },
            kept));
    }

    /// Runs `f(const Tick&)` every tick in `stage`.
    template <class F>
    void system(Str name, Stage stage, F f, const SystemOptions& options = {}) {
        SystemDesc desc;
        desc.name = name;
        desc.stage = stage;
        desc.reads = options.reads.data();
        desc.read_count = static_cast<std::uint32_t>(options.reads.size());
        desc.writes = options.writes.data();
        desc.write_count = static_cast<std::uint32_t>(options.writes.size());
        desc.before = options.before.data();
        desc.before_count = static_cast<std::uint32_t>(options.before.size());
        desc.after = options.after.data();
        desc.after_count = static_cast<std::uint32_t>(options.after.size());
        desc.context = keep_named(name, std::move(f));
        desc.run = [](void* context, const Tick* tick) noexcept {
            auto& self = *static_cast<Named<F>*>(context);
            self.plugin->run(self.name, [&] { self.f(*tick); });
        };
        expect(schedule_->system(&desc));
    }

    /// Names the code of portable timers: `f(const TimerFire&)`.
    template <class F>
    void on_timer(Str handler, F f) {
        expect(schedule_->on_timer(handler, &fire<F>, keep_named(handler, std::move(f))));
    }
    /// Sets a portable timer: it outlives a swap, found by name. repeat -1: for ever.
    template <class Rep, class Period>
    std::uint64_t timer(Str key, Str handler, std::chrono::duration<Rep, Period> delay,
                        Bytes payload = {}, std::int32_t repeat = 0) {
        const TimeNs ns = detail::to_ns(delay);
        return schedule_->timer(key, handler, payload, ns, ns, repeat);
    }
    /// Runs `f(const TimerFire&)` every `period`; ends with this generation.
    template <class Rep, class Period, class F>
    std::uint64_t every(std::chrono::duration<Rep, Period> period, F f, Str key = "every") {
        const TimeNs ns = detail::to_ns(period);
        return schedule_->timer_private(key, &fire<F>, keep_named(key, std::move(f)), ns, ns, -1);
    }
    std::uint32_t cancel(Str key) { return schedule_->cancel_key(key); }
    /// Starts a coroutine that nobody awaits; `name` is static text.
    void spawn(Str name, Task<> task) { task.start(*schedule_, *runtime_, name); }
    /// Names a task that no swap waits for: it is cancelled where it waits, and the next version
    /// begins it again. `f(Bytes argument) -> Task<>`; the argument is there for all its time.
    template <class F>
    void on_task(Str name, F f) {
        on_timer(name, [this, name = std::string{name.view()},
                        f = std::move(f)](const TimerFire& fire) mutable {
            spawn(name, detail::restartable(restarts_, name, std::string{fire.payload.text()}, f));
        });
    }
    /// Begins the task of that name at the next turn.
    Status begin_task(Str name, Bytes argument = {}) {
        const bool begun = schedule_->timer(name, name, argument, 0, 0, 0) != 0;
        return begun ? Status::ok : Status::limit;
    }
    template <class F>
    void subscribe(Str event, F f) {
        expect(events_->subscribe(
            event,
            [](void* context, Str, Bytes payload) noexcept {
                auto& self = *static_cast<Named<F>*>(context);
                self.plugin->run(self.name, [&] { self.f(payload); });
            },
            keep_named(event, std::move(f))));
    }
    void emit(Str event, Bytes payload = {}) { events_->emit(event, payload); }
    Status post(Str event, Bytes payload = {}) { return events_->post(event, payload); }
    Status post_to(WorldId world, Str event, Bytes payload = {}) {
        return events_->post_to(world, event, payload);
    }
    WorldId find_world(Str name) { return events_->find_world(name); }
    Schedule& schedule() noexcept { return *schedule_; }
    /// The entities and components of this world.
    Registry& world() noexcept { return *world_; }

private:
    template <class F>
    struct Named {
        WorldPlugin* plugin;
        std::string name;
        F f;
    };
    template <class F>
    Named<F>* keep_named(Str name, F f) {
        return closures_.keep(Named<F>{this, std::string{name.view()}, std::move(f)});
    }
    template <class F>
    static void fire(void* context, const TimerFire* timer) noexcept {
        auto& self = *static_cast<Named<F>*>(context);
        self.plugin->run(self.name, [&] { self.f(*timer); });
    }

    void bind(Host& host) final {
        net_ = static_cast<Net*>(host.query(Net::interface_id));
        schedule_ = static_cast<Schedule*>(host.query(Schedule::interface_id));
        events_ = static_cast<Events*>(host.query(Events::interface_id));
        groups_ = static_cast<Groups*>(host.query(Groups::interface_id));
        restarts_ = static_cast<TaskRestart*>(host.query(TaskRestart::interface_id));
        auto* ecs = static_cast<Ecs*>(host.query(Ecs::interface_id));
        if (net_ == nullptr || groups_ == nullptr || schedule_ == nullptr || events_ == nullptr ||
            restarts_ == nullptr || ecs == nullptr) {
            throw HandlerError{Status::unsupported, "the host lacks an interface of a world facet"};
        }
        world_.emplace(*ecs);
        bind_waits(*services_);
    }
    detail::WorldLinks links() noexcept {
        return {net_, schedule_, runtime_, &closures_, &scratch_};
    }

    Schedule* schedule_ = nullptr;
    Events* events_ = nullptr;
    TaskRestart* restarts_ = nullptr;
    std::optional<Registry> world_;
};

}  // namespace gantry
