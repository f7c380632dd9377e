// gantry canary: what the host starts to try candidates in; nobody types it.
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "host/app/canary_order.h"
#include "host/app/canary_trial.h"
#include "host/app/commands.h"
#include "host/platform/environment.h"
#include "host/platform/forking_process.h"
#include "host/platform/processors.h"
#include "host/platform/shadow_copy.h"
#include "host/platform/throw_away.h"

namespace gantry::app {
namespace {

/// The order, once this process has the environment that it asks for.
std::optional<plugin::CanaryOrder> prepare(const std::string& file) {
    const auto bytes = platform::read_library(file);
    if (!bytes) return std::nullopt;
    auto order = decode_order(*bytes);
    if (!order) return std::nullopt;
    const auto& wanted = order->environment;
    if (platform::environment() != wanted) platform::set_environment(wanted);
    return std::move(*order);
}

}  // namespace

int run_canaries() {
    platform::name_thread("gantry-canary");
    platform::ForkingProcess self;
    // The one before stays until there is another: by then its pages are no canary's any more, and
    // to write them costs no copies.
    std::optional<plugin::CanaryOrder> order;
    while (const auto file = self.next_order()) {
        order = prepare(*file);
        if (!self.fork()) continue;
        if (!order) return 2;
        if (order->gives_way) platform::give_way();
        platform::become_throw_away(order->limit_ms);
        if (!try_candidate(*order)) return 1;
        platform::report(canary_line::passed);
        // All that is of interest has ended: no need for the ends of this program's own.
        std::_Exit(0);
    }
    return 0;
}

}  // namespace gantry::app
