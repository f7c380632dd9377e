// The rules that swap_under_load swaps, built twice.
#include "tests/support/swap_rules.h"

#if RULES == 1
using Body = gantry::test::v1::Body;
#define RULES_VERSION "1.0.0"
#else
using Body = gantry::test::v2::Body;
#define RULES_VERSION "2.0.0"
#endif

GANTRY_PLUGIN(.name = "rules", .version = RULES_VERSION,
              .world = gantry::create<gantry::test::SwapRules<Body>>);
