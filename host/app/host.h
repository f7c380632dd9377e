// Host: all rooms of one process, put together from a manifest. Threads or a test drive them.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/app/canary_process.h"
#include "host/app/event_log.h"
#include "host/app/incident_log.h"
#include "host/app/watchdog.h"
#include "host/core/inbox.h"
#include "host/ecs/component_names.h"
#include "host/manifest/manifest.h"
#include "host/net/acceptor.h"
#include "host/platform/waker.h"
#include "host/plugin/plugin_manager.h"
#include "host/route/service_room.h"
#include "host/route/surroundings.h"
#include "host/sched/pool.h"
#include "host/session/io_room.h"
#include "host/world/worker.h"

namespace gantry::app {

struct HostOptions {
    std::uint64_t seed = 1;
    std::uint32_t pool_threads = 2;               ///< 0: run_pool() runs offloaded work
    TransportFactory* extra_transport = nullptr;  ///< "memory" in tests; outlives the host
    std::vector<const PluginDesc*> linked;        ///< plugins that are part of this program
    std::filesystem::path canary_program;  ///< tries libraries before they are opened; or nobody
};

/// Where a listener can be reached.
struct Endpoint {
    std::string name;
    std::string transport;
    std::string address;
    std::uint16_t port = 0;
};

class Host final : public route::Surroundings {
public:
    /// Builds the rooms, loads the plugins and opens the listeners, all on the caller's thread. The
    /// error says what failed; then nothing is left open. `clock` outlives the host.
    static Result<std::unique_ptr<Host>> create(manifest::Manifest manifest,
                                                const core::Clock& clock, HostOptions options = {});
    ~Host() override;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// A thread for each room. [control]
    void start_threads();
    /// One turn of every room, in an order drawn from the seed; true when any has more to do. For a
    /// host without threads.
    bool poll(TimeNs now);
    /// The earliest time at which a poll would do something by itself.
    TimeNs next_due() const;
    bool run_pool() { return pool_.run_one(); }
    /// One turn of the control room alone: with threads, main calls this. [control]
    void poll_control(TimeNs now);
    void wait_control(TimeNs duration_max);

    /// Takes no more connections, closes those that are there in order, lets the worlds finish.
    /// Returns at the latest after `deadline_ms`; false when something was cut off. [control]
    bool shut_down(std::uint32_t deadline_ms);

    const manifest::Manifest& manifest() const noexcept { return manifest_; }
    const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }
    plugin::PluginManager& plugins() noexcept { return *plugins_; }
    const plugin::Rooms& rooms() const noexcept { return rooms_; }
    core::Inbox& control_inbox() noexcept { return control_; }
    void wake_control() noexcept { control_waker_.wake(); }
    ecs::ComponentNames& component_names() noexcept { return component_names_; }
    EventLog& events() noexcept { return events_; }
    const IncidentLog& incidents() const noexcept { return incidents_; }
    const Watchdog& watchdog() const noexcept { return watchdog_; }
    TimeNs started_at() const noexcept { return started_at_; }

    // Surroundings
    const core::Clock& clock() const noexcept override { return clock_; }
    WorldId find_world(std::string_view name) noexcept override;
    Status post_event(WorldId world, std::string_view name, Bytes payload) override;
    Status offload(std::function<void()> work, std::function<void()> done,
                   route::PostToRoom room) override;
    void serve(const std::string& name, route::ServedFunction function) override;
    Status call(const std::string& name, std::string method, std::string request,
                std::function<void(Status, std::string)> answer, route::PostToRoom room) override;
    route::Transit& transit() noexcept override { return transit_; }
    void failed(const core::Owner& owner, std::string_view where, std::string_view what) override;
    void faulted(const core::Owner& owner, const route::FaultReport& report) override;
    void protected_full(const core::Owner& owner) noexcept override;
    void calls_full(std::string_view service) noexcept override;
    /// How often that happened. [any thread]
    std::uint64_t protected_refused() const noexcept { return protected_refused_; }
    std::uint64_t calls_refused() const noexcept { return calls_refused_; }

private:
    struct Driven {
        WatchedThread* watched = nullptr;
        std::thread thread{};      ///< none where others start and join it
        std::int32_t worker = -1;  ///< the index of the worker that it drives; -1: another room
        WorldId kept{};            ///< the world that it has not let go of
    };

    Host(manifest::Manifest manifest, const core::Clock& clock, HostOptions options);
    Result<Done> build();
    Result<std::uint32_t> set_rooms_apart();
    void build_links(std::uint32_t shards, std::uint32_t workers);
    void build_worlds();
    Result<Done> open_listeners();
    Result<Done> open_listener(const manifest::Listener& listener);
    /// False when some did not end until then, of which those that are known to be stuck are not
    /// waited for: then nothing of the host may be destroyed.
    bool run_threads_down(TimeNs deadline);
    /// A thread that takes turns until the host stops.
    template <class Turn>
    void drive(const std::string& name, Turn turn);
    void begin_room_thread(WatchedThread& watched) const;
    void drive_worker(std::uint32_t index, bool takes_over);
    void replace_thread(WatchedThread& thread, const StuckCall& call, const platform::Fault& at);
    void take_leave_of_ended();
    void take_held_faults();
    /// Whether a version, by its label, is in its probation now. [control]
    std::function<bool(const std::string& label)> newness() const;

    manifest::Manifest manifest_;
    std::vector<std::uint32_t> processors_before_;  ///< of the calling thread, when rooms are apart
    const core::Clock& clock_;
    HostOptions options_;
    core::Random order_;
    TimeNs started_at_;

    // In the order in which they are made; they leave in the reverse.
    EventLog events_;
    IncidentLog incidents_;
    Watchdog watchdog_;
    WatchdogTold watchdog_told_;
    core::Inbox control_;
    platform::Waker control_waker_;
    ecs::ComponentNames component_names_;
    session::WorldDirectory directory_;
    route::Transit transit_;
    std::mutex served_mutex_;
    std::map<std::string, route::ServedFunction> served_;
    std::vector<std::unique_ptr<route::RoomLink>> links_;
    std::optional<ProcessCanary> canary_;
    std::unique_ptr<plugin::PluginManager> plugins_;
    sched::Pool pool_;
    std::unique_ptr<route::ServiceRoom> service_;
    std::vector<std::unique_ptr<session::IoRoom>> shards_;
    std::vector<std::unique_ptr<world::Worker>> workers_;
    std::unique_ptr<net::Acceptor> acceptor_;
    plugin::Rooms rooms_;
    std::vector<Endpoint> endpoints_;

    std::atomic<std::uint64_t> protected_refused_{0};
    std::atomic<std::uint64_t> calls_refused_{0};
    std::atomic<bool> stopping_{false};
    std::vector<Driven> threads_;
    std::uint32_t replaced_ = 0;
};

}  // namespace gantry::app
