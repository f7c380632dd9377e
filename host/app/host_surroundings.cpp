// Host as the Surroundings of its rooms: worlds by name, services by name, the pool.
#include "host/app/host.h"

#include <bit>

#include "host/core/log.h"

namespace gantry::app {

WorldId Host::find_world(std::string_view name) noexcept {
    for (const plugin::WorldPlace& place : rooms_.worlds) {
        if (place.name == name) return place.id;
    }
    return {};
}

Status Host::post_event(WorldId id, std::string_view name, Bytes payload) {
    const std::uint16_t worker = directory_.worker(id);
    if (worker >= workers_.size()) return Status::not_found;
    world::Worker* const room = workers_[worker].get();
    room->port(id)([room, id, event = std::string{name}, bytes = std::string{payload.text()}] {
        (void)room->find(id)->post_event(event, Bytes{std::string_view{bytes}});
    });
    return Status::ok;
}

Status Host::offload(std::function<void()> work, std::function<void()> done,
                     route::PostToRoom room) {
    return pool_.post(
        [work = std::move(work), done = std::move(done), room = std::move(room)]() mutable {
            work();
            work = {};  // lets go of the library before the room hears of it
            room(std::move(done));
        });
}

void Host::serve(const std::string& name, route::ServedFunction function) {
    const std::lock_guard lock{served_mutex_};
    if (function.run) {
        served_[name] = std::move(function);
    } else {
        served_.erase(name);
    }
}

Status Host::call(const std::string& name, std::string method, std::string request,
                  std::function<void(Status, std::string)> answer, route::PostToRoom room) {
    route::ServedFunction function;
    {
        const std::lock_guard lock{served_mutex_};
        const auto found = served_.find(name);
        if (found == served_.end()) return Status::not_found;
        function = found->second;
    }
    function.room([run = std::move(function.run), method = std::move(method),
                   request = std::move(request), answer = std::move(answer),
                   room = std::move(room)] {
        struct Reply {
            bool done = false;
            Status status = Status::unavailable;
            std::string bytes;
        } reply;
        ServiceCall call;
        call.method = method;
        call.request = Bytes{std::string_view{request}};
        call.caller = &reply;
        call.reply = [](void* caller, Status status, Bytes response) noexcept {
            auto& into = *static_cast<Reply*>(caller);
            if (into.done) return;
            into.done = true;
            into.status = status;
            into.bytes = response.text();
        };
        run(call);
        room([answer, status = reply.status, bytes = std::move(reply.bytes)] {
            answer(status, bytes);
        });
    });
    return Status::ok;
}

void Host::failed(const core::Owner& owner, std::string_view where, std::string_view what) {
    plugins_->failed(owner, where, what);
}

void Host::faulted(const core::Owner& owner, const route::FaultReport& report) {
    plugins_->faulted(owner, report);
}

// A flood must not flood the log: said when the count doubles.
void Host::protected_full(const core::Owner& owner) noexcept {
    const std::uint64_t count = ++protected_refused_;
    if (!std::has_single_bit(count)) return;
    log::error(
        "{} protects more numbers than the host keeps for it in one room ({} refused so far): "
        "what is not kept counts as the highest; let it give shorter times",
        owner.label, count);
}

void Host::calls_full(std::string_view service) noexcept {
    const std::uint64_t count = ++calls_refused_;
    if (!std::has_single_bit(count)) return;
    log::error("a call of {} is refused ({} so far): {} calls of its room wait for answers",
               service, count, route::RoomServices::calls_max);
}

}  // namespace gantry::app
