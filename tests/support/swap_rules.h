// Rules in two versions whose component differs by a renamed, a converted and a split field.
#pragma once
#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "gantry/gantry.h"
#include "tests/support/built.h"

namespace gantry::test {

namespace v1 {
struct Body {
    std::uint64_t player = 0;  ///< its number; of the others 1'000'000 and more
    std::uint32_t moves = 0;
    std::uint32_t cell = 0;  ///< row and column in one
    std::int32_t score = 0;
    std::uint32_t strays = 0;

    Built built() const noexcept {
        return {player,
                moves,
                score,
                static_cast<std::uint16_t>(cell >> 16),
                static_cast<std::uint16_t>(cell),
                strays};
    }
    void set(const Built& built) noexcept {
        *this = {built.player, built.moves, std::uint32_t{built.row} << 16 | built.column,
                 built.score, built.strays};
    }
};
GANTRY_COMPONENT_AS("swap.body", Body, 1, GANTRY_FIELD(player), GANTRY_FIELD(moves),
                    GANTRY_FIELD(cell), GANTRY_FIELD(score), GANTRY_FIELD(strays))
}  // namespace v1

namespace v2 {
struct Body {
    std::uint16_t row = 0;
    std::uint16_t column = 0;
    std::uint32_t strays = 0;
    std::int64_t score = 0;     ///< in thousandths
    std::uint32_t handled = 0;  ///< the former moves
    std::uint64_t player = 0;

    static void up(const OldRow& old, Body& now) noexcept {
        const auto cell = old.get<std::uint32_t>("cell");
        now.row = static_cast<std::uint16_t>(cell >> 16);
        now.column = static_cast<std::uint16_t>(cell);
        now.score = std::int64_t{old.get<std::int32_t>("score")} * 1000;
    }
    static void down(const Body& now, OldRow& old) noexcept {
        old.set("cell", std::uint32_t{now.row} << 16 | now.column);
        old.set("score", now.score / 1000);
    }

    Built built() const noexcept {
        return {player, handled, static_cast<std::int32_t>(score / 1000), row, column, strays};
    }
    void set(const Built& built) noexcept {
        *this = {built.row,   built.column, built.strays, std::int64_t{built.score} * 1000,
                 built.moves, built.player};
    }
};
GANTRY_COMPONENT_AS("swap.body", Body, 2, GANTRY_FIELD(row), GANTRY_FIELD(column),
                    GANTRY_FIELD(strays), GANTRY_FIELD(score, .converted = true),
                    GANTRY_FIELD(handled, .was = "moves"), GANTRY_FIELD(player))
}  // namespace v2

struct Sent {
    std::uint64_t states = 0;
};
GANTRY_COMPONENT_AS("swap.sent", Sent, 1, GANTRY_FIELD(states))

/// Every session may join as a player. The plugin's config tells how many "entities" there are
/// besides in each world, and whether a new version sends "news": 1 is yes. Every tick writes some
/// of the entities, so that a migration finds changed rows.
template <class Body>
class SwapRules : public WorldPlugin {
    static constexpr std::uint64_t others_from = 1'000'000;
    static constexpr std::size_t others_per_tick = 1000;

protected:
    void setup() override {
        expect(world().template use<Body, Sent>());
        on(built_join, [this](const Message& message) {
            Built built;
            built.player = from_payload<std::uint64_t>(message.payload.text());
            world().template emplace_or_replace<Body>(message.entity).set(built);
            return message.payload;
        });
        on(built_move, [this](const Message& message) {
            Body* const body = world().template try_get<Body>(message.entity);
            if (body == nullptr) return Status::not_found;
            Built built = body->built();
            built.take(from_payload<std::uint64_t>(message.payload.text()));
            body->set(built);
            return Status::ok;
        });
        on(built_ping, [this](const Message& message) {
            const Body* const body = world().template try_get<const Body>(message.entity);
            return to_payload(body == nullptr ? Built{} : body->built());
        });
        on(built_total, [this](const Message&) { return to_payload(total()); });
        on(built_travel, [this](const Message& message) {
            return net().move(message.session, find_world(message.payload.text()));
        });
        system("turn", Stage::update, [this](const Tick&) { turn(); });
        system("show", Stage::send, [this](const Tick&) { show(); });
    }
    void begin(bool fresh) override {
        world().template init_resource<Sent>();
        if (!fresh && number_after("\"news\":") == 1) broadcast(built_news, Bytes{});
        const std::uint64_t wanted = fresh ? number_after("\"entities\":") : 0;
        for (std::uint64_t i = 0; i < wanted; ++i) {
            Built built;
            built.player = others_from + i;
            built.take(1);
            Body body;
            body.set(built);
            world().create(body);
        }
    }
    void save_state(StateWriter& writer) override { writer.put("next", Bytes{to_payload(next_)}); }
    void restore_state(StateReader& reader) override {
        next_ = from_payload<std::uint64_t>(reader.get("next").text());
    }

private:
    std::uint64_t number_after(std::string_view key) {
        const std::string_view text = config();
        const auto at = text.find(key);
        std::uint64_t number = 0;
        if (at == std::string_view::npos) return number;
        std::from_chars(text.data() + at + key.size(), text.data() + text.size(), number);
        return number;
    }
    BuiltTotal total() {
        BuiltTotal total;
        world().template view<const Body>().each([&](const Body& body) {
            Built built = body.built();
            ++(built.player >= others_from ? total.others : total.players);
            // A turn takes from one what it gives to the other: how often it came does not count.
            if (built.player >= others_from) {
                built.row = static_cast<std::uint16_t>(built.row + built.column);
                built.column = 0;
            }
            total.sum += built.hash();
        });
        return total;
    }
    void turn() {
        if (others_.empty()) {
            world().template view<const Body>().each([&](Entity entity, const Body& body) {
                if (body.player >= others_from) others_.push_back(entity);
            });
        }
        const auto count = std::min<std::size_t>(others_per_tick, others_.size());
        for (std::size_t i = 0; i < count; ++i) {
            Body& body = world().template get<Body>(others_[next_++ % others_.size()]);
            Built built = body.built();
            ++built.row;
            --built.column;
            body.set(built);
        }
    }
    void show() {
        if (net().sessions(nullptr, 0) == 0) return;
        BuiltState state;
        state.world = self().world.value;
        state.number = static_cast<std::uint32_t>(++world().template resource<Sent>()->states);
        broadcast(built_state, Bytes{to_payload(state)});
    }

    std::vector<Entity> others_;  ///< in the order of their rows, which no swap changes
    std::uint64_t next_ = 0;      ///< index of the one whose turn it is, without end
};

}  // namespace gantry::test
