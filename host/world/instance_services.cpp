// WorldInstance as "gantry.services/1", "gantry.service_types/1", "gantry.events/1" and
// "gantry.protected/1".
#include "host/platform/given.h"
#include "host/world/instance.h"
#include "host/world/world.h"

namespace gantry::world {

Status WorldInstance::provide(Str name, void* target) noexcept {
    if (!at_home("provide")) return Status::refused;
    platform::look_at(name);
    if (target == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    ledger_.provided.push_back({std::string{name.view()}, target});
    return Status::ok;
}

const ServiceSlot* WorldInstance::slot(Str name) noexcept {
    if (!at_home("slot")) return nullptr;
    platform::look_at(name);
    return world_.services_.slot(name);
}

Status WorldInstance::serve(Str name, ServiceFunction handler, void* context) noexcept {
    if (!at_home("serve")) return Status::refused;
    platform::look_at(name);
    if (handler == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    ledger_.served.push_back({std::string{name.view()}, handler, context});
    return Status::ok;
}

std::uint64_t WorldInstance::call(Str name, Str method, Bytes request, TimeNs deadline,
                                  AnswerFunction answer, void* context) noexcept {
    if (!at_home("call")) return 0;
    platform::look_at(name, method, request);
    return world_.services_.call(owner_.id, std::string{name.view()}, std::string{method.view()},
                                 std::string{request.text()}, world_.now_ + deadline, answer,
                                 context);
}

Status WorldInstance::cancel(std::uint64_t call) noexcept {
    if (!at_home("cancel")) return Status::refused;
    return world_.services_.cancel(owner_.id, call) ? Status::ok : Status::not_found;
}

void WorldInstance::declare(Str service, Str type, std::uint32_t provides) noexcept {
    platform::look_at(service, type);
    options_.interfaces->add(
        {std::string{service.view()}, std::string{type.view()}, provides != 0});
}

Status WorldInstance::subscribe(Str name, EventFunction handler, void* context) noexcept {
    if (!at_home("subscribe")) return Status::refused;
    platform::look_at(name);
    if (handler == nullptr || started_) return Status::invalid;
    if (full()) return Status::limit;
    ledger_.subscriptions.push_back({std::string{name.view()}, handler, context});
    return Status::ok;
}

void WorldInstance::emit(Str name, Bytes payload) noexcept {
    if (!at_home("emit")) return;
    platform::look_at(name, payload);
    world_.deliver(name, payload, false);
}

Status WorldInstance::post(Str name, Bytes payload) noexcept {
    if (!at_home("post")) return Status::refused;
    platform::look_at(name, payload);
    return world_.post_event(name, payload, owner_.id) ? Status::ok : Status::limit;
}

Status WorldInstance::post_to(WorldId world, Str name, Bytes payload) noexcept {
    platform::look_at(name, payload);
    if (world == world_.config_.id) return post(name, payload);
    return world_.surroundings_.post_event(world, name, payload);
}

Status WorldInstance::raise(std::uint64_t key, std::uint64_t value, TimeNs until) noexcept {
    if (!at_home("raise")) return Status::refused;
    const Status status = numbers_.raise(key, value, until, world_.now_);
    if (status == Status::limit) world_.surroundings_.protected_full(owner_);
    return status;
}

std::uint64_t WorldInstance::raised(std::uint64_t key) noexcept {
    if (!at_home("raised")) return route::ProtectedStore::unknown;
    return numbers_.raised(key, world_.now_);
}

WorldId WorldInstance::find_world(Str name) noexcept {
    platform::look_at(name);
    return world_.surroundings_.find_world(name);
}

}  // namespace gantry::world
