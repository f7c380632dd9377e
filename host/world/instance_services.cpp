// WorldInstance as "gantry.services/1", "gantry.events/1" and "gantry.protected/1".
#include "host/world/instance.h"
#include "host/world/world.h"

namespace gantry::world {

Status WorldInstance::provide(Str name, void* target) noexcept {
    if (target == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    ledger_.provided.push_back({std::string{name.view()}, target});
    return Status::ok;
}

const ServiceSlot* WorldInstance::slot(Str name) noexcept { return world_.services_.slot(name); }

Status WorldInstance::serve(Str name, ServiceFunction handler, void* context) noexcept {
    if (handler == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    ledger_.served.push_back({std::string{name.view()}, handler, context});
    return Status::ok;
}

std::uint64_t WorldInstance::call(Str name, Str method, Bytes request, TimeNs deadline,
                                  AnswerFunction answer, void* context) noexcept {
    return world_.services_.call(owner_.id, std::string{name.view()}, std::string{method.view()},
                                 std::string{request.text()}, world_.now_ + deadline, answer,
                                 context);
}

Status WorldInstance::cancel(std::uint64_t call) noexcept {
    return world_.services_.cancel(owner_.id, call) ? Status::ok : Status::not_found;
}

Status WorldInstance::subscribe(Str name, EventFunction handler, void* context) noexcept {
    if (handler == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    ledger_.subscriptions.push_back({std::string{name.view()}, handler, context});
    return Status::ok;
}

void WorldInstance::emit(Str name, Bytes payload) noexcept { world_.deliver(name, payload); }

Status WorldInstance::post(Str name, Bytes payload) noexcept {
    return world_.post_event(name, payload) ? Status::ok : Status::limit;
}

Status WorldInstance::post_to(WorldId world, Str name, Bytes payload) noexcept {
    if (world == world_.config_.id) return post(name, payload);
    return world_.surroundings_.post_event(world, name, payload);
}

Status WorldInstance::raise(std::uint64_t key, std::uint64_t value, TimeNs until) noexcept {
    const Status status = numbers_.raise(key, value, until, world_.now_);
    if (status == Status::limit) world_.surroundings_.protected_full(owner_);
    return status;
}

std::uint64_t WorldInstance::raised(std::uint64_t key) noexcept {
    return numbers_.raised(key, world_.now_);
}

WorldId WorldInstance::find_world(Str name) noexcept {
    return world_.surroundings_.find_world(name);
}

}  // namespace gantry::world
