// Frames of a stack as people read them.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace gantry::platform {

/// One line a frame: "arena@2.0.0#3 Rules::move(Body&) arena.cpp:41", as far as each part is known.
/// Reads the debug information of what is mapped, so it takes milliseconds. [control]
std::vector<std::string> stack_text(std::span<void* const> frames);

}  // namespace gantry::platform
