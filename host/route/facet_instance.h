// FacetInstance: one plugin object on a shard or on the service thread, and what it owns there.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gantry/plugin.h"
#include "gantry/protected.h"
#include "gantry/runtime.h"
#include "host/core/owner.h"
#include "host/core/random.h"
#include "host/platform/lent.h"
#include "host/route/guarded_call.h"
#include "host/route/interface_uses.h"
#include "host/route/room_services.h"
#include "host/route/state_store.h"
#include "host/route/surroundings.h"
#include "host/route/vitals.h"

namespace gantry::route {

/// What keeps a library in memory while an instance of it lives.
using LibraryRef = std::shared_ptr<const void>;

/// One instance to be made: whose code, under which label.
struct FacetOrder {
    core::Owner owner;
    CreateFunction create = nullptr;
    LibraryRef library;
    std::string config = "{}";
    std::uint32_t shard = 0;
    Facet facet = Facet::service;
    std::uint64_t seed = 1;
    bool contain = false;  ///< a fault in its code is left and the instance parked
    std::shared_ptr<InterfaceUses> interfaces = std::make_shared<InterfaceUses>();
    std::shared_ptr<Vitals> vitals = std::make_shared<Vitals>();
    std::string replaces;  ///< the plugin of that name; empty: nobody
};

/// "shard 2", or "the service room".
std::string room_name(Facet facet, std::uint32_t shard);

/// What one instance leaves to the next.
struct HandOver {
    Status status = Status::ok;         ///< whether it could be saved
    std::shared_ptr<StateStore> state;  ///< null when one of the two keeps nothing
};

/// Calls on the room's thread, but log().
class FacetInstance : public platform::Lent,
                      public Host,
                      public Runtime,
                      public Services,
                      public ServiceTypes,
                      public Protected {
public:
    FacetInstance(const FacetOrder& order, Plugin* plugin, Surroundings& surroundings,
                  RoomServices& services);
    virtual ~FacetInstance() { end(); }
    FacetInstance(const FacetInstance&) = delete;
    FacetInstance& operator=(const FacetInstance&) = delete;

    Status start();
    void serve(bool successor);
    /// A successor has been made, and takes over in this same turn of the room.
    void drain();
    void resume();
    void now_silent() noexcept { since_ = now(); }
    TimeNs since() const noexcept { return since_; }  ///< it serves, or is silent
    std::string room_name() const;                    ///< "shard 0"
    /// What it has registered, in words: ": 2 layers, 1 routes".
    virtual std::string owns_text() const;
    const core::Owner& owner() const noexcept { return owner_; }
    Plugin& plugin() noexcept { return *plugin_; }
    const std::vector<ProvidedService>& provided() const noexcept { return provided_; }
    const std::vector<ServedService>& served() const noexcept { return served_; }

    Vitals& vitals() noexcept { return *vitals_; }
    bool wants_sample() noexcept { return sampler_.wants(services_.turn_began()); }
    const core::Clock& clock() const noexcept { return surroundings_.clock(); }
    bool contained() const noexcept { return contained_; }
    /// A fault ended one of its calls: nothing of it is ever called again.
    bool parked() const noexcept { return parked_.load(std::memory_order_relaxed); }
    void left_by(const platform::Fault& fault, core::CallKind kind, std::string_view what);
    /// False on a thread that is not the room's: then the call must do nothing, and the plugin is
    /// parked. [any thread]
    bool at_home(const char* call) noexcept;
    /// Its private state in a fresh store; null when it keeps none, or cannot say.
    std::shared_ptr<StateStore> save();
    /// The same for a successor; of one that is parked there is nothing to have.
    HandOver save_for(FacetInstance& next);
    Status restore(const HandOver& from);
    /// What the successor was given, should it have to come back.
    void keep(HandOver given) noexcept;
    /// Back again after `failed`, with what that one could still tell, else as at the hand-over.
    void take_back(const HandOver& from, std::string_view failed);

    void* query(Str interface_id) noexcept override;

    void log(LogLevel level, Str text) noexcept override;
    TimeNs now() noexcept override { return surroundings_.clock().now(); }
    TimeNs wall_now() noexcept override { return surroundings_.clock().wall_now(); }
    std::uint64_t random() noexcept override { return random_.next(); }
    InstanceInfo self() noexcept override;
    Str config() noexcept override { return config_; }
    void report_failure(Str where, Str what) noexcept override;

    Status provide(Str name, void* target) noexcept override;
    const ServiceSlot* slot(Str name) noexcept override;
    Status serve(Str name, ServiceFunction handler, void* context) noexcept override;
    std::uint64_t call(Str name, Str method, Bytes request, TimeNs deadline, AnswerFunction answer,
                       void* context) noexcept override;
    Status cancel(std::uint64_t call) noexcept override;
    void declare(Str service, Str type, std::uint32_t provides) noexcept override;

    Status raise(std::uint64_t key, std::uint64_t value, TimeNs until) noexcept override;
    std::uint64_t raised(std::uint64_t key) noexcept override;

protected:
    /// Stops and destroys the plugin. A derived class does it before it goes itself: the plugin may
    /// call it until then.
    void end() noexcept;
    bool started() const noexcept { return started_; }
    /// At the limit of what one instance may register, which `more` counts to.
    bool full(std::size_t more = 0) noexcept;

private:
    void tell(const platform::Fault& fault, core::CallKind kind, std::string_view what);

    core::Owner owner_;
    Plugin* plugin_;  ///< null once it is destroyed
    LibraryRef library_;
    Surroundings& surroundings_;
    RoomServices& services_;
    ProtectedStore& numbers_;
    TimeNs since_ = 0;
    std::shared_ptr<StateStore> handed_over_;  ///< to the successor that it has, or had last
    std::string config_;
    std::shared_ptr<InterfaceUses> interfaces_;
    std::shared_ptr<Vitals> vitals_;
    Sampler sampler_;
    core::Random random_;
    Facet facet_;
    std::uint32_t shard_;
    std::vector<ProvidedService> provided_;
    std::vector<ServedService> served_;
    bool contained_;
    bool started_ = false;
    std::atomic<bool> parked_{false};
    bool told_full_ = false;
};

/// Runs `body`, which calls into the plugin. False when the plugin is parked, or when a fault ended
/// the call: then it is parked from here on, and the host has been told. [the room's thread]
template <class Body>
bool call_facet(FacetInstance& instance, core::CallKind kind, std::string_view what, Body&& body) {
    if (instance.parked()) [[unlikely]]
        return false;
    return guarded_call(instance.owner(), instance.contained(), kind, body,
                        [&](const platform::Fault& fault) { instance.left_by(fault, kind, what); });
}

/// The same for a message or a call of a service: it is counted, and some are timed.
template <class Body>
bool call_counted(FacetInstance& instance, core::CallKind kind, std::string_view what,
                  Body&& body) {
    Vitals& vitals = instance.vitals();
    vitals.add(vitals.messages, 1);
    if (!instance.wants_sample()) [[likely]]
        return call_facet(instance, kind, what, body);
    const TimeNs begin = instance.clock().thread_time();
    const bool returned = call_facet(instance, kind, what, body);
    vitals.add_sample(instance.clock().thread_time() - begin);
    return returned;
}

}  // namespace gantry::route
