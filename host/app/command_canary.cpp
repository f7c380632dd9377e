// gantry canary: what the host starts to try candidates in; nobody types it.
#include <cstdlib>

#include "host/app/canary_order.h"
#include "host/app/canary_trial.h"
#include "host/app/commands.h"
#include "host/platform/environment.h"
#include "host/platform/fork_server.h"
#include "host/platform/processors.h"
#include "host/platform/shadow_copy.h"
#include "host/platform/throw_away.h"

namespace gantry::app {

int run_canaries() {
    platform::name_thread("gantry-canary");
    const auto order_file = platform::next_fork();
    if (!order_file) return 0;
    const auto bytes = platform::read_library(*order_file);
    if (!bytes) return 2;
    const auto order = decode_order(*bytes);
    if (!order) return 2;
    platform::set_environment(order->environment);
    if (order->gives_way) platform::give_way();
    platform::become_throw_away(order->limit_ms);
    if (!try_candidate(*order)) return 1;
    platform::report(canary_line::passed);
    std::_Exit(0);  // all that is of interest has ended: no need for the ends of this program's own
}

}  // namespace gantry::app
