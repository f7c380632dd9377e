// ChildProcess: what it wrote is kept up to a limit, and it is found and ended as promised.
#include "host/platform/child_process.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace gantry;
using namespace gantry::platform;

namespace {

ProcessEnd end_of(ChildProcess& child) {
    auto end = child.poll();
    for (; !end; end = child.poll()) child.wait(ns_per_s);
    return *end;
}

}  // namespace

TEST_CASE("a program without a slash in its name is found in PATH, and its output is told") {
    const auto child = ChildProcess::start("printf", {"%s and %s", "one", "two"});
    REQUIRE(child);
    CHECK(end_of(**child).exit_code == 0);
    CHECK((*child)->output() == "one and two");
}

TEST_CASE("variables that it is given are added, or take the place of those of this process") {
    ::setenv("GANTRY_TEST_VARIABLE", "inherited", 1);
    const auto child = ChildProcess::start(
        "sh", {"-c", "echo $GANTRY_TEST_VARIABLE $GANTRY_TEST_OTHER"}, Descriptor{},
        {"GANTRY_TEST_VARIABLE=given", "GANTRY_TEST_OTHER=given, too"});
    REQUIRE(child);
    CHECK(end_of(**child).exit_code == 0);
    CHECK((*child)->output() == "given given, too\n");
    ::unsetenv("GANTRY_TEST_VARIABLE");
}

TEST_CASE("a program that is not there is an error with its name") {
    const auto child = ChildProcess::start("no-such-program", {});
    REQUIRE_FALSE(child);
    CHECK(child.error().message.find("no-such-program") != std::string::npos);
}

TEST_CASE("of output without end the beginning is kept, and whoever writes it is not held up") {
    const auto child = ChildProcess::start("head", {"-c", "1000000", "/dev/zero"});
    REQUIRE(child);
    CHECK(end_of(**child).exit_code == 0);
    CHECK((*child)->output().size() == PipeReader::text_bytes_max);
}

TEST_CASE("one that is asked to end does so by SIGTERM") {
    const auto child = ChildProcess::start("cat", {"/dev/zero"});
    REQUIRE(child);
    (*child)->ask_to_end();
    CHECK(signal_name(end_of(**child).signal) == "SIGTERM");
}
