#include "host/route/facet_instance.h"

#include "host/core/log.h"

namespace gantry::route {

FacetInstance::FacetInstance(const FacetOrder& order, Plugin* plugin, Surroundings& surroundings,
                             RoomServices& services)
    : owner_{order.owner},
      plugin_{plugin},
      library_{order.library},
      surroundings_{surroundings},
      services_{services},
      config_{order.config},
      random_{order.seed},
      facet_{order.facet},
      shard_{order.shard} {}

FacetInstance::~FacetInstance() {
    const log::Scope who{owner_.label.c_str()};
    if (started_) plugin_->stop();
    services_.cancel_all(owner_.id);
    plugin_->destroy();
}

Status FacetInstance::start() {
    const log::Scope who{owner_.label.c_str()};
    const Status status = plugin_->start(*this);
    started_ = status == Status::ok;
    return status;
}

void* FacetInstance::query(Str interface_id) noexcept {
    const std::string_view id = interface_id.view();
    if (id == Runtime::interface_id) return static_cast<Runtime*>(this);
    if (id == Services::interface_id) return static_cast<Services*>(this);
    return nullptr;
}

void FacetInstance::log(LogLevel level, Str text) noexcept {
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
    surroundings_.failed(owner_, where, what);
}

Status FacetInstance::provide(Str name, void* target) noexcept {
    if (target == nullptr || started_) return Status::invalid;
    provided_.push_back({std::string{name.view()}, target});
    return Status::ok;
}

Status FacetInstance::serve(Str name, ServiceFunction handler, void* context) noexcept {
    if (handler == nullptr || started_) return Status::invalid;
    served_.push_back({std::string{name.view()}, handler, context});
    return Status::ok;
}

std::uint64_t FacetInstance::call(Str name, Str method, Bytes request, TimeNs deadline,
                                  AnswerFunction answer, void* context) noexcept {
    return services_.call(owner_.id, std::string{name.view()}, std::string{method.view()},
                          std::string{request.text()}, now() + deadline, answer, context);
}

Status FacetInstance::cancel(std::uint64_t call) noexcept {
    return services_.cancel(owner_.id, call) ? Status::ok : Status::not_found;
}

}  // namespace gantry::route
