// StageGraph: the order in which the systems of a world run. Built once, then only read.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gantry/schedule.h"
#include "host/core/owner.h"
#include "host/core/result.h"

namespace gantry::sched {

inline constexpr std::size_t stage_count = 4;
inline constexpr std::array<const char*, stage_count> stage_names = {"receive", "update", "send",
                                                                     "cleanup"};

struct System {
    std::string name;
    const core::Owner* owner = nullptr;
    Stage stage = Stage::update;
    SystemFunction run = nullptr;
    void* context = nullptr;
    std::vector<std::uint32_t> reads;
    std::vector<std::uint32_t> writes;
    std::vector<std::string> before;
    std::vector<std::string> after;
};

/// True when the two may not run at the same time: one writes what the other touches.
bool conflict(const System& a, const System& b) noexcept;

class StageGraph {
public:
    /// Orders by `before` and `after`, and where these leave a choice by the order given. A name
    /// that no system of the stage has is passed over: its plugin may be absent. A cycle is refused
    /// with the names on it.
    static Result<StageGraph> build(std::vector<System> systems);

    const std::vector<System>& stage(Stage stage) const noexcept {
        return stages_[static_cast<std::size_t>(stage)];
    }

private:
    std::array<std::vector<System>, stage_count> stages_;
};

}  // namespace gantry::sched
