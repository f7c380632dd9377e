// Looks in every tick and message whether its partner has its own version, and keeps the count
// through swaps; so do the notes that worlds send each other.
#include <gantry/gantry.h>

#include <cstdlib>

#include "tests/e2e/plugins/pair/pair.h"

class BotsPlugin final : public gantry::WorldPlugin {
    void setup() override {
        rules_ = service<pair::Rules>(pair::Rules::name);
        system("look", gantry::Stage::update, [this](const gantry::Tick&) {
            look();
            const std::string text = std::to_string(self().generation);
            const std::string_view here = self().world_name.view();
            const auto there = find_world(here == "left" ? "right" : "left");
            post_to(there, "note", gantry::Bytes{std::string_view{text}});
        });
        // What an old one has sent may reach a new one, never the reverse.
        subscribe("note", [this](gantry::Bytes text) {
            const std::string sender{text.text()};
            if (std::strtoul(sender.c_str(), nullptr, 10) > self().generation) ++mixed_;
        });
        on(1, [this](const gantry::Message&) {
            look();
            return std::string{pair::version_text} + " " + std::to_string(looked_) + " " +
                   std::to_string(mixed_);
        });
    }
    void look() {
        ++looked_;
        if (!rules_ || rules_->version() != pair::version) ++mixed_;
    }
    void save_state(gantry::StateWriter& writer) override {
        const std::string text = std::to_string(looked_) + " " + std::to_string(mixed_);
        writer.put("counts", gantry::Bytes{std::string_view{text}});
    }
    void restore_state(gantry::StateReader& reader) override {
        const std::string text{reader.get("counts").text()};
        char* rest = nullptr;
        looked_ = std::strtoull(text.c_str(), &rest, 10);
        mixed_ = std::strtoull(rest, nullptr, 10);
    }

    gantry::Service<pair::Rules> rules_;
    std::uint64_t looked_ = 0;
    std::uint64_t mixed_ = 0;
};

GANTRY_PLUGIN(.name = "bots", .version = pair::version_text, .world = gantry::create<BotsPlugin>,
              .needs = {{.name = "rules", .version_min = pair::version_text}});
