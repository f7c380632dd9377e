#include "host/plugin/tell_rooms.h"

#include "host/core/log.h"

namespace gantry::plugin {
namespace {

void tell_worlds(const Rooms& rooms, const std::function<void(world::World&)>& what) {
    for (const WorldPlace& place : rooms.worlds) {
        world::Worker* const worker = rooms.workers[place.worker];
        worker->port(place.id)([worker, id = place.id, what] { what(*worker->find(id)); });
    }
}

void tell_service(const Rooms& rooms, const std::function<void(route::ServiceRoom&)>& what) {
    rooms.service->inbox().post([service = rooms.service, what] { what(*service); });
    rooms.service->wake();
}

}  // namespace

void tell_shards(const Rooms& rooms, const std::function<void(session::IoRoom&)>& what) {
    for (session::IoRoom* const shard : rooms.shards) {
        shard->inbox().post([shard, what] { what(*shard); });
        shard->wake();
    }
}

void tell_to_go_back(const Rooms& rooms, const std::string& plugin, const std::string& reason) {
    tell_worlds(rooms, [plugin, reason](world::World& world) { world.roll_back(plugin, reason); });
    tell_shards(rooms, [plugin](session::IoRoom& shard) { shard.roll_back(plugin); });
    tell_service(rooms, [plugin](route::ServiceRoom& service) { service.roll_back(plugin); });
}

void tell_to_settle(const Rooms& rooms, const std::string& plugin) {
    tell_worlds(rooms, [plugin](world::World& world) { world.settle(plugin); });
    tell_shards(rooms, [plugin](session::IoRoom& shard) { shard.settle(plugin); });
    tell_service(rooms, [plugin](route::ServiceRoom& service) { service.settle(plugin); });
}

void tell_to_remove(const Rooms& rooms, const std::string& plugin) {
    tell_worlds(rooms, [plugin](world::World& world) { (void)world.remove(plugin); });
    tell_shards(rooms, [plugin](session::IoRoom& shard) {
        const auto removed = shard.remove(plugin);
        if (removed || removed.error().status == Status::not_found) return;
        log::error("{}", removed.error().message);
    });
    tell_service(rooms, [plugin](route::ServiceRoom& service) { (void)service.remove(plugin); });
}

}  // namespace gantry::plugin
