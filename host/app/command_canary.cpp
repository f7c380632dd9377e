// gantry canary: what the host starts for each candidate; nobody types it.
#include "host/app/canary_order.h"
#include "host/app/canary_trial.h"
#include "host/app/commands.h"
#include "host/platform/child_process.h"
#include "host/platform/shadow_copy.h"

namespace gantry::app {

int run_canary(const std::string& order_file) {
    const auto bytes = platform::read_library(order_file);
    if (!bytes) return 2;
    const auto order = decode_order(*bytes);
    if (!order) return 2;
    platform::become_throw_away(order->limit_ms);
    if (!try_candidate(*order)) return 1;
    platform::report(canary_line::passed);
    return 0;
}

}  // namespace gantry::app
