// IoRoom: which plugin objects serve on this shard, and how they come and go.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/core/log.h"
#include "host/session/io_instance.h"
#include "host/session/io_room.h"

namespace gantry::session {
namespace {

std::string names_of(const std::map<std::string, route::Layer>& layers) {
    std::string text;
    for (const auto& [name, layer] : layers) {
        if (!text.empty()) text += ", ";
        text += name;
    }
    return text.empty() ? "none" : text;
}

}  // namespace

Result<std::unique_ptr<IoTables>> IoTables::build(const std::vector<IoInstance*>& instances,
                                                  const std::vector<ListenerPlan>& listeners) {
    auto tables = std::make_unique<IoTables>();
    std::map<std::string, route::Layer> layers;
    for (IoInstance* instance : instances) {
        tables->followers.add(instance->followers());
        for (const auto& one : instance->routes()) {
            auto added = tables->routes.add(
                {one.function, one.context, instance, &instance->owner(), one.id, one.name});
            if (!added) return added.error();
        }
        for (const auto& one : instance->layers()) {
            const auto [taken, fresh] =
                layers.emplace(one.name, route::Layer{one.desc, one.name, instance});
            if (!fresh) {
                return Error{Status::already_exists,
                             "layer " + one.name + " of " + instance->owner().label +
                                 " is already offered by " + taken->second.instance->owner().label};
            }
        }
    }
    for (const ListenerPlan& listener : listeners) {
        std::vector<route::Layer> chain;
        for (const std::string& name : listener.middleware) {
            const auto found = layers.find(name);
            if (found == layers.end()) {
                return Error{Status::not_found,
                             fmt::format("listener {} wants the middleware {}, which no loaded "
                                         "plugin offers; there is {}",
                                         listener.net.name, name, names_of(layers))};
            }
            chain.push_back(found->second);
        }
        tables->onions.emplace_back(std::move(chain));
    }
    return tables;
}

IoRoom::~IoRoom() {
    services_.thread().leave();  // whoever takes it down may
    tables_ = std::make_unique<IoTables>();
    predecessors_.clear();
    instances_.clear();
}

Result<net::BoundListener> IoRoom::listen(const ListenerPlan& plan) {
    plans_.push_back(plan);  // its transport may ask for it
    auto bound = shard_.listen(plan.net);
    if (!bound) return plans_.pop_back(), bound;
    GANTRY_ASSERT(bound->index == plans_.size() - 1);
    auto tables = tables_with(nullptr, nullptr);
    if (!tables) return tables.error();
    tables_ = std::move(*tables);
    return bound;
}

IoRoom::Instances::iterator IoRoom::find_in(Instances& list, std::string_view plugin) noexcept {
    return std::find_if(list.begin(), list.end(),
                        [&](const auto& instance) { return instance->owner().plugin == plugin; });
}

Result<std::unique_ptr<IoTables>> IoRoom::tables_with(IoInstance* in, const IoInstance* out) {
    std::vector<IoInstance*> list;
    for (const auto& instance : instances_) {
        if (instance.get() == out) {
            if (in != nullptr) list.push_back(in);
        } else {
            list.push_back(instance.get());
        }
    }
    if (in != nullptr && out == nullptr) list.push_back(in);
    return IoTables::build(list, plans_);
}

void IoRoom::publish(std::unique_ptr<IoTables> tables, const IoInstance* in,
                     const IoInstance* out) {
    tables_ = std::move(tables);
    if (out != nullptr) services_.withdraw(out->provided(), out->served());
    if (in != nullptr) services_.offer(in->owner().id, in->provided(), in->served());
    services_.announce();
}

bool IoRoom::run_as(std::uint32_t owner, const std::function<void()>& body) {
    const auto found =
        std::find_if(instances_.begin(), instances_.end(),
                     [owner](const auto& instance) { return instance->owner().id == owner; });
    if (found == instances_.end()) return false;
    return route::call_facet(**found, core::CallKind::service, "", body);
}

Result<Done> IoRoom::add(const route::FacetOrder& order) {
    Plugin* const plugin = order.create();
    if (plugin == nullptr)
        return Error{Status::internal, order.owner.label + " could not make its object"};
    auto made = std::make_unique<IoInstance>(order, plugin, surroundings_, services_, *this);
    if (const Status status = made->start(); status != Status::ok) {
        return Error{status, order.owner.label + " refused to start on a shard (" +
                                 status_name(status) + "); the log has its reason"};
    }
    const auto place =
        order.replaces.empty() ? instances_.end() : find_in(instances_, order.replaces);
    IoInstance* const out = place != instances_.end() ? place->get() : nullptr;
    auto tables = tables_with(made.get(), out);
    if (!tables) return tables.error();

    if (out != nullptr) {
        const Status status = made->take_over(*out);
        if (status != Status::ok) {
            return Error{status, made->owner().label + " could not take over the state of " +
                                     out->owner().label + " (" + status_name(status) + ")"};
        }
    }
    if (auto published = publish_transports(*made, out, false); !published) {
        return Error{published.error().status,
                     order.owner.label + ": " + published.error().message};
    }
    IoInstance& serving = *made;
    publish(std::move(*tables), made.get(), out);
    if (out != nullptr) {
        predecessors_.push_back(std::move(*place));
        *place = std::move(made);
    } else {
        instances_.push_back(std::move(made));
    }
    route::call_facet(serving, core::CallKind::start, "serve",
                      [&] { serving.plugin().serve(out != nullptr ? 1 : 0); });
    return Done{};
}

bool IoRoom::layer_comes_back(const Session& session) noexcept {
    if (predecessors_.empty() || session.listener >= tables_->onions.size()) return false;
    const route::FacetInstance* const parked = tables_->onions[session.listener].first_parked();
    return parked != nullptr &&
           find_in(predecessors_, parked->owner().plugin) != predecessors_.end();
}

std::shared_ptr<route::StateStore> IoRoom::state_of(std::string_view plugin) {
    const auto found = find_in(instances_, plugin);
    if (found == instances_.end()) return nullptr;
    return (*found)->save();
}

Result<Done> IoRoom::remove(std::string_view plugin) {
    const auto place = find_in(instances_, plugin);
    if (place == instances_.end())
        return Error{Status::not_found, std::string{plugin} + " is not on a shard"};
    auto tables = tables_with(nullptr, place->get());
    if (!tables) return tables.error();
    settle(plugin);
    publish(std::move(*tables), nullptr, place->get());
    instances_.erase(place);
    return Done{};
}

void IoRoom::settle(std::string_view plugin) {
    if (const auto place = find_in(predecessors_, plugin); place != predecessors_.end()) {
        predecessors_.erase(place);
    }
}

bool IoRoom::roll_back(std::string_view plugin) {
    const auto back = find_in(predecessors_, plugin);
    const auto failed = find_in(instances_, plugin);
    if (back == predecessors_.end() || failed == instances_.end()) return false;
    auto tables = tables_with(back->get(), failed->get());
    if (!tables) return false;
    (*back)->take_back(**failed);
    if (auto back_again = publish_transports(**back, failed->get(), true); !back_again) {
        log::error("{}: {}", (*back)->owner().label, back_again.error().message);
    }
    publish(std::move(*tables), back->get(), failed->get());
    std::swap(*back, *failed);
    const std::unique_ptr<IoInstance> gone = std::move(*back);
    predecessors_.erase(back);
    Plugin& serving = (*failed)->plugin();
    route::call_facet(**failed, core::CallKind::swap, "resume", [&] {
        serving.resume();
        serving.serve(1);
    });
    return true;
}

}  // namespace gantry::session
