// gantry/cpp/base_plugin.h: what the comfort classes of all three facets share.
#pragma once
#include <string>
#include <string_view>

#include "gantry/cpp/closure.h"
#include "gantry/cpp/duration.h"
#include "gantry/cpp/guard.h"
#include "gantry/cpp/protected_numbers.h"
#include "gantry/cpp/service_handle.h"
#include "gantry/plugin.h"
#include "gantry/runtime.h"
#include "gantry/service.h"
#include "gantry/session_events.h"

namespace gantry {

/// Implements gantry::Plugin: keeps exceptions in, finds the host's interfaces, keeps your
/// closures. Derive from WorldPlugin, IoPlugin or HostPlugin, not from this.
class BasePlugin : public Plugin, public StateTransfer, protected ProtectedNumbers {
public:
    BasePlugin() = default;
    BasePlugin(const BasePlugin&) = delete;
    BasePlugin& operator=(const BasePlugin&) = delete;

    Status start(Host& host) noexcept final {
        runtime_ = static_cast<Runtime*>(host.query(Runtime::interface_id));
        services_ = static_cast<Services*>(host.query(Services::interface_id));
        if (!runtime_ || !services_ || !bind_numbers(host, *runtime_)) return Status::unsupported;
        service_types_ = static_cast<ServiceTypes*>(host.query(ServiceTypes::interface_id));
        events_of_sessions_ = static_cast<SessionEvents*>(host.query(SessionEvents::interface_id));
        const auto caught = detail::guarded([&] {
            bind(host);
            setup();
        });
        if (caught.status == Status::ok) return setup_status_;
        log(LogLevel::error, std::string{"setup failed: "} + caught.what);
        return caught.status;
    }
    void serve(std::uint32_t successor) noexcept final {
        check("begin", [&] { begin(successor == 0); });
    }
    void drain(std::uint32_t deadline_ms) noexcept final {
        check("drain", [&] { draining(deadline_ms); });
    }
    void resume() noexcept final {
        check("resume", [&] { resumed(); });
    }
    bool idle() noexcept final { return is_idle(); }
    void stop() noexcept final {
        check("teardown", [&] { teardown(); });
    }
    void* query(Str id) noexcept override {
        if (id.view() != StateTransfer::interface_id) return nullptr;
        return static_cast<StateTransfer*>(this);
    }
    void destroy() noexcept final { delete this; }
    Status save(StateWriter& writer) noexcept final {
        return check("save_state", [&] { save_state(writer); });
    }
    Status restore(StateReader& reader) noexcept final {
        return check("restore_state", [&] { restore_state(reader); });
    }

protected:
    virtual ~BasePlugin() = default;

    /// Register everything here. Throw, or refuse(), to refuse the load; nothing of it stays.
    virtual void setup() = 0;
    /// You serve from now on. `fresh`: nobody served here before you; make what the world needs.
    virtual void begin(bool /*fresh*/) {}
    /// The last call that may use the host.
    virtual void teardown() {}
    /// What a successor needs beside components. Change nothing: it also tries candidates.
    virtual void save_state(StateWriter&) {}
    /// Replaces what you have: after a rollback the old version gets here what the failed one has.
    virtual void restore_state(StateReader&) {}
    /// A successor is ready: start nothing long. resumed() when it came to nothing.
    virtual void draining(std::uint32_t /*deadline_ms*/) {}
    virtual void resumed() {}
    virtual bool is_idle() noexcept { return true; }

    InstanceInfo self() const noexcept { return runtime_->self(); }
    TimeNs now() const noexcept { return runtime_->now(); }
    std::uint64_t random() const noexcept { return runtime_->random(); }
    /// The plugin's "config" in the manifest, as JSON text.
    std::string_view config() const noexcept { return runtime_->config(); }

    void log(LogLevel level, std::string_view text) const noexcept { runtime_->log(level, text); }
    void log_info(std::string_view text) const noexcept { log(LogLevel::info, text); }
    void log_warn(std::string_view text) const noexcept { log(LogLevel::warn, text); }

    /// Offers `target` to the plugins of this room: provide<Filter>("chat.filter/1", this).
    template <class T>
    void provide(Str name, T* target) {
        detail::declare<T>(service_types_, name, true);
        expect(services_->provide(name, target));
    }
    /// The interface of that name in this room, now or whenever its provider comes.
    template <class T>
    Service<T> service(Str name) {
        detail::declare<T>(service_types_, name, false);
        return Service<T>{services_->slot(name)};
    }
    /// Answers calls from any room: `f(Str method, Bytes request) -> std::string`.
    template <class F>
    void serve(Str name, F f) {
        struct Kept {
            BasePlugin* plugin;
            F f;
        };
        auto* kept = closures_.keep(Kept{this, std::move(f)});
        expect(services_->serve(
            name,
            [](void* context, const ServiceCall* call) noexcept {
                auto& self = *static_cast<Kept*>(context);
                std::string answer;
                const auto caught = self.plugin->run(
                    "service", [&] { answer = self.f(call->method, call->request); });
                if (caught.status == Status::ok) {
                    call->reply(call->caller, Status::ok, Bytes{std::string_view{answer}});
                } else {
                    call->reply(call->caller, caught.status, Bytes{std::string_view{caught.what}});
                }
            },
            kept));
    }
    /// Asks a service anywhere; `f(Status, Bytes)` runs here, once. Who leaves asks nobody.
    template <class Rep, class Period, class F>
    void call(Str name, Str method, Bytes request, std::chrono::duration<Rep, Period> deadline,
              F f) {
        struct Pending {
            BasePlugin* plugin;
            F f;
        };
        std::unique_ptr<Pending> pending{new Pending{this, std::move(f)}};
        const std::uint64_t asked = services_->call(
            name, method, request, detail::to_ns(deadline),
            [](void* context, Status status, Bytes response) noexcept {
                const std::unique_ptr<Pending> self{static_cast<Pending*>(context)};
                self->plugin->run("answer", [&] { self->f(status, response); });
            },
            pending.get());
        if (asked != 0) (void)pending.release();
    }

    /// Follows the sessions of this world or shard, in each session's order: `f(const
    /// SessionEvent&)` for the session_kinds in `kinds`. Only in setup().
    template <class F>
    void on_session_events(std::uint32_t kinds, F f) {
        struct Kept {
            BasePlugin* plugin;
            F f;
        };
        if (events_of_sessions_ == nullptr) return expect(Status::unsupported);
        auto* kept = closures_.keep(Kept{this, std::move(f)});
        expect(events_of_sessions_->subscribe(
            kinds,
            [](void* context, const SessionEvent* event) noexcept {
                auto& self = *static_cast<Kept*>(context);
                self.plugin->run("session event", [&] { self.f(*event); });
            },
            kept));
    }

    /// During setup(): remembers the first refusal of the host, which then refuses the load.
    void expect(Status status) noexcept {
        if (setup_status_ == Status::ok) setup_status_ = status;
    }
    /// Refuses the load with a sentence in the log.
    void refuse(std::string_view sentence) noexcept {
        log(LogLevel::error, sentence);
        expect(Status::refused);
    }

    /// Runs your code; what it throws is reported to the host and returned, never passed on.
    template <class Body>
    detail::Caught run(Str where, Body&& body) noexcept {
        const auto caught = detail::guarded(std::forward<Body>(body));
        if (caught.status == Status::internal) runtime_->report_failure(where, caught.what);
        return caught;
    }

    Runtime* runtime_ = nullptr;
    Services* services_ = nullptr;
    detail::Closures closures_;

private:
    virtual void bind(Host& host) = 0;
    template <class Body>
    Status check(Str where, Body&& body) noexcept {
        return run(where, std::forward<Body>(body)).status;
    }

    ServiceTypes* service_types_ = nullptr;        // null in a host that is older
    SessionEvents* events_of_sessions_ = nullptr;  // null on the service thread
    Status setup_status_ = Status::ok;
};

}  // namespace gantry
