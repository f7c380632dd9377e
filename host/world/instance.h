// WorldInstance: one plugin object in one world, and the ledger of all it owns there.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "gantry/groups.h"
#include "gantry/plugin.h"
#include "gantry/protected.h"
#include "gantry/runtime.h"
#include "gantry/schedule.h"
#include "gantry/service.h"
#include "gantry/session_events.h"
#include "gantry/task_restart.h"
#include "host/core/plugin_call.h"
#include "host/core/room_thread.h"
#include "host/ecs/command_buffer.h"
#include "host/platform/fault.h"
#include "host/platform/lent.h"
#include "host/route/room_services.h"
#include "host/route/state_store.h"
#include "host/world/instance_options.h"
#include "host/world/ledger.h"

namespace gantry::world {

class World;

/// All calls [world], but for log().
class WorldInstance final : public platform::Lent,
                            public Host,
                            public Runtime,
                            public Net,
                            public Schedule,
                            public Services,
                            public ServiceTypes,
                            public Events,
                            public Groups,
                            public Protected,
                            public SessionEvents,
                            public TaskRestart {
public:
    /// With `replaces` (numbers of owners), component layouts may differ from those that only these
    /// use.
    WorldInstance(World& world, core::Owner owner, Plugin* plugin, LibraryRef library,
                  InstanceOptions options, std::span<const std::uint32_t> replaces);
    ~WorldInstance();  ///< stops and destroys the plugin, gives back all it owned

    /// Calls start(); on anything but ok nothing of it is left.
    Status start();
    void stop();

    const core::Owner& owner() const noexcept { return owner_; }
    Plugin& plugin() noexcept { return *plugin_; }
    Ledger& ledger() noexcept { return ledger_; }
    const Ledger& ledger() const noexcept { return ledger_; }
    ecs::CommandBuffer& commands() noexcept { return *commands_; }
    /// What the predecessor left; the part that nobody read goes on to the successor.
    void inherit(std::shared_ptr<route::StateStore> state) noexcept {
        inherited_ = std::move(state);
    }
    route::StateStore* inherited() noexcept { return inherited_.get(); }
    route::Vitals& vitals() const noexcept { return *options_.vitals; }
    bool wants_sample(TimeNs now) noexcept { return sampler_.wants(now); }
    bool contained() const noexcept { return options_.contain; }
    const InstanceOptions& options() const noexcept { return options_; }
    const LibraryRef& library() const noexcept { return library_; }
    /// A fault ended one of its calls: nothing of it is ever called again.
    bool parked() const noexcept { return parked_; }
    /// A call was left by a fault. Whose code it was is parked, and the host is told.
    void left_by(const platform::Fault& fault, core::CallKind kind, std::string_view what,
                 std::uint32_t loops_before);
    std::uint32_t open_loops() const noexcept { return ecs_data_->loops; }
    /// A task is in flight that a successor cannot begin again, or not now.
    bool has_tasks_to_end() const noexcept;
    bool works_on_pool() const noexcept;
    /// Ends all tasks, or only those that a timer begins again. Who waits gets an error reply.
    void cancel_tasks(bool only_restarts = false);
    void cancel_task(std::uint64_t task);
    void cancel_calls();   ///< each is answered with `cancelled`
    void fail_requests();  ///< an error reply to each that its tasks will never answer now

    // Host
    void* query(Str interface_id) noexcept override;

    // Runtime
    void log(LogLevel level, Str text) noexcept override;
    TimeNs now() noexcept override;
    TimeNs wall_now() noexcept override;
    std::uint64_t random() noexcept override;
    InstanceInfo self() noexcept override;
    Str config() noexcept override { return Str{options_.config}; }
    void report_failure(Str where, Str what) noexcept override;

    // Net
    Status route(std::uint16_t message_id, Str name, MessageFunction handler,
                 void* context) noexcept override;
    Status on_session(SessionFunction opened, SessionFunction closed,
                      void* context) noexcept override;
    Status on_pressure(PressureFunction changed, void* context) noexcept override;
    Status send(SessionId to, std::uint16_t message_id, std::uint8_t channel,
                Bytes payload) noexcept override;
    Status reply(const Message* request, Bytes payload) noexcept override;
    Status fail(const Message* request, Status status, Str sentence) noexcept override;
    Status send_many(const SessionId* to, std::uint32_t count, std::uint16_t message_id,
                     Bytes payload) noexcept override;
    Status broadcast(std::uint16_t message_id, Bytes payload) noexcept override;
    Status group(Str name, GroupId* out) noexcept override;
    Status group_join(GroupId group, SessionId session) noexcept override;
    Status group_leave(GroupId group, SessionId session) noexcept override;
    Status group_send(GroupId group, std::uint16_t message_id, Bytes payload) noexcept override;
    std::uint32_t group_size(GroupId group) noexcept override;
    Status group_destroy(GroupId group) noexcept override;
    Status close(SessionId session) noexcept override;
    std::uint32_t sessions(SessionId* out, std::uint32_t capacity) noexcept override;
    Status session_info(SessionId session, SessionInfo* out) noexcept override;
    Status move(SessionId session, WorldId to) noexcept override;

    // Groups
    Status members(GroupId group, SessionId* out, std::uint32_t capacity,
                   std::uint32_t* count) noexcept override;

    // SessionEvents
    Status subscribe(std::uint32_t kinds, SessionEventFunction told,
                     void* context) noexcept override;

    // Protected
    Status raise(std::uint64_t key, std::uint64_t value, TimeNs until) noexcept override;
    std::uint64_t raised(std::uint64_t key) noexcept override;

    // Schedule
    Status system(const SystemDesc* desc) noexcept override;
    Tick tick() noexcept override;
    void keep_network_events() noexcept override { ledger_.wants_network_events = true; }
    std::uint32_t network_events(const NetworkEvent** out) noexcept override;
    Status on_timer(Str handler, TimerFunction run, void* context) noexcept override;
    std::uint64_t timer(Str key, Str handler, Bytes payload, TimeNs delay, TimeNs every,
                        std::int32_t repeat) noexcept override;
    std::uint64_t timer_private(Str key, TimerFunction run, void* context, TimeNs delay,
                                TimeNs every, std::int32_t repeat) noexcept override;
    std::uint32_t cancel_key(Str key) noexcept override;
    Status cancel_timer(std::uint64_t timer) noexcept override;
    std::uint64_t task_begin(const TaskDesc* desc) noexcept override;
    void task_end(std::uint64_t task) noexcept override;
    Status task_after(std::uint64_t task, TimeNs delay) noexcept override;
    Status task_offload(std::uint64_t task, void (*work)(void* context) noexcept,
                        void* context) noexcept override;
    Status restart(std::uint64_t task, Str handler, Bytes payload) noexcept override;

    // Services, ServiceTypes
    Status provide(Str name, void* target) noexcept override;
    const ServiceSlot* slot(Str name) noexcept override;
    Status serve(Str name, ServiceFunction handler, void* context) noexcept override;
    std::uint64_t call(Str name, Str method, Bytes request, TimeNs deadline, AnswerFunction answer,
                       void* context) noexcept override;
    Status cancel(std::uint64_t call) noexcept override;
    void declare(Str service, Str type, std::uint32_t provides) noexcept override;

    // Events
    Status subscribe(Str name, EventFunction handler, void* context) noexcept override;
    void emit(Str name, Bytes payload) noexcept override;
    Status post(Str name, Bytes payload) noexcept override;
    Status post_to(WorldId world, Str name, Bytes payload) noexcept override;
    WorldId find_world(Str name) noexcept override;

private:
    /// False on another thread: the call must do nothing, and the plugin is parked. [any thread]
    bool at_home(const char* call) noexcept { return thread_.here() || stray(call); }
    bool stray(const char* call) noexcept;
    void fail_request(const WaitingRequests::Request& request);
    /// To each that is there, without counting.
    Status send_shared(const SessionId* to, std::uint32_t count, std::uint16_t message_id,
                       Bytes payload) noexcept;
    /// At the limit of what one instance may register.
    bool full() noexcept;

    World& world_;
    core::Owner owner_;
    Plugin* plugin_;
    LibraryRef library_;
    InstanceOptions options_;
    route::ProtectedStore& numbers_;
    const core::RoomThread& thread_;
    Ecs* ecs_;
    const EcsData* ecs_data_;
    ecs::CommandBuffer* commands_;
    Ledger ledger_;
    std::shared_ptr<route::StateStore> inherited_;
    route::Sampler sampler_;
    bool started_ = false;
    bool parked_ = false;
    std::atomic<bool> strayed_{false};  ///< told once
    bool told_full_ = false;
};

}  // namespace gantry::world
