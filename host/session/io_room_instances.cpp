// IoRoom: which plugin objects serve on this shard, and how they come and go.
#include <fmt/format.h>

#include <map>

#include "host/core/log.h"
#include "host/ecs/migration.h"
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

Result<std::unique_ptr<IoTables>> IoTables::build(
    const std::vector<route::FacetInstance*>& instances,
    const std::vector<ListenerPlan>& listeners) {
    auto tables = std::make_unique<IoTables>();
    std::map<std::string, route::Layer> layers;
    for (route::FacetInstance* const serving : instances) {
        IoInstance* const instance = &as_io(*serving);
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

/// What new instances mean for a shard: tables, transports, and components of connections that get
/// another layout, all in one piece: a shard has few rows.
class ShardChange final : public route::RoomChange {
public:
    ShardChange(IoRoom& room, std::span<const route::FacetExchange> changes,
                std::unique_ptr<IoTables> tables)
        : room_{room}, changes_{changes.begin(), changes.end()}, tables_{std::move(tables)} {}

    Result<Done> convert() override {
        std::vector<ecs::OwnerId> successors;
        for (const route::FacetExchange& change : changes_) {
            successors.push_back(change.in->owner().id);
        }
        ecs::World& columns = room_.columns_.world();
        const auto plan = columns.plan_migration(successors);
        if (!plan) return plan.error();
        if (plan->empty()) return Done{};
        auto migration = columns.prepare(
            *plan, [this](ecs::OwnerId owner, const auto& body) { return run_as(owner, body); });
        if (!migration) return migration.error();
        if (auto done = (*migration)->commit(); !done) return done;
        text_ = fmt::format("connections of shard {}: {}", room_.config_.shard.index, plan->text());
        log::info("{}", text_);
        migration_ = std::move(*migration);
        return Done{};
    }

    std::vector<std::string> changes() const override {
        return text_.empty() ? std::vector<std::string>{} : std::vector{text_};
    }

    void revert() override {
        if (migration_ == nullptr) return;
        if (auto undone = migration_->rollback(); !undone) {
            log::error("components of connections stay as they are: {}", undone.error().message);
        }
        migration_.reset();
    }

    Result<Done> publish(bool must) override {
        for (std::size_t i = 0; i < changes_.size(); ++i) {
            auto published = exchange_transports(changes_[i].in, changes_[i].out, must);
            if (published) continue;
            const std::string& label = changes_[i].in->owner().label;
            const std::string& why = published.error().message;
            if (must) {
                log::error("{}: {}", label, why);
                continue;
            }
            while (i-- > 0) (void)exchange_transports(changes_[i].out, changes_[i].in, true);
            return Error{published.error().status, label + ": " + why};
        }
        room_.tables_ = std::move(tables_);
        for (const route::FacetExchange& change : changes_) {
            if (change.in != nullptr) room_.columns_.world().took_over(change.in->owner().id);
        }
        return Done{};
    }

private:
    /// Functions that convert components: of one that comes or goes here.
    bool run_as(ecs::OwnerId owner, const std::function<void()>& body) {
        for (const route::FacetExchange& change : changes_) {
            for (route::FacetInstance* const one : {change.in, change.out}) {
                if (one == nullptr || one->owner().id != owner) continue;
                return route::call_facet(*one, core::CallKind::swap, "convert", body);
            }
        }
        return false;
    }

    /// Those of one that leaves for good leave with it.
    Result<Done> exchange_transports(route::FacetInstance* in, route::FacetInstance* out,
                                     bool must) {
        if (in == nullptr) return Done{};
        return room_.publish_transports(as_io(*in), out != nullptr ? &as_io(*out) : nullptr, must);
    }

    IoRoom& room_;
    std::vector<route::FacetExchange> changes_;
    std::unique_ptr<IoTables> tables_;
    std::unique_ptr<ecs::Migration> migration_;  ///< null when no layout changed
    std::string text_;                           ///< of that
};

IoRoom::~IoRoom() {
    tables_ = std::make_unique<IoTables>();
    drop_instances();
}

Result<net::BoundListener> IoRoom::listen(const ListenerPlan& plan) {
    plans_.push_back(plan);  // its transport may ask for it
    auto bound = shard_.listen(plan.net);
    if (!bound) return plans_.pop_back(), bound;
    GANTRY_ASSERT(bound->index == plans_.size() - 1);
    auto tables = IoTables::build(serving_with({}), plans_);
    if (!tables) return tables.error();
    tables_ = std::move(*tables);
    return bound;
}

std::unique_ptr<route::FacetInstance> IoRoom::make(const route::FacetOrder& order, Plugin* plugin,
                                                   std::span<const std::uint32_t> replaces) {
    return std::make_unique<IoInstance>(order, plugin, surroundings_, services_, *this, replaces);
}

Result<std::unique_ptr<route::RoomChange>> IoRoom::prepare(
    std::span<const route::FacetExchange> changes) {
    auto tables = IoTables::build(serving_with(changes), plans_);
    if (!tables) return tables.error();
    return std::unique_ptr<route::RoomChange>{
        std::make_unique<ShardChange>(*this, changes, std::move(*tables))};
}

bool IoRoom::layer_comes_back(const Session& session) noexcept {
    return in_probation() && session.listener < tables_->onions.size() &&
           comes_back(tables_->onions[session.listener]);
}

bool IoRoom::comes_back(const route::Onion& onion) noexcept {
    const route::FacetInstance* const parked = onion.first_parked();
    return parked != nullptr && can_roll_back(parked->owner().plugin);
}

// Whose messages would be dropped there is not known before they are read: all wait.
bool IoRoom::way_out_comes_back() noexcept {
    return in_probation() && std::any_of(tables_->onions.begin(), tables_->onions.end(),
                                         [this](const route::Onion& one) {
                                             return one.has_outbound() && comes_back(one);
                                         });
}

}  // namespace gantry::session
