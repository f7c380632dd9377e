// A purse whose second version also knows of rings and debts. 1 takes a coin and tells all that it
// knows, 2 adds a ring and a debt, 3 fails, 4 spoils what will be saved.
#include <gantry/gantry.h>
#include <gantry/kept_state.h>

#include <stdexcept>

#include "purse.pb.h"

namespace {

class Purse final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message&) {
            purse_->set_coins(purse_->coins() + 1);
            return tell();
        });
        on(2, [this](const gantry::Message&) { add(); });
        on(3, [](const gantry::Message&) { throw std::runtime_error{"on purpose"}; });
        on(4, [this](const gantry::Message&) { spoilt_ = true; });
    }
    void begin(bool fresh) override {
        if (fresh) (*purse_->mutable_owners())["ann"].set_name("Ann");
    }
    void save_state(gantry::StateWriter& writer) override {
        purse_.save(writer);
        if (spoilt_) writer.put("state", gantry::Bytes{std::string_view{"\xff\xff"}});
    }
    void restore_state(gantry::StateReader& reader) override { purse_.restore(reader); }

#if PURSE == 1
    void add() {}
    std::string tell() {
        return std::to_string(purse_->coins()) + " " + purse_->owners().at("ann").name();
    }
#else
    void add() {
        purse_->add_rings("gold");
        (*purse_->mutable_owners())["ann"].set_debts(7);
    }
    std::string tell() {
        const auto& ann = purse_->owners().at("ann");
        return std::to_string(purse_->coins()) + " " + ann.name() + " owes " +
               std::to_string(ann.debts()) + " rings " + std::to_string(purse_->rings_size());
    }
#endif

    gantry::KeptState<test::msg::Purse> purse_;
    bool spoilt_ = false;
};

}  // namespace

GANTRY_PLUGIN(.name = "purse", .version = PURSE_VERSION, .world = gantry::create<Purse>);
