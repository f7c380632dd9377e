// WorldInstance as "gantry.services/1" and "gantry.events/1".
#include "host/world/instance.h"
#include "host/world/world.h"

namespace gantry::world {

Status WorldInstance::provide(Str name, void* target) noexcept {
    if (target == nullptr || started_) return Status::invalid;
    ledger_.provided.push_back({std::string{name.view()}, target});
    return Status::ok;
}

const ServiceSlot* WorldInstance::slot(Str name) noexcept {
    auto found = world_.slots_.find(name.view());
    if (found == world_.slots_.end()) {
        found = world_.slots_.emplace(std::string{name.view()}, std::make_unique<ServiceSlot>()).first;
    }
    return found->second.get();
}

Status WorldInstance::serve(Str name, ServiceFunction handler, void* context) noexcept {
    if (handler == nullptr || started_) return Status::invalid;
    ledger_.served.push_back({std::string{name.view()}, handler, context});
    return Status::ok;
}

std::uint64_t WorldInstance::call(Str name, Str method, Bytes request, TimeNs deadline,
                                  AnswerFunction answer, void* context) noexcept {
    World& world = world_;
    const std::uint64_t id = world.next_call_++;
    const std::uint32_t owner = owner_.id;
    const auto answered = [&world, owner, id](Status status, const std::string& bytes) {
        world.end_call(owner, id, status, bytes);
    };
    Ledger::Call& call = ledger_.calls[id];
    call.answer = answer;
    call.context = context;
    const Status asked =
        world.surroundings_.call(std::string{name.view()}, std::string{method.view()},
                                 std::string{request.text()}, answered, world.post_here_);
    if (asked != Status::ok) {  // also this answer comes later, never within the call
        world.post_here_([answered, asked] { answered(asked, {}); });
        return id;
    }
    sched::TimerSpec spec;
    spec.kind = sched::TimerKind::call;
    spec.owner = owner;
    spec.value = id;
    spec.delay = deadline;
    if (const auto added = world.timers_.add(world.now_, spec)) call.deadline = *added;
    return id;
}

Status WorldInstance::cancel(std::uint64_t call) noexcept {
    const auto found = ledger_.calls.find(call);
    if (found == ledger_.calls.end()) return Status::not_found;
    world_.timers_.cancel(found->second.deadline);
    ledger_.calls.erase(found);
    return Status::ok;
}

Status WorldInstance::subscribe(Str name, EventFunction handler, void* context) noexcept {
    if (handler == nullptr || started_) return Status::invalid;
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

WorldId WorldInstance::find_world(Str name) noexcept {
    return world_.surroundings_.find_world(name);
}

}  // namespace gantry::world
