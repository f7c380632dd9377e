// ProcessCanary: tries candidates in a throw-away process of this same program.
#pragma once
#include <filesystem>

#include "host/core/clock.h"
#include "host/platform/fork_server.h"
#include "host/plugin/canary.h"

namespace gantry::app {

class ProcessCanary final : public plugin::Canary {
public:
    /// `program` is gantry itself.
    explicit ProcessCanary(std::filesystem::path program)
        : processes_{std::move(program), {"canary"}} {}

    Result<std::unique_ptr<plugin::CanaryRun>> begin(const plugin::CanaryOrder& order) override;

private:
    core::SystemClock clock_;  // always: no simulated time moves a process
    platform::ForkServer processes_;
};

}  // namespace gantry::app
