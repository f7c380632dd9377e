// Asks for the interface.
#include <gantry/gantry.h>

#include "tests/e2e/plugins/score/score.h"

class ScorerPlugin final : public gantry::WorldPlugin {
    void setup() override {
        score_ = service<shared::Score>(shared::Score::name);
        on(1, [this](const gantry::Message&) { return std::to_string(score_->add(1)); });
    }

    gantry::Service<shared::Score> score_;
};

GANTRY_PLUGIN(.name = "scorer", .version = shared::version_text,
              .world = gantry::create<ScorerPlugin>, .needs = {{.name = "score"}});
