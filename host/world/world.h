// World: entities, sessions and instances of plugins; one room, called from one thread at a time.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/core/inbox.h"
#include "host/core/random.h"
#include "host/core/room_thread.h"
#include "host/ecs/world.h"
#include "host/route/surroundings.h"
#include "host/sched/timer_wheel.h"
#include "host/world/holdings.h"
#include "host/world/instance.h"
#include "host/world/late_rows.h"
#include "host/world/outbox.h"
#include "host/world/recent_times.h"
#include "host/world/session_list.h"
#include "host/world/swap.h"
#include "host/world/tables.h"
#include "host/world/waiting_requests.h"
#include "host/world/world_config.h"

namespace gantry::world {

class World {
public:
    World(WorldConfig config, ecs::ComponentNames& names, route::Surroundings& surroundings,
          Outbox& outbox, route::PostToRoom post_here);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    const WorldConfig& config() const noexcept { return config_; }
    const WorldCounters& counters() const noexcept { return counters_; }
    std::uint32_t session_count() const noexcept {
        return static_cast<std::uint32_t>(sessions_.ids().size());
    }
    std::uint64_t entity_count() const noexcept { return ecs_.stats().entities; }
    const RecentTimes& tick_times() const noexcept { return tick_times_; }
    std::uint64_t tick_number() const noexcept { return tick_.number; }
    ecs::World& entities() noexcept { return ecs_; }
    bool holding() const noexcept;  ///< a swap or a fault makes the world's messages wait
    std::uint64_t held_count() const noexcept { return held_.size(); }
    const std::vector<std::unique_ptr<WorldInstance>>& instances() const noexcept {
        return instances_;
    }
    const Tables& tables() const noexcept { return *tables_; }
    void opened(const route::OpenedRecord& record);
    void messages(const route::MessagesRecord& record, std::span<const std::byte> entries);
    void closed(const route::ClosedRecord& record);
    void pressure(const route::PressureRecord& record);

    /// The thread that alone may call the world. Plugins that call from another are parked.
    core::RoomThread& home() noexcept { return home_; }
    void send_by(Outbox& outbox) noexcept { outbox_ = &outbox; }
    void begin_turn(TimeNs now) noexcept { now_ = now; }
    bool touched() const noexcept { return touched_; }  ///< on the worker's list for this turn
    void set_touched(bool touched) noexcept { touched_ = touched; }
    /// Timers, posted events, due ticks and steps of swaps. Never blocks. [world]
    void poll(TimeNs now);
    /// When poll() is wanted next; `sched::never` when only a message can change anything.
    TimeNs next_due() const noexcept;
    /// Delivered at the next turn. False at the limit. [world]
    bool post_event(std::string_view name, Bytes payload, std::uint32_t poster = 0);

    /// Makes, starts and lets serve a plugin's object. Refusals name plugin and world. [world]
    Result<Done> add(const InstanceOrder& order);
    /// Takes a plugin out with all it owned. `not_found` if it is not here. [world]
    Result<Done> remove(std::string_view plugin);
    /// Begins to replace the plugin of that name; `order.done` tells how it ended. [world]
    void begin_swap(SwapOrder order);
    /// What the swap of this plugin waits for has come, or never will; false: no such swap. [world]
    bool proceed(std::string_view plugin);
    void give_up(std::string_view plugin, const std::string& reason);
    /// Ends a probation: what the swap of this plugin has replaced is stopped and destroyed.
    /// [world]
    void settle(std::string_view plugin);
    /// Goes back to all that the swap of this plugin has replaced, and logs why: at once, or, where
    /// many rows get their old layout first, in slices of turns. False: there is nothing. [world]
    bool roll_back(std::string_view plugin, std::string_view reason);

private:
    friend class WorldInstance;
    friend class SwapRun;
    friend class Leftovers;
    friend std::vector<Holding> holdings(const World& world);

    struct PostedEvent {
        std::string name;
        std::vector<std::byte> payload;
        std::uint32_t poster = 0;  ///< the instance of this world that did; 0: none
    };
    bool frozen() const noexcept;
    void stray(std::uint32_t owner, std::string_view call);
    void run_here(std::function<void()> work);
    void run_deferred();
    bool hold(route::ToWorld kind, std::span<const std::byte> head,
              std::span<const std::byte> payload);
    void release_held();
    bool handle(const route::MessagesRecord& record, WorldSession* session,
                const route::MessageView& one);
    void handle_opened(const route::OpenedRecord& record);
    void handle_closed(const route::ClosedRecord& record);
    void pack(const WorldSession& session);
    void unpack(WorldSession& session);
    void handle_pressure(const route::PressureRecord& record);
    void run_handler(const WorldRouteTable::Route& route, const Message& message);
    void nobody_handles(const Message& message, WorldSession& session);
    void answer_failure(const Message& message, Status status, std::string_view sentence);
    void fail(const WaitingRequests::Request& request, Status status, std::string_view sentence);
    void note_network_event(const Message& message);
    void tell(SessionEventKind kind, SessionId session, std::string_view text,
              std::uint16_t message_id = 0, std::uint64_t bytes = 0);

    // Time. [world]
    void run_ticks();
    void run_tick();
    void run_stage(Stage stage, const Tick& tick);
    void fire_timer(const sched::Timer& timer, bool last);
    void run_posted();
    void deliver(std::string_view name, Bytes payload, bool posted);
    void apply_commands(WorldInstance& instance) {
        if (!instance.commands().empty()) (void)ecs_.apply(instance.commands());
    }
    void update_connections();

    // Instances. [world]
    WorldInstance* find(std::string_view plugin) noexcept;
    WorldInstance* find_owner(std::uint32_t owner) noexcept;
    WorldInstance* find_label(std::string_view label) noexcept;
    WorldInstance* find_parked(std::string_view plugin) noexcept;
    WorldInstance* find_candidate(std::uint32_t owner) noexcept;  ///< about to serve
    WorldInstance* find_left(std::uint32_t owner) noexcept;       ///< serves no more, and lives
    void let_go(std::unique_ptr<WorldInstance> gone);
    void forget_parked(const WorldInstance& instance, std::uint32_t successor);
    void settle_faults();
    Replaced* find_replaced(std::string_view plugin) noexcept;
    SwapRun* find_swap(std::string_view plugin) noexcept;
    Result<std::unique_ptr<WorldInstance>> make(const InstanceOrder& order,
                                                std::span<const std::uint32_t> replaces);
    /// The first words to one that was published in nobody's place.
    void begin_serving(WorldInstance& instance);
    /// As it would be after these changes; and whether who is in a probation could still go back.
    std::vector<WorldInstance*> serving_with(std::span<const Exchange> changes) const;
    Result<std::unique_ptr<Tables>> tables_with(std::span<const Exchange> changes);
    Result<Done> check_ways_back(std::span<const Exchange> changes) const;
    /// The visible step: tables, services and timers change hands.
    void publish(std::unique_ptr<Tables> tables, std::span<Exchange> changes);
    bool begin_slices(Replaced& replaced, std::string_view reason);
    void step_rollbacks();
    void end_standstills();
    bool go_back(Replaced& replaced);
    void take_back(Replaced& back, std::span<const Exchange> changes);
    void resume_task(std::uint32_t owner, std::uint64_t task);
    void work_ended(const core::Owner& owner, std::uint64_t task, const platform::Fault* fault);
    bool run_as(std::uint32_t owner, const std::function<void()>& body);

    WorldConfig config_;
    route::Surroundings& surroundings_;
    Outbox* outbox_;
    route::PostToRoom post_here_;
    core::RoomThread home_;
    core::Random random_;
    TimeNs now_ = 0, held_since_ = 0;
    ecs::World ecs_;
    LateRows late_rows_;
    ComponentId connection_component_ = no_component;
    SessionList sessions_;
    WaitingRequests requests_;
    sched::TimerWheel timers_;
    route::RoomServices services_;
    std::vector<std::unique_ptr<WorldInstance>> instances_;
    std::vector<Replaced> replaced_;
    std::vector<std::unique_ptr<WorldInstance>> parked_;   ///< after a fault; none is called again
    std::vector<std::unique_ptr<WorldInstance>> leaving_;  ///< once their work on the pool is back
    std::unique_ptr<Tables> tables_;
    std::uint64_t published_ = 0;  ///< how often the tables have changed
    std::vector<std::unique_ptr<SwapRun>> swaps_;
    std::deque<std::function<void()>> deferred_;  ///< work that came while frozen
    std::deque<route::KeptRecord> held_;
    std::uint64_t held_bytes_ = 0;
    std::deque<PostedEvent> posted_, posted_running_;
    std::uint32_t poster_ = 0;  ///< of the event that is being delivered
    std::vector<NetworkEvent> events_;
    std::vector<std::unique_ptr<std::byte[]>> event_payloads_;
    bool keep_events_ = false, touched_ = false, faulted_ = false, pool_has_ended_ = false;

    Tick tick_;
    TimeNs tick_step_ = 0, next_tick_ = 0;
    std::uint64_t next_task_ = 1;
    WorldCounters counters_;
    RecentTimes tick_times_;
};

}  // namespace gantry::world
