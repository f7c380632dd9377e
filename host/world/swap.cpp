#include "host/world/swap.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/world/call.h"
#include "host/world/transfer.h"
#include "host/world/world.h"

namespace gantry::world {

SwapRun::SwapRun(World& world, SwapOrder order) : world_{world}, order_{std::move(order)} {}
SwapRun::~SwapRun() = default;

TimeNs SwapRun::next_due() const noexcept {
    // Whether the old one is idle, or the memory touched, is asked once a turn; a millisecond is
    // often enough while waiting.
    const bool works = phase_ == Phase::prepare || (phase_ == Phase::convert && ahead_ == nullptr);
    return works ? 0 : now_ + ns_per_ms;
}

bool SwapRun::step(TimeNs now) {
    now_ = now;
    if (phase_ == Phase::prepare) prepare(now);
    if (phase_ == Phase::ended) return true;
    // Also while it drains: so less is left for the hand-over.
    if (convert() && phase_ == Phase::convert) begin_drain(now);
    if (phase_ == Phase::drain || phase_ == Phase::hold) {
        if (old_is_idle()) {
            hand_over();
        } else if (phase_ == Phase::drain && now - phase_since_ >= order_.drain_ms * ns_per_ms) {
            phase_ = Phase::hold;
            phase_since_ = now;
        } else if (phase_ == Phase::hold && now - phase_since_ >= order_.hold_ms * ns_per_ms) {
            if (order_.cancel_at_deadline) {
                result_.leftovers = old_->leftovers(now);
                old_->cancel_tasks();
                hand_over();
            } else {
                give_up(fmt::format("{} was not idle after {} ms", old_->owner().label,
                                    order_.drain_ms + order_.hold_ms));
            }
        }
    }
    return phase_ == Phase::ended;
}

// Everything that can be refused is refused here, while the old one serves.
void SwapRun::prepare(TimeNs now) {
    const TimeNs begin = world_.surroundings_.clock().now();
    old_ = world_.find(order_.next.owner.plugin);
    if (old_ == nullptr) old_ = world_.find_parked(order_.next.owner.plugin);
    if (old_ == nullptr) {
        return end(SwapEnd::refused,
                   order_.next.owner.plugin + " is not in world " + world_.config().name);
    }
    if (world_.find_predecessor(order_.next.owner.plugin) != nullptr) {
        return end(SwapEnd::refused, old_->owner().label + " is in its probation");
    }
    auto made = world_.make(order_.next, old_);
    if (!made) return end(SwapEnd::refused, made.error().message);
    next_ = std::move(*made);
    auto tables = world_.tables_with(next_.get(), old_->parked() ? nullptr : old_);
    if (!tables) return end(SwapEnd::refused, tables.error().message);
    tables_ = std::move(*tables);
    if (auto planned = plan(); !planned) {
        return end(SwapEnd::refused, planned.error().message);
    }
    result_.prepare_ns = world_.surroundings_.clock().now() - begin;
    phase_ = Phase::convert;
    phase_since_ = now;
}

Result<Done> SwapRun::plan() {
    const auto plan = world_.ecs_.plan_migration(next_->owner().id);
    if (!plan) return plan.error();
    if (plan->empty()) return Done{};
    auto migration = world_.ecs_.prepare(
        *plan, [&world = world_](ecs::OwnerId owner, const std::function<void()>& body) {
            WorldInstance* const instance = instance_of(world, owner);
            return instance != nullptr &&
                   call_plugin(*instance, core::CallKind::swap, "convert", body);
        });
    if (!migration) return migration.error();
    migration_ = std::move(*migration);
    touch_ahead();
    result_.changes.push_back(plan->text());
    return Done{};
}

// Whoever it is: serving, about to, or in its probation.
WorldInstance* SwapRun::instance_of(World& world, ecs::OwnerId owner) noexcept {
    for (const auto& swap : world.swaps_) {
        if (swap == nullptr || swap->next_ == nullptr) continue;  // null: its place is being closed
        if (swap->next_->owner().id == owner) return swap->next_.get();
    }
    for (const auto& one : world.predecessors_) {
        if (one.instance->owner().id == owner) return one.instance.get();
    }
    return world.find_owner(owner);
}

void SwapRun::touch_ahead() {
    ahead_ = migration_->pages_ahead();
    if (ahead_ == nullptr) return;
    const Status posted = world_.surroundings_.offload([ahead = ahead_] { ahead->touch(); }, [] {},
                                                       world_.post_here_);
    if (posted != Status::ok) ahead_.reset();
}

bool SwapRun::memory_is_ready() {
    if (ahead_ == nullptr) return true;
    if (ahead_->ready()) {
        migration_->use(*ahead_);
    } else if (now_ - phase_since_ < touch_max_ns) {
        return false;
    }
    ahead_.reset();
    return true;
}

bool SwapRun::convert() {
    if (migration_ == nullptr) return true;
    if (!memory_is_ready()) return false;
    const core::Clock& clock = world_.surroundings_.clock();
    const TimeNs begin = clock.now();
    TimeNs spent = 0, longest = 0;
    do {
        const TimeNs before = spent;
        const auto done = migration_->advance(slice_rows);
        if (!done) return give_up(done.error().message), false;
        if (*done) return true;
        spent = clock.now() - begin;
        longest = std::max(longest, spent - before);
        // Under a clock that stands still a turn would not end: there it is one slice.
    } while (spent > 0 && spent + longest < order_.slice_ns);
    return false;
}

void SwapRun::begin_drain(TimeNs now) {
    result_.convert_ns = now - phase_since_;
    call_plugin(*old_, core::CallKind::swap, "drain",
                [this] { old_->plugin().drain(order_.drain_ms); });
    phase_ = Phase::drain;
    phase_since_ = now;
}

bool SwapRun::old_is_idle() {
    if (old_->parked()) return true;
    bool idle = old_->ledger().tasks.empty() && world_.services_.waiting(old_->owner().id) == 0;
    if (!idle) return false;
    return call_plugin(*old_, core::CallKind::swap, "idle",
                       [&] { idle = old_->plugin().idle(); }) &&
           idle;
}

void SwapRun::hand_over() {
    const TimeNs begin = world_.surroundings_.clock().now();
    result_.drain_ns = now_ - phase_since_;
    auto state = std::make_shared<route::StateStore>(old_->owner().label, old_->state_bytes_max());
    // Of one that a fault has parked there is what it had itself been given.
    if (!old_->parked() && save_state(*old_, *state) == Saved::failed) {
        return give_up(fmt::format("{} could not save its state", old_->owner().label));
    }
    if (old_->inherited() != nullptr) state->keep_unread(*old_->inherited());
    if (migration_ != nullptr) {
        if (auto done = migration_->commit(); !done) return give_up(done.error().message);
    }
    if (!restore_state(*next_, *state)) {
        const std::uint32_t leaving = next_->owner().id;
        if (migration_ != nullptr) (void)migration_->rollback({&leaving, 1});
        return give_up(fmt::format("{} could not take over the state of {}", next_->owner().label,
                                   old_->owner().label));
    }
    commit(std::move(state));
    result_.pause_ns = world_.surroundings_.clock().now() - begin;
    end(SwapEnd::committed, {});
}

void SwapRun::commit(std::shared_ptr<route::StateStore> state) {
    WorldInstance& serving = *next_;
    const bool parked = old_->parked();
    auto gone = world_.publish(std::move(tables_), std::move(next_), parked ? nullptr : old_);
    serving.inherit(state);
    world_.ecs_.took_over(serving.owner().id);
    if (parked) {
        world_.forget_parked(*old_, serving.owner().id);
    } else {
        world_.predecessors_.push_back({std::move(gone), std::move(state), std::move(migration_)});
    }
    call_plugin(serving, core::CallKind::swap, "serve", [&] { serving.plugin().serve(1); });
    world_.apply_commands(serving);
}

void SwapRun::give_up(std::string reason) {
    if (phase_ == Phase::ended) return;
    if (phase_ == Phase::drain || phase_ == Phase::hold) {  // else it was never asked to drain
        result_.leftovers = old_->leftovers(now_);
        call_plugin(*old_, core::CallKind::swap, "resume", [this] { old_->plugin().resume(); });
    }
    end(SwapEnd::given_up, std::move(reason));
}

void SwapRun::end(SwapEnd how, std::string reason) {
    phase_ = Phase::ended;
    result_.end = how;
    result_.reason = std::move(reason);
    tables_.reset();
    migration_.reset();
    next_.reset();
    if (order_.done) order_.done(result_);
}

}  // namespace gantry::world
