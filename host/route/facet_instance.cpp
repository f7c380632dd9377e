#include "host/route/facet_instance.h"

#include <fmt/format.h>

#include "host/core/log.h"
#include "host/platform/given.h"
#include "host/route/registrations.h"

namespace gantry::route {

FacetInstance::FacetInstance(const FacetOrder& order, Plugin* plugin, Surroundings& surroundings,
                             RoomServices& services)
    : Lent{"an interface of " + order.owner.label},
      owner_{order.owner},
      plugin_{plugin},
      library_{order.library},
      surroundings_{surroundings},
      services_{services},
      numbers_{services.protected_of(order.owner.plugin)},
      config_{order.config},
      interfaces_{order.interfaces},
      vitals_{order.vitals},
      random_{order.seed},
      facet_{order.facet},
      shard_{order.shard},
      contained_{order.contain} {}

std::string room_name(Facet facet, std::uint32_t shard) {
    return facet == Facet::io ? fmt::format("shard {}", shard) : std::string{"the service room"};
}

void FacetInstance::end() noexcept {
    if (plugin_ == nullptr) return;
    services_.leave(owner_.id, [this](const auto& body) {
        call_facet(*this, core::CallKind::service, "answer", body);
    });
    if (started_) call_facet(*this, core::CallKind::start, "stop", [this] { plugin_->stop(); });
    // What a parked one has on the heap stays there: its destructors could fault again.
    call_facet(*this, core::CallKind::start, "destroy", [this] { plugin_->destroy(); });
    services_.gone(owner_.id);
    plugin_ = nullptr;
}

Status FacetInstance::start() {
    Status status = Status::internal;
    call_facet(*this, core::CallKind::start, "start", [&] { status = plugin_->start(*this); });
    started_ = status == Status::ok;
    return status;
}

bool FacetInstance::at_home(const char* call) noexcept {
    if (services_.thread().here()) [[likely]]
        return true;
    if (!parked_.exchange(true)) {
        tell(platform::fault_here(platform::FaultKind::wrong_thread), core::CallKind::outside,
             call);
    }
    return false;
}

void FacetInstance::left_by(const platform::Fault& fault, core::CallKind kind,
                            std::string_view what) {
    parked_ = true;
    tell(fault, kind, what);
}

void FacetInstance::tell(const platform::Fault& fault, core::CallKind kind, std::string_view what) {
    surroundings_.faulted(owner_, fault_report(fault, kind, what, room_name()));
}

std::string FacetInstance::room_name() const { return route::room_name(facet_, shard_); }

std::string FacetInstance::owns_text() const {
    return fmt::format(": {} services", provided_.size() + served_.size());
}

void FacetInstance::serve(bool successor) {
    since_ = now();
    call_facet(*this, core::CallKind::start, "serve", [&] { plugin_->serve(successor ? 1 : 0); });
}

void FacetInstance::drain() {
    call_facet(*this, core::CallKind::swap, "drain", [this] { plugin_->drain(0); });
}

void FacetInstance::resume() {
    call_facet(*this, core::CallKind::swap, "resume", [this] { plugin_->resume(); });
}

namespace {

constexpr std::uint64_t state_bytes_max = 64 * 1024 * 1024;

StateTransfer* transfer_of(FacetInstance& instance) {
    void* found = nullptr;
    call_facet(instance, core::CallKind::swap, "query",
               [&] { found = instance.plugin().query(StateTransfer::interface_id); });
    return static_cast<StateTransfer*>(found);
}

Status save_into(FacetInstance& from, StateTransfer& saver, StateStore& state) {
    Status status = Status::internal;
    call_facet(from, core::CallKind::swap, "save", [&] { status = saver.save(state); });
    return status;
}

Status restore_from(FacetInstance& into, StateTransfer& restorer, StateStore& state) {
    Status status = Status::internal;
    call_facet(into, core::CallKind::swap, "restore", [&] { status = restorer.restore(state); });
    return status;
}

}  // namespace

std::shared_ptr<StateStore> FacetInstance::save() {
    StateTransfer* const saver = transfer_of(*this);
    if (saver == nullptr) return nullptr;
    auto state = StateStore::make(owner_.label, state_bytes_max);
    return save_into(*this, *saver, *state) == Status::ok ? state : nullptr;
}

HandOver FacetInstance::save_for(FacetInstance& next) {
    StateTransfer* const saver = transfer_of(*this);
    StateTransfer* const restorer = transfer_of(next);
    if (saver == nullptr || restorer == nullptr) {
        return {next.parked() ? Status::internal : Status::ok, nullptr};
    }
    HandOver made;
    made.state = StateStore::make(owner_.label, state_bytes_max);
    made.status = save_into(*this, *saver, *made.state);
    return made;
}

Status FacetInstance::restore(const HandOver& from) {
    if (from.status != Status::ok || from.state == nullptr) return from.status;
    StateTransfer* const restorer = transfer_of(*this);
    return restorer != nullptr ? restore_from(*this, *restorer, *from.state) : Status::internal;
}

void FacetInstance::keep(HandOver given) noexcept {
    if (given.state != nullptr) handed_over_ = std::move(given.state);
}

void FacetInstance::take_back(const HandOver& from, std::string_view failed) {
    if (restore(from) == Status::ok || handed_over_ == nullptr) return;
    log::warn("{} cannot take over what {} has: it goes on with what it had handed over",
              owner_.label, failed);
    if (StateTransfer* const restorer = transfer_of(*this)) {
        (void)restore_from(*this, *restorer, *handed_over_);
    }
}

void* FacetInstance::query(Str interface_id) noexcept {
    platform::look_at(interface_id);
    const std::string_view id = interface_id.view();
    if (id == Runtime::interface_id) return static_cast<Runtime*>(this);
    if (id == Services::interface_id) return static_cast<Services*>(this);
    if (id == Protected::interface_id) return static_cast<Protected*>(this);
    if (id == ServiceTypes::interface_id) return static_cast<ServiceTypes*>(this);
    return nullptr;
}

void FacetInstance::log(LogLevel level, Str text) noexcept {
    platform::look_at(text);
    const log::Scope who{owner_.label.c_str()};
    log::write(static_cast<log::Level>(level), text);
}

InstanceInfo FacetInstance::self() noexcept {
    InstanceInfo info;
    info.plugin = owner_.plugin;
    info.version = owner_.version;
    info.generation = owner_.generation;
    info.facet = facet_;
    info.shard = shard_;
    return info;
}

void FacetInstance::report_failure(Str where, Str what) noexcept {
    platform::look_at(where, what);
    vitals_->add(vitals_->failures, 1);
    surroundings_.failed(owner_, where, what);
}

bool FacetInstance::full(std::size_t more) noexcept {
    return registers_too_much(provided_.size() + served_.size() + more, owner_.label, told_full_);
}

Status FacetInstance::provide(Str name, void* target) noexcept {
    if (!at_home("provide")) return Status::refused;
    platform::look_at(name);
    if (target == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    provided_.push_back({std::string{name.view()}, target});
    return Status::ok;
}

const ServiceSlot* FacetInstance::slot(Str name) noexcept {
    platform::look_at(name);
    return services_.slot(name);
}

Status FacetInstance::serve(Str name, ServiceFunction handler, void* context) noexcept {
    if (!at_home("serve")) return Status::refused;
    platform::look_at(name);
    if (handler == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    served_.push_back({std::string{name.view()}, handler, context});
    return Status::ok;
}

std::uint64_t FacetInstance::call(Str name, Str method, Bytes request, TimeNs deadline,
                                  AnswerFunction answer, void* context) noexcept {
    if (!at_home("call")) return 0;
    platform::look_at(name, method, request);
    return services_.call(owner_.id, std::string{name.view()}, std::string{method.view()},
                          std::string{request.text()}, now() + deadline, answer, context);
}

Status FacetInstance::cancel(std::uint64_t call) noexcept {
    if (!at_home("cancel")) return Status::refused;
    return services_.cancel(owner_.id, call) ? Status::ok : Status::not_found;
}

void FacetInstance::declare(Str service, Str type, std::uint32_t provides) noexcept {
    platform::look_at(service, type);
    interfaces_->add({std::string{service.view()}, std::string{type.view()}, provides != 0});
}

Status FacetInstance::raise(std::uint64_t key, std::uint64_t value, TimeNs until) noexcept {
    if (!at_home("raise")) return Status::refused;
    const Status status = numbers_.raise(key, value, until, now());
    if (status == Status::limit) surroundings_.protected_full(owner_);
    return status;
}

std::uint64_t FacetInstance::raised(std::uint64_t key) noexcept {
    if (!at_home("raised")) return ProtectedStore::unknown;
    return numbers_.raised(key, now());
}

}  // namespace gantry::route
