#include "host/platform/throw_trace.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "host/core/log.h"
#include "host/core/sanitized.h"
#include "host/platform/stack_text.h"

using namespace gantry;

namespace {

template <class Body>
void caught(const Body& body) {
    platform::forget_thrown();
    try {
        body();
    } catch (const std::exception&) {
    }
}

/// One of the frames that were noted, from the innermost one on.
std::string frame(std::size_t i) {
    const auto lines = platform::stack_text(platform::thrown_frames());
    return i < lines.size() ? lines[i] : "";
}

}  // namespace

TEST_CASE("a throw of a plugin is noted by its place, until its next call begins") {
    if (core::sanitized) return;  // it stands there itself
    const log::Scope plugin{"plugin@1.0.0#1"};
    caught([] { throw std::runtime_error{"here"}; });
    CHECK_MESSAGE(frame(0).find(" throw_trace_test.cpp:") != std::string::npos, frame(0));
    platform::forget_thrown();
    CHECK(platform::thrown_frames().empty());
}

TEST_CASE("one that the C++ library throws for a plugin is noted from there on") {
    if (core::sanitized) return;
    const log::Scope plugin{"plugin@1.0.0#1"};
    caught([] { (void)std::string{}.at(1); });
    CHECK_MESSAGE(frame(0).starts_with("libstdc++"), frame(0));
    CHECK_MESSAGE(frame(1).starts_with("platform_test "), frame(1));
}

TEST_CASE("what the host throws is not noted") {
    caught([] { throw std::runtime_error{"the host's own"}; });
    CHECK(platform::thrown_frames().empty());
}
