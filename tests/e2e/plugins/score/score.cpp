// Offers the interface.
#include <gantry/gantry.h>

#include "tests/e2e/plugins/score/score.h"

class ScorePlugin final : public gantry::WorldPlugin, public shared::Score {
    void setup() override { provide<shared::Score>(shared::Score::name, this); }
    void reset() override { sum_ = 0; }
#if SCORE == 2
    int add(long points) override { return sum_ += static_cast<int>(points); }
#else
    int add(int points) override { return sum_ += points; }
#endif
    void note(const shared::Note& note) override { sum_ += note.points; }
#if SCORE == 3
    int best() override { return sum_; }
#endif

    int sum_ = 0;
};

GANTRY_PLUGIN(.name = "score", .version = shared::version_text,
              .world = gantry::create<ScorePlugin>);
