#include "host/world/swap.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/core/log.h"
#include "host/world/call.h"
#include "host/world/transfer.h"
#include "host/world/world.h"

namespace gantry::world {

SwapRun::SwapRun(World& world, SwapOrder order) : world_{world}, order_{std::move(order)} {
    for (InstanceOrder& next : order_.next) {
        Part part;
        part.order = std::move(next);
        parts_.push_back(std::move(part));
    }
}
SwapRun::~SwapRun() = default;

TimeNs SwapRun::next_due() const noexcept {
    if (phase_ == Phase::frozen) return sched::never;  // proceed() or give_up() will come
    // Whether the old ones are idle, or the memory touched, is asked once a turn; a millisecond is
    // often enough while waiting.
    const bool works = phase_ == Phase::prepare ||
                       (phase_ == Phase::convert && (slices_ == nullptr || !slices_->waits()));
    return works ? 0 : now_ + ns_per_ms;
}

bool SwapRun::replaces(std::string_view plugin) const noexcept {
    return std::any_of(parts_.begin(), parts_.end(),
                       [&](const Part& part) { return part.order.owner.plugin == plugin; });
}

bool SwapRun::step(TimeNs now) {
    now_ = now;
    if (phase_ == Phase::prepare) prepare(now);
    if (phase_ == Phase::ended) return true;
    if (phase_ == Phase::frozen) return false;
    // Also while it drains: so less is left for the hand-over.
    if (convert() && phase_ == Phase::convert) begin_drain(now);
    if (phase_ == Phase::drain || phase_ == Phase::hold) look_at_old(now);
    return phase_ == Phase::ended;
}

// Everything that can be refused is refused here, while the old ones serve.
void SwapRun::prepare(TimeNs now) {
    const TimeNs begin = world_.surroundings_.clock().now();
    auto ready = make_all();
    if (ready) ready = fresh_tables();
    if (ready) ready = plan();
    if (!ready) return end(SwapEnd::refused, ready.error().message);
    result_.prepare_ns = world_.surroundings_.clock().now() - begin;
    phase_ = Phase::convert;
    phase_since_ = now;
}

Result<Done> SwapRun::make_all() {
    std::vector<std::uint32_t> replaced;
    for (Part& part : parts_) {
        const std::string& plugin = part.order.owner.plugin;
        part.old = world_.find(plugin);
        if (part.old == nullptr) part.old = world_.find_parked(plugin);
        if (part.order.joins) {
            if (part.old == nullptr) continue;
            return Error{Status::already_exists,
                         part.old->owner().label + " is in world " + world_.config().name};
        }
        if (part.old == nullptr) {
            return Error{Status::not_found, plugin + " is not in world " + world_.config().name};
        }
        if (const Replaced* const before = world_.find_replaced(plugin)) {
            return Error{Status::refused,
                         part.old->owner().label + (before->slices == nullptr
                                                        ? " is in its probation"
                                                        : " is just being rolled back")};
        }
        part.parked = part.old->parked();
        replaced.push_back(part.old->owner().id);
    }
    for (Part& part : parts_) {
        auto made = world_.make(part.order, replaced);
        if (!made) return made.error();
        replaced.push_back((*made)->owner().id);  // a layout that it brings, others may bring too
        changes_.push_back({std::move(*made), part.parked ? nullptr : part.old});
    }
    return Done{};
}

// Others may have come or gone since they were built.
Result<Done> SwapRun::fresh_tables() {
    if (tables_ != nullptr && tables_from_ == world_.published_) return Done{};
    auto tables = world_.tables_with(changes_);
    if (!tables) return tables.error();
    if (auto ok = world_.check_ways_back(changes_); !ok) return ok;
    tables_ = std::move(*tables);
    tables_from_ = world_.published_;
    return Done{};
}

Result<Done> SwapRun::plan() {
    const auto plan = world_.ecs_.plan_migration(successors());
    if (!plan) return plan.error();
    if (plan->empty()) return Done{};
    auto migration = world_.ecs_.prepare(
        *plan, [&world = world_](ecs::OwnerId owner, const std::function<void()>& body) {
            WorldInstance* instance = world.find_candidate(owner);
            if (instance == nullptr) instance = world.find_left(owner);
            if (instance == nullptr) instance = world.find_owner(owner);
            return instance != nullptr &&
                   call_plugin(*instance, core::CallKind::swap, "convert", body);
        });
    if (!migration) return migration.error();
    migration_ = std::move(*migration);
    slices_ = std::make_unique<MigrationSlices>(*migration_, world_.surroundings_,
                                                world_.post_here_, now_);
    result_.changes.push_back(plan->text());
    result_.one_way = plan->one_way();
    for (const std::string& sentence : result_.one_way) {
        log::warn("swap: {}, in world {}: {}", changes_.front().in->owner().label,
                  world_.config().name, sentence);
    }
    return Done{};
}

std::vector<std::uint32_t> SwapRun::successors() const {
    std::vector<std::uint32_t> list;
    for (const Exchange& change : changes_) list.push_back(change.in->owner().id);
    return list;
}

WorldInstance* SwapRun::find_candidate(std::uint32_t owner) noexcept {
    for (const Exchange& change : changes_) {
        if (change.in != nullptr && change.in->owner().id == owner) return change.in.get();
    }
    return nullptr;
}

bool SwapRun::convert() {
    if (slices_ == nullptr) return true;
    if (!world_.late_rows_.settled())
        return false;  // rows of the swap before: the world's turns do them
    const auto done = slices_->step(now_, order_.slice_ns);
    if (!done) return give_up(done.error().message), false;
    return *done;
}

void SwapRun::begin_drain(TimeNs now) {
    result_.convert_ns = now - phase_since_;
    for (const Part& part : parts_) {
        if (part.old == nullptr) continue;
        call_plugin(*part.old, core::CallKind::swap, "drain",
                    [&] { part.old->plugin().drain(order_.drain_ms); });
    }
    phase_ = Phase::drain;
    phase_since_ = drain_since_ = now;
}

const WorldInstance* SwapRun::first_busy() {
    for (const Part& part : parts_) {
        if (part.old == nullptr || part.old->parked()) continue;
        WorldInstance& old = *part.old;
        bool idle = !old.has_tasks_to_end() && world_.services_.waiting(old.owner().id) == 0;
        if (!idle) return &old;
        const bool asked =
            call_plugin(old, core::CallKind::swap, "idle", [&] { idle = old.plugin().idle(); });
        if (!asked || !idle) return &old;
    }
    return nullptr;
}

void SwapRun::look_at_old(TimeNs now) {
    const TimeNs limit = (phase_ == Phase::drain ? order_.drain_ms : order_.hold_ms) * ns_per_ms;
    const WorldInstance* const busy = first_busy();
    if (busy != nullptr) {
        if (now - phase_since_ < limit) return;
        if (phase_ == Phase::drain) {
            phase_ = Phase::hold;
            phase_since_ = now;
            return;
        }
        if (!order_.cancel_at_deadline) {
            late_ = true;
            return give_up(fmt::format("{} was not idle after {} ms", busy->owner().label,
                                       order_.drain_ms + order_.hold_ms));
        }
    }
    if (order_.reached && !gathered_) {
        phase_ = Phase::ready;
        return order_.reached();
    }
    note_leftovers(Fate::replaced, ended_);
    if (busy != nullptr) {
        note_leftovers(Fate::cancelled, result_.leftovers);
        for (const Part& part : parts_) {
            if (part.old == nullptr) continue;
            part.old->cancel_tasks();
            part.old->cancel_calls();
            part.old->cancel_tasks();                     // those that an answer has begun
            world_.services_.gone(part.old->owner().id);  // it may come back
        }
    }
    hand_over();
}

void SwapRun::proceed() {
    if (phase_ == Phase::frozen) return commit();
    if (phase_ != Phase::ready) return;  // it has given up meanwhile
    gathered_ = true;
    phase_ = Phase::hold;
    phase_since_ = now_;
}

void SwapRun::hand_over() {
    stood_since_ = world_.surroundings_.clock().now();
    result_.drain_ns = now_ - drain_since_;
    if (auto taken = take_over(); !taken) return give_up(taken.error().message);
    phase_ = Phase::frozen;
    if (!order_.reached) return commit();
    order_.reached();
}

Result<Done> SwapRun::take_over() {
    for (Part& part : parts_) {
        if (part.old == nullptr) continue;
        WorldInstance& old = *part.old;
        old.cancel_tasks(true);  // before the state is saved: ended tasks may have changed it
        part.state = route::StateStore::make(old.owner().label, old.options().state_bytes_max);
        // Of one that a fault has parked there is what it had itself been given.
        if (!old.parked() && save_state(old, *part.state) == Saved::failed) {
            return Error{Status::internal, old.owner().label + " could not save its state"};
        }
        if (old.inherited() != nullptr) part.state->keep_unread(*old.inherited());
    }
    if (migration_ != nullptr) {
        // Of a parked one no function is called any more, so no row may wait for one.
        const bool parked =
            std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.parked; });
        const auto rest = parked ? ecs::Rest::at_once : rest_of_rows(world_.instances_, changes_);
        if (auto done = migration_->commit(rest); !done) return done;
        migrated_ = true;
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        WorldInstance& next = *changes_[i].in;
        if (parts_[i].old == nullptr || restore_state(next, *parts_[i].state)) continue;
        return Error{Status::internal,
                     fmt::format("{} could not take over the state of {}", next.owner().label,
                                 parts_[i].old->owner().label)};
    }
    return Done{};
}

void SwapRun::commit() {
    if (auto ok = fresh_tables(); !ok) return give_up(ok.error().message);
    std::vector<WorldInstance*> serving;
    for (const Exchange& change : changes_) serving.push_back(change.in.get());
    world_.publish(std::move(tables_), changes_);
    Replaced replaced;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        Part& part = parts_[i];
        world_.ecs_.took_over(serving[i]->owner().id);
        if (part.old == nullptr) {
            replaced.joined.push_back(part.order.owner.plugin);
            continue;
        }
        serving[i]->inherit(part.state);
        if (part.parked) {
            world_.forget_parked(*part.old, serving[i]->owner().id);
        } else {
            replaced.instances.push_back({std::move(changes_[i].in), std::move(part.state)});
        }
    }
    if (!replaced.instances.empty() || !replaced.joined.empty()) {
        replaced.migration = std::move(migration_);
        world_.replaced_.push_back(std::move(replaced));
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        WorldInstance& one = *serving[i];
        if (parts_[i].order.joins) {
            world_.begin_serving(one);
            continue;
        }
        call_plugin(one, core::CallKind::swap, "serve", [&] { one.plugin().serve(1); });
        world_.apply_commands(one);
    }
    result_.pause_ns = world_.surroundings_.clock().now() - stood_since_;
    result_.leftovers.insert(result_.leftovers.end(), ended_.begin(), ended_.end());
    end(SwapEnd::committed, {});
}

void SwapRun::note_leftovers(Fate fate, std::vector<std::string>& list) const {
    for (const Part& part : parts_) {
        if (part.old == nullptr) continue;
        const auto left = Leftovers{world_, *part.old, now_}.lines(fate);
        list.insert(list.end(), left.begin(), left.end());
    }
}

void SwapRun::give_up(std::string reason) {
    if (phase_ == Phase::ended) return;
    if (migrated_) {
        (void)migration_->rollback(successors(), rest_of_rows(world_.instances_, {}));
        world_.late_rows_.keep(std::move(migration_));
    }
    if (phase_ != Phase::prepare && phase_ != Phase::convert) {  // else none was asked to drain
        result_.drain_ns = now_ - drain_since_;
        note_leftovers(late_ ? Fate::given_up_for : Fate::goes_on, result_.leftovers);
        for (const Part& part : parts_) {
            if (part.old == nullptr) continue;
            call_plugin(*part.old, core::CallKind::swap, "resume",
                        [&] { part.old->plugin().resume(); });
        }
    }
    end(SwapEnd::given_up, std::move(reason));
}

void SwapRun::end(SwapEnd how, std::string reason) {
    phase_ = Phase::ended;
    result_.end = how;
    result_.reason = std::move(reason);
    tables_.reset();
    slices_.reset();
    migration_.reset();
    for (Exchange& change : changes_) world_.let_go(std::move(change.in));
    changes_.clear();
    if (order_.done) order_.done(result_);
}

}  // namespace gantry::world
