#include "host/route/service_room.h"

#include <algorithm>

#include "host/core/log.h"

namespace gantry::route {
ServiceRoom::ServiceRoom(Surroundings& surroundings)
    : surroundings_{surroundings},
      services_{surroundings,
                [this](std::function<void()> work) {
                    if (inbox_.post(std::move(work))) wake();
                },
                [this](std::uint32_t owner, const auto& body) { return run_as(owner, body); }} {}

ServiceRoom::~ServiceRoom() {
    inbox_.close();
    services_.thread().leave();  // whoever takes it down may
}

bool ServiceRoom::poll(TimeNs now) {
    const bool any = inbox_.run();
    services_.poll(now);
    return any;
}

void ServiceRoom::wait(TimeNs now, TimeNs duration_max) {
    const TimeNs due = services_.next_due();
    waker_.sleep(due <= now ? 0 : std::min(duration_max, due - now));
}

ServiceRoom::Instances::iterator ServiceRoom::find_in(Instances& list,
                                                      std::string_view plugin) noexcept {
    return std::find_if(list.begin(), list.end(),
                        [&](const auto& instance) { return instance->owner().plugin == plugin; });
}

bool ServiceRoom::run_as(std::uint32_t owner, const std::function<void()>& body) {
    const auto found =
        std::find_if(instances_.begin(), instances_.end(),
                     [owner](const auto& instance) { return instance->owner().id == owner; });
    if (found == instances_.end()) return false;
    return call_facet(**found, core::CallKind::service, "", body);
}

void ServiceRoom::publish(const FacetInstance* in, const FacetInstance* out) {
    if (out != nullptr) services_.withdraw(out->provided(), out->served());
    if (in != nullptr) services_.offer(in->owner().id, in->provided(), in->served());
    services_.announce();
}

Result<Done> ServiceRoom::add(const FacetOrder& order) {
    Plugin* const plugin = order.create();
    if (plugin == nullptr)
        return Error{Status::internal, order.owner.label + " could not make its object"};
    auto made = std::make_unique<FacetInstance>(order, plugin, surroundings_, services_);
    if (const Status status = made->start(); status != Status::ok) {
        return Error{status, order.owner.label + " refused to start as a service (" +
                                 status_name(status) + "); the log has its reason"};
    }
    const auto place =
        order.replaces.empty() ? instances_.end() : find_in(instances_, order.replaces);
    const bool successor = place != instances_.end();
    if (successor) {
        const Status status = made->take_over(**place);
        if (status != Status::ok) {
            return Error{status, made->owner().label + " could not take over the state of " +
                                     (*place)->owner().label + " (" + status_name(status) + ")"};
        }
    }
    FacetInstance& serving = *made;
    publish(made.get(), successor ? place->get() : nullptr);
    if (successor) {
        predecessors_.push_back(std::move(*place));
        *place = std::move(made);
    } else {
        instances_.push_back(std::move(made));
    }
    call_facet(serving, core::CallKind::start, "serve",
               [&] { serving.plugin().serve(successor ? 1 : 0); });
    return Done{};
}

Result<Done> ServiceRoom::remove(std::string_view plugin) {
    const auto place = find_in(instances_, plugin);
    if (place == instances_.end()) {
        return Error{Status::not_found, std::string{plugin} + " has no service here"};
    }
    settle(plugin);
    publish(nullptr, place->get());
    instances_.erase(place);
    return Done{};
}

void ServiceRoom::settle(std::string_view plugin) {
    if (const auto place = find_in(predecessors_, plugin); place != predecessors_.end()) {
        predecessors_.erase(place);
    }
}

std::shared_ptr<StateStore> ServiceRoom::state_of(std::string_view plugin) {
    const auto found = find_in(instances_, plugin);
    if (found == instances_.end()) return nullptr;
    return (*found)->save();
}

bool ServiceRoom::roll_back(std::string_view plugin) {
    const auto back = find_in(predecessors_, plugin);
    const auto failed = find_in(instances_, plugin);
    if (back == predecessors_.end() || failed == instances_.end()) return false;
    (*back)->take_back(**failed);
    publish(back->get(), failed->get());
    std::swap(*back, *failed);
    const std::unique_ptr<FacetInstance> gone = std::move(*back);
    predecessors_.erase(back);
    Plugin& serving = (*failed)->plugin();
    call_facet(**failed, core::CallKind::swap, "resume", [&] {
        serving.resume();
        serving.serve(1);
    });
    return true;
}

}  // namespace gantry::route
