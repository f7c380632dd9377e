// Whom a fault is laid to: the innermost plugin, but a new version that had called it comes first.
#include "host/route/blame.h"

#include <doctest/doctest.h>

#include <vector>

#include "host/platform/code_ranges.h"

using namespace gantry;

namespace {

const std::byte code_of_a[16] = {}, code_of_b[16] = {}, code_of_host[16] = {};

struct Filed {
    Filed() {
        platform::add_code({code_of_a, 16}, "a@2.0.0#2");
        platform::add_code({code_of_b, 16}, "b@1.0.0#1");
    }
    ~Filed() {
        platform::retire_code({code_of_a, 16});
        platform::retire_code({code_of_b, 16});
    }
};

platform::Fault fault_in(const std::vector<const std::byte*>& frames) {
    platform::Fault fault;
    for (const std::byte* frame : frames) {
        fault.frames[fault.frame_count++] = const_cast<std::byte*>(frame);
    }
    return fault;
}

std::string text(const route::Blame& blame) { return blame.label + "|" + blame.inside; }

}  // namespace

TEST_CASE("the innermost plugin is to blame, unless a new version had called it") {
    const Filed filed;
    const auto nobody = [](const std::string&) { return false; };
    const auto a = [](const std::string& label) { return label == "a@2.0.0#2"; };
    const auto b = [](const std::string& label) { return label == "b@1.0.0#1"; };
    const auto in_b = fault_in({code_of_host, code_of_b, code_of_b, code_of_a, code_of_host});
    CHECK(text(route::to_blame(in_b, "a@2.0.0#2", "", nobody)) == "b@1.0.0#1|");
    CHECK(text(route::to_blame(in_b, "a@2.0.0#2", "", a)) == "a@2.0.0#2|b@1.0.0#1");
    CHECK(text(route::to_blame(in_b, "a@2.0.0#2", "", b)) == "b@1.0.0#1|");
    // Who was called by the host counts, also where the stack could not be read so far.
    const auto only_b = fault_in({code_of_b});
    CHECK(text(route::to_blame(only_b, "a@2.0.0#2", "", a)) == "a@2.0.0#2|b@1.0.0#1");
    CHECK(text(route::to_blame(only_b, "b@1.0.0#1", "", a)) == "b@1.0.0#1|");
    CHECK(text(route::to_blame(fault_in({}), "b@1.0.0#1", "", a)) == "b@1.0.0#1|");
    CHECK(text(route::to_blame(only_b, "b@1.0.0#1", "a@2.0.0#2", a)) == "a@2.0.0#2|b@1.0.0#1");
    CHECK(text(route::to_blame(only_b, "b@1.0.0#1", "a@2.0.0#2", nobody)) == "b@1.0.0#1|");
}
