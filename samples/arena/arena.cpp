// The arena's rules: bots roam, players push themselves, whoever touches another scores. Built
// three times: v1, v2 (energy, and bots that flock), v3 (broken on purpose).
#include <arena.gantry.h>
#include <gantry/gantry.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "samples/arena/components.h"

namespace arena {
namespace {

constexpr float bot_speed = 9;  // units a second
constexpr float player_speed = 26;
constexpr float touch_distance = 2.2f;

std::uint32_t index_of(gantry::Entity entity) { return static_cast<std::uint32_t>(entity.value); }

/// The number after "bots": in the plugin's config; a sample needs no JSON library for one number.
int bots_wanted(std::string_view config) {
    const auto at = config.find("\"bots\":");
    return at == std::string_view::npos ? 60 : std::atoi(config.data() + at + 7);
}

}  // namespace

class Arena final : public gantry::WorldPlugin {
    void setup() override {
        // Named before the swap commits: only then are bodies of older rules brought into this layout.
        expect(world().use<Position, Velocity, Body, Player, Field>());
        on<msg::Join>(
            [this](const msg::Join& join, const gantry::Message& m) { return welcome(join, m); });
        on<msg::Move>([this](const msg::Move& move, const gantry::Message& m) { push(move, m); });
        on<msg::Ping>(
            [this](const msg::Ping& ping, const gantry::Message& m) { return pong(ping, m); });
        system("roam", gantry::Stage::update, [this](const gantry::Tick& tick) { roam(tick); });
        system("touch", gantry::Stage::update, [this](const gantry::Tick&) { touch(); },
               {.after = {"roam"}});
        system("show", gantry::Stage::send, [this](const gantry::Tick&) { show(); });
    }

    void begin(bool fresh) override {
        world().init_resource<Field>();
        if (fresh) {
            for (int i = bots_wanted(config()); i > 0; --i) spawn_bot();
        }
        msg::News news;
        news.set_text(fresh ? "The arena opens" : "Rules " ARENA_VERSION " are in force");
        broadcast(news);
    }

    float chance(float limit) { return static_cast<float>(random() % 10'000) / 10'000 * limit; }

    void spawn_bot() {
        const Field& field = *world().resource<const Field>();
        const float angle = chance(6.2832f);
        Body body;
        body.hue = static_cast<std::uint32_t>(random() % 360);
        world().create(Position{chance(field.width), chance(field.height)},
                       Velocity{bot_speed * std::cos(angle), bot_speed * std::sin(angle)}, body);
    }

    msg::Welcome welcome(const msg::Join& join, const gantry::Message& message) {
        const Field& field = *world().resource<const Field>();
        Player player;
        player.session = message.session.value;
        join.name().copy(player.name, sizeof player.name - 1);
        Body body;
        body.hue = static_cast<std::uint32_t>(random() % 360);
        world().emplace_or_replace<Player>(message.entity, player);
        world().emplace_or_replace<Position>(message.entity, field.width / 2, field.height / 2);
        world().emplace_or_replace<Velocity>(message.entity, 0.0f, 0.0f);
        world().emplace_or_replace<Body>(message.entity, body);

        msg::Welcome answer;
        answer.set_you(index_of(message.entity));
        answer.set_width(static_cast<std::int32_t>(field.width * 100));
        answer.set_height(static_cast<std::int32_t>(field.height * 100));
        answer.set_tick_hz(30);
        return answer;
    }

    void push(const msg::Move& move, const gantry::Message& message) {
        auto* const velocity = world().try_get<Velocity>(message.entity);
        auto* const player = world().try_get<Player>(message.entity);
        if (velocity == nullptr || player == nullptr) return;  // has not joined
        const auto part = [](std::int32_t percent) {
            return static_cast<float>(std::clamp(percent, -100, 100)) / 100 * player_speed;
        };
        velocity->x = part(move.x());
        velocity->y = part(move.y());
        player->moves_handled =
            move.number() == player->moves_handled + 1 ? move.number() : player->moves_handled;
    }

    msg::Pong pong(const msg::Ping& ping, const gantry::Message& message) {
        msg::Pong answer;
        answer.set_number(ping.number());
        if (const auto* player = world().try_get<const Player>(message.entity)) {
            answer.set_moves_handled(player->moves_handled);
        }
        return answer;
    }

    void roam(const gantry::Tick& tick) {
        const Field field = *world().resource<const Field>();
        const float seconds = static_cast<float>(tick.step) / 1e9f;
#if ARENA_RULES == 3
        // What a bad update looks like: it starts well and fails a moment after it is in force.
        if (++ticks_ > 30) throw std::runtime_error("rules v3 divide the field by zero");
#endif
#if ARENA_RULES >= 2
        flock();
        world().view<Velocity, Body, const Player>().each([&](Velocity& v, Body& body,
                                                              const Player&) {
            const bool moves = v.x != 0 || v.y != 0;
            body.energy = std::clamp(body.energy + (moves ? -8.0f : 20.0f) * seconds, 0.0f, 100.0f);
            if (body.energy <= 0) v = {};
        });
#endif
        world().view<Position, Velocity>().each([&](Position& p, Velocity& v) {
            p.x += v.x * seconds;
            p.y += v.y * seconds;
            if (p.x < 0 || p.x > field.width) v.x = -v.x;
            if (p.y < 0 || p.y > field.height) v.y = -v.y;
            p.x = std::clamp(p.x, 0.0f, field.width);
            p.y = std::clamp(p.y, 0.0f, field.height);
        });
    }

#if ARENA_RULES >= 2
    // v2: bots lean towards the middle of all bots, so that the change of rules can be seen.
    void flock() {
        float x = 0, y = 0, count = 0;
        world().view<const Position>(gantry::exclude<Player>).each([&](const Position& p) {
            x += p.x;
            y += p.y;
            ++count;
        });
        if (count == 0) return;
        x /= count;
        y /= count;
        world()
            .view<const Position, Velocity>(gantry::exclude<Player>)
            .each([&](const Position& p, Velocity& v) {
                v.x += (x - p.x) * 0.01f - (p.y - y) * 0.004f;
                v.y += (y - p.y) * 0.01f + (p.x - x) * 0.004f;
                const float speed = std::hypot(v.x, v.y);
                if (speed > 2 * bot_speed) {
                    v.x *= 2 * bot_speed / speed;
                    v.y *= 2 * bot_speed / speed;
                }
            });
    }
#endif

    /// A player who touches a bot scores and sends it elsewhere.
    void touch() {
        const Field field = *world().resource<const Field>();
        world().view<const Position, Body, const Player>().each(
            [&](const Position& at, Body& body, const Player&) {
                world().view<Position>(gantry::exclude<Player>).each([&](Position& bot) {
                    if (std::hypot(bot.x - at.x, bot.y - at.y) > touch_distance) return;
                    ++body.score;
                    bot = {chance(field.width), chance(field.height)};
                });
            });
    }

    void show() {
        if (net().sessions(nullptr, 0) == 0) return;
        Field& field = *world().resource<Field>();
        state_.Clear();
        state_.set_number(++field.states_sent);
        state_.set_rules(ARENA_VERSION);
        world().view<const Position, const Body, gantry::Optional<const Player>>().each(
            [&](gantry::Entity entity, const Position& p, const Body& body, const Player* player) {
                auto& shown = *state_.add_bodies();
                shown.set_id(index_of(entity));
                shown.set_x(static_cast<std::int32_t>(p.x * 100));
                shown.set_y(static_cast<std::int32_t>(p.y * 100));
                shown.set_hue(body.hue);
                shown.set_score(body.score);
                shown.set_player(player != nullptr);
                if (player != nullptr) shown.set_name(player->name);
#if ARENA_RULES >= 2
                shown.set_energy(static_cast<std::uint32_t>(body.energy));
#endif
            });
        broadcast(state_);
    }

    msg::State state_;
#if ARENA_RULES == 3
    int ticks_ = 0;
#endif
};

}  // namespace arena

GANTRY_PLUGIN(.name = "arena", .version = ARENA_VERSION, .world = gantry::create<arena::Arena>);
