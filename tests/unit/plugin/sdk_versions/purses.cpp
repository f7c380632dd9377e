// A plugin of the comfort layer whose components, of both storages, change their layout from one
// version to the next and are written in every tick. It is built with this SDK and an older one.
#include <gantry/cpp/describe.h>
#include <gantry/cpp/world_plugin.h>

#include <string>
#include <vector>

#ifdef SDK_MINOR
static_assert(GANTRY_ABI_MINOR == SDK_MINOR, "these are not the headers of that SDK");
#endif

namespace {

#if PURSES_LAYOUT == 1
struct Purse {
    std::int32_t coins = 0;
    std::int32_t holes = 3;
};
GANTRY_COMPONENT_AS("purses.purse", Purse, 1, GANTRY_FIELD(coins), GANTRY_FIELD(holes))
struct Mark {
    std::int64_t hits = 0;
};
GANTRY_COMPONENT_AS("purses.mark", Mark, 1, gantry::sparse, GANTRY_FIELD(hits))
#else
struct Purse {
    std::int64_t stamp = 7;
    std::int16_t knots = 4;
    std::int32_t coins = 0;
};
GANTRY_COMPONENT_AS("purses.purse", Purse, 2, GANTRY_FIELD(stamp), GANTRY_FIELD(knots),
                    GANTRY_FIELD(coins))
struct Mark {
    std::int16_t colour = 5;
    std::int64_t hits = 0;
};
GANTRY_COMPONENT_AS("purses.mark", Mark, 2, gantry::sparse, GANTRY_FIELD(colour),
                    GANTRY_FIELD(hits))
#endif

constexpr int purses = 10'000;
constexpr int marked_every = 10;

/// Every purse gets a coin in every tick, by a view; every mark a hit, every second one of them by
/// a view of both and all others by try_get. Message 1 tells whether all of them have as many as
/// there were ticks, however they are read: "77 ticks" or what is wrong.
class Purses final : public gantry::WorldPlugin {
    void setup() override {
        expect(world().use<Purse, Mark>());
        system("earn", gantry::Stage::update, [this](const gantry::Tick&) {
            ++ticks_;
            world().view<Purse>().each([](Purse& purse) { ++purse.coins; });
            if (ticks_ % 2 == 0) {
                world().view<const Purse, Mark>().each(
                    [](const Purse&, Mark& mark) { ++mark.hits; });
            } else {
                for (const gantry::Entity one : marked()) ++world().try_get<Mark>(one)->hits;
            }
        });
        on(1, [this](const gantry::Message&) { return look(); });
    }
    void begin(bool fresh) override {
        for (int i = 0; fresh && i < purses; ++i) {
            const gantry::Entity one = world().create(Purse{});
            if (i % marked_every == 0) world().emplace<Mark>(one);
        }
    }
    void save_state(gantry::StateWriter& writer) override {
        const std::string text = std::to_string(ticks_);
        writer.put("ticks", gantry::Bytes{std::string_view{text}});
    }
    void restore_state(gantry::StateReader& reader) override {
        ticks_ = std::stoll(std::string{reader.get("ticks").text()});
    }

    std::vector<gantry::Entity> marked() {
        std::vector<gantry::Entity> list;
        world().view<const Mark>().each(
            [&](gantry::Entity one, const Mark&) { list.push_back(one); });
        return list;
    }
    std::string look() {
        int seen = 0;
        std::string wrong;
        world().view<const Purse>().each([&](gantry::Entity one, const Purse& purse) {
            ++seen;
            const Purse* const same = world().try_get<const Purse>(one);
            if (purse.coins != ticks_) wrong = "a purse has " + std::to_string(purse.coins);
            if (same == nullptr || same->coins != ticks_) wrong = "try_get has another purse";
        });
        if (seen != purses) wrong = std::to_string(seen) + " purses";
        for (const gantry::Entity one : marked()) {
            --seen;
            const Mark* const mark = world().try_get<const Mark>(one);
            if (mark == nullptr || mark->hits != ticks_) wrong = "try_get has another mark";
        }
        if (seen != purses - purses / marked_every) wrong += " marks are missing";
        world().view<const Mark, const Purse>().each([&](const Mark& mark, const Purse& purse) {
            if (mark.hits != ticks_ || purse.coins != ticks_) wrong = "a mark differs";
        });
        return std::to_string(ticks_) + " ticks" + (wrong.empty() ? "" : ", but " + wrong);
    }
    std::int64_t ticks_ = 0;
};

}  // namespace

GANTRY_PLUGIN(.name = "purses", .version = PURSES_VERSION, .world = gantry::create<Purses>);
