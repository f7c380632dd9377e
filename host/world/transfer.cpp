#include "host/world/transfer.h"

#include "host/world/call.h"
#include "host/world/world.h"

namespace gantry::world {
namespace {

StateTransfer* transfer_of(WorldInstance& instance) {
    void* found = nullptr;
    call_plugin(instance, core::CallKind::swap, "query",
                [&] { found = instance.plugin().query(StateTransfer::interface_id); });
    return static_cast<StateTransfer*>(found);
}

}  // namespace

Saved save_state(WorldInstance& from, route::StateStore& state) {
    if (from.parked()) return Saved::failed;
    StateTransfer* const saver = transfer_of(from);
    if (saver == nullptr) return from.parked() ? Saved::failed : Saved::nothing;
    Status status = Status::internal;
    call_plugin(from, core::CallKind::swap, "save", [&] { status = saver->save(state); });
    return status == Status::ok ? Saved::yes : Saved::failed;
}

bool restore_state(WorldInstance& into, route::StateStore& state) {
    StateTransfer* const restorer = transfer_of(into);
    if (restorer == nullptr) return !into.parked();
    Status status = Status::internal;
    call_plugin(into, core::CallKind::swap, "restore", [&] { status = restorer->restore(state); });
    return status == Status::ok;
}

std::shared_ptr<route::StateStore> state_of(World& world, std::string_view plugin) {
    for (const auto& instance : world.instances()) {
        if (instance->owner().plugin != plugin) continue;
        auto state =
            route::StateStore::make(instance->owner().label, instance->options().state_bytes_max);
        return save_state(*instance, *state) == Saved::yes ? state : nullptr;
    }
    return nullptr;
}

}  // namespace gantry::world
