// What players carry, in two layouts; the way back of the second falls over 13.
#include <gantry/gantry.h>

#include <charconv>
#include <string>
#include <string_view>

namespace {

#if BURDEN == 1
struct Burden {
    std::int32_t weight = 0;

    static Burden of(int kilograms) { return {kilograms}; }
    int kilograms() const { return weight; }
};
GANTRY_COMPONENT_AS("burden", Burden, 1, GANTRY_FIELD(weight))
#else
struct Burden {
    std::int64_t weight = 0;  ///< in grams

    static Burden of(int kilograms) { return {kilograms * std::int64_t{1000}}; }
    int kilograms() const { return static_cast<int>(weight / 1000); }

    static void up(const gantry::OldRow& old, Burden& now) noexcept {
        now.weight = old.get<std::int32_t>("weight") * std::int64_t{1000};
    }
    static void down(const Burden& now, gantry::OldRow& old) noexcept {
        if (now.kilograms() == 13) *static_cast<volatile int*>(nullptr) = 1;
        old.set("weight", now.weight / 1000);
    }
};
GANTRY_COMPONENT_AS("burden", Burden, 2, GANTRY_FIELD(weight, .converted = true))
#endif

class Carriers final : public gantry::WorldPlugin {
    void setup() override {
        expect(world().use<Burden>());
        on(1, [this](const gantry::Message& message) {
            const std::string_view wish = message.payload.text();
            if (wish.starts_with("take ")) {
                int kilograms = 0;
                std::from_chars(wish.data() + 5, wish.data() + wish.size(), kilograms);
                world().emplace_or_replace<Burden>(message.entity, Burden::of(kilograms));
            }
            const Burden* const burden = world().try_get<const Burden>(message.entity);
            const std::string carried =
                burden != nullptr ? std::to_string(burden->kilograms()) : "nothing";
            if (wish.starts_with("go "))
                expect(net().move(message.session, find_world(wish.substr(3))));
            return BURDEN_VERSION " " + carried;
        });
    }
};

}  // namespace

GANTRY_PLUGIN(.name = "burden", .version = BURDEN_VERSION, .world = gantry::create<Carriers>);
