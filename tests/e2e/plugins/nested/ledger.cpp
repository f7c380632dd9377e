// A service, and a subscriber, that read whatever address they are given.
#include "tests/e2e/plugins/nested/ledger.h"

#include <gantry/gantry.h>

#include <cstring>

class LedgerPlugin final : public gantry::WorldPlugin, public nested::Ledger {
    int add(const int* amount) override {
        return sum_ += *static_cast<const volatile int*>(amount);
    }
    void setup() override {
        provide<nested::Ledger>(nested::Ledger::name, this);
        subscribe("add", [this](gantry::Bytes bytes) {
            const int* amount = nullptr;
            if (bytes.size == sizeof amount) std::memcpy(&amount, bytes.data, sizeof amount);
            add(amount);
        });
        on(2, [this](const gantry::Message&) { return std::to_string(sum_); });
    }
    int sum_ = 0;
};

GANTRY_PLUGIN(.name = "ledger", .version = "1.0.0", .world = gantry::create<LedgerPlugin>);
