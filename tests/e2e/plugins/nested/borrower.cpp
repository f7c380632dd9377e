// Calls another plugin: its second version does so with an address where nothing is.
#include <gantry/gantry.h>

#include <string>

#include "tests/e2e/plugins/nested/ledger.h"

class Borrower final : public gantry::WorldPlugin {
    void setup() override {
        ledger_ = service<nested::Ledger>(nested::Ledger::name);
        on(1, [this](const gantry::Message& message) {
            static const int one = 1;
            const int* const amount = BORROWER_VERSION[0] == '2' ? nullptr : &one;
            if (message.payload.text() == "call") ledger_->add(amount);
            const gantry::Bytes address{
                std::string_view{reinterpret_cast<const char*>(&amount), sizeof amount}};
            if (message.payload.text() == "emit") emit("add", address);
            if (message.payload.text() == "post") (void)post("add", address);
            return std::string{BORROWER_VERSION};
        });
    }
    gantry::Service<nested::Ledger> ledger_;
};

GANTRY_PLUGIN(.name = "borrower", .version = BORROWER_VERSION, .world = gantry::create<Borrower>,
              .needs = {{.name = "ledger", .version_min = "1.0.0"}});
