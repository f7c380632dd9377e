#!/usr/bin/env python3
# gantry test: a project of its own outside this tree tests its plugin with what is installed.
"""By ctest, or by hand: tests/e2e/testing_test.py. It installs the SDK of the build into a temporary folder."""
import os
import re
import subprocess
import unittest

import host_process
from host_process import Sandbox, main

PLUGIN = """#include <gantry/gantry.h>

class Hello : public gantry::WorldPlugin {
    void setup() override {
        if (std::string_view{WORD}.empty()) throw std::runtime_error{"there is no word"};
        on(1, [](const gantry::Message& name) { return WORD + std::string{name.payload.text()}; });
        on(2, [this](const gantry::Message& line) {
            log_info("to all: " + std::string{line.payload.text()});
            broadcast(3, line.payload);
        });
        on(4, [this](const gantry::Message&) -> gantry::Task<std::string> {
            co_await after(std::chrono::milliseconds{50});
            co_return "at last";
        });
        on(5, [](const gantry::Message&) { *static_cast<volatile int*>(nullptr) = 1; });
    }
};
GANTRY_PLUGIN(.name = "hello", .version = VERSION, .world = gantry::create<Hello>);
"""
TEST = """#include <doctest/doctest.h>
#include <gantry/test.h>

using namespace gantry::test;
using namespace std::chrono_literals;

TEST_CASE("hello greets, tells all, takes its time, and is swapped") {
    TestHost host{{.plugins = {"hello"}}};
    auto alice = host.connect();
    auto bob = host.connect();
    CHECK(alice.call(1, "alice").text == "hello alice");
    bob.send(2, "good morning");
    host.settle();
    CHECK(alice.received().size() == 1);
    CHECK(bob.received().at(0).text == "good morning");
    CHECK(host.log().back() == "info [hello@1.0.0#1] to all: good morning");
    const auto asked = alice.ask(4, "");
    host.advance(49ms);
    CHECK(alice.received().empty());
    host.advance(1ms);
    CHECK(alice.received().at(0).correlation == asked);
    const auto swap = host.swap("hello", "welcome");
    CHECK(swap.outcome == SwapOutcome::committed);
    CHECK(alice.call(1, "alice").text == "welcome alice");
    CHECK(alice.call(5, "").status == gantry::Status::internal);  // in its probation it crashes
    CHECK(host.report(swap).outcome == SwapOutcome::rolled_back);
    CHECK(bob.call(1, "bob").text == "hello bob");
}
"""
BROKEN = """
TEST_CASE("a version that does not start") {
    TestHost host{{.plugins = {"hello"}, .worlds = {"one", "two"}, .seed = 7}};
    const auto swap = host.swap("hello", "broken");
    CHECK(swap.outcome == SwapOutcome::committed);
    CHECK(swap.reason == "");
    CHECK_NOTHROW(host.swap("hello", "nobody"));
    CHECK_NOTHROW(TestHost{{.plugins = {"hello"}, .config = "[]"}});
}
"""
CMAKE = """cmake_minimum_required(VERSION 3.23)
project(hello CXX)
enable_testing()
find_package(Gantry REQUIRED)
gantry_add_plugin(hello SOURCES hello.cpp DEFINES WORD="hello " VERSION="1.0.0")
gantry_add_plugin(welcome SOURCES hello.cpp DEFINES WORD="welcome " VERSION="1.1.0")
gantry_add_plugin(broken SOURCES hello.cpp DEFINES WORD="" VERSION="1.2.0")
gantry_add_plugin_test(hello_test SOURCES hello_test.cpp PLUGINS hello welcome broken)
"""
OTHER_ABI = """cmake_minimum_required(VERSION 3.23)
project(other CXX)
enable_testing()
find_package(Gantry REQUIRED)
gantry_add_plugin_test(other_test SOURCES other_test.cpp)
target_include_directories(other_test BEFORE PRIVATE .)
"""


def setUpModule():
    Testing.sdk = host_process.install()


class Testing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        cls.write("hello.cpp", PLUGIN)
        cls.write("hello_test.cpp", TEST)
        cls.write("CMakeLists.txt", CMAKE)
        cls.build()

    @classmethod
    def write(cls, name, text, project="project"):
        os.makedirs(cls.sandbox.path(project), exist_ok=True)
        return cls.sandbox.write(os.path.join(project, name), text)

    @classmethod
    def run_in(cls, project, *command, **environment):
        """A command in the folder of a project: its exit code, and all that it said."""
        done = subprocess.run(command, cwd=cls.sandbox.path(project), env=cls.sandbox.environment(**environment),
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    @classmethod
    def configure(cls, project, *options):
        return cls.run_in(project, "cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={cls.sdk}", *options)

    @classmethod
    def build(cls, project="project"):
        for code, said in (cls.configure(project), cls.run_in(project, "cmake", "--build", "build")):
            if code != 0:
                raise AssertionError(said)

    def run_tests(self, *arguments, **environment):
        return self.run_in("project", host_process.options.gantry, "test", *arguments, **environment)

    def refused(self, *arguments, says):
        code, said = self.run_tests(*arguments)
        self.assertEqual(code, 2, said)
        self.assertEqual(len([line for line in said.splitlines() if not line.startswith("seed ")]), 1, said)
        for part in says:
            self.assertIn(part, said)

    def test_a_test_of_thirty_lines_passes_in_ctest(self):
        self.assertLessEqual(TEST.count("\n"), 30)
        code, said = self.run_in("project", "ctest", "--test-dir", "build", "--verbose")
        self.assertEqual(code, 0, said)
        self.assertIn("assertions: 11 | 11 passed", said)
        self.assertIn("1/1 Test #1: hello_test .......................   Passed", said)

    def test_a_wrong_assertion_fails_in_ctest(self):
        self.addCleanup(self.build)
        self.addCleanup(self.write, "hello_test.cpp", TEST)
        self.write("hello_test.cpp", TEST.replace('"hello bob"', '"good-bye bob"') + BROKEN)
        self.build()
        code, said = self.run_in("project", "ctest", "--test-dir", "build", "--output-on-failure")
        self.assertNotEqual(code, 0, said)
        self.assertIn("values: CHECK( hello bob == good-bye bob )", said)
        self.assertRegex(said, r"values: CHECK\( .*/broken.so: in the canary .*there is no word")
        self.assertIn("there is no plugin nobody", said)
        self.assertIn(".config of the test is an array, and not a JSON object", said)
        self.assertEqual(self.run_tests("build/hello_test.so")[0], 1)

    def test_plugins_lie_beside_the_test_or_are_named(self):
        code, said = self.run_tests("build/hello_test.so", GANTRY_SEED="7")
        self.assertEqual(code, 0, said)
        self.assertIn("seed 7 ", said)
        code, said = self.run_tests("build/hello_test.so", "--plugin", "welcome=build/hello.so")
        self.assertEqual(code, 1, said)
        self.assertIn("CHECK( hello alice == welcome alice )", said)

    def test_options_of_doctest(self):
        code, said = self.run_tests("build/hello_test.so", "--", "--list-test-cases")
        self.assertEqual(code, 0, said)
        self.assertIn("hello greets, tells all", said)

    def test_no_such_library(self):
        self.refused("build/helo_test.so", says=["build/helo_test.so is not there", "gantry_add_plugin_test()"])

    def test_no_library(self):
        self.refused("hello_test.cpp", says=["hello_test.cpp cannot be opened"])

    def test_a_library_without_tests(self):
        self.refused("build/hello.so", says=["build/hello.so is no test", "gantry_test_main"])

    def test_a_plugin_that_is_not_there(self):
        self.refused("build/hello_test.so", "--plugin", "hello=build/gone.so", says=["build/gone.so"])
        self.refused("build/hello_test.so", "--plugin", "hello", says=["--plugin hello is not like hello="])
        folder = self.sandbox.path("alone")
        os.makedirs(folder, exist_ok=True)
        library = os.path.join(folder, "hello_test.so")
        if not os.path.exists(library):
            os.link(self.sandbox.path("project/build/hello_test.so"), library)
        code, said = self.run_tests(library)
        self.assertEqual(code, 2, said)
        self.assertIn(f"there is no plugin hello: neither {folder}/hello.so nor", said)

    def test_a_plugin_that_does_not_load(self):
        text = self.write("text.so", "no library")
        self.refused("build/hello_test.so", "--plugin", f"hello={text}", says=["text.so"])

    def test_another_abi(self):
        with open(os.path.join(self.sdk, "include", "gantry", "abi.h"), encoding="utf-8") as file:
            newer = re.sub(r"(?<=GANTRY_ABI_MINOR )\d+", "99", file.read())
        os.makedirs(self.sandbox.path("other/gantry"))
        self.write("gantry/abi.h", newer, "other")
        self.write("other_test.cpp", '#include <gantry/test.h>\n', "other")
        self.write("CMakeLists.txt", OTHER_ABI, "other")
        self.build("other")
        self.refused("../other/build/other_test.so", says=["other_test.so: built with an SDK of ABI 1.99", "this gantry"])

    def test_what_cmake_says(self):
        self.write("CMakeLists.txt", CMAKE.replace("enable_testing()\n", ""), "wrong")
        self.write("hello.cpp", PLUGIN, "wrong")
        self.write("hello_test.cpp", TEST, "wrong")
        code, said = self.configure("wrong")
        self.assertNotEqual(code, 0)
        self.assertIn("call enable_testing() before", " ".join(said.split()))
        self.write("CMakeLists.txt", CMAKE, "wrong")
        code, said = self.configure("wrong", "-DCMAKE_DISABLE_FIND_PACKAGE_doctest=ON")
        self.assertNotEqual(code, 0)
        self.assertIn("gantry_add_plugin_test(hello_test): doctest is not installed", " ".join(said.split()))

    def test_help(self):
        self.assertIn("gantry test hello_test.so", self.run_in("project", host_process.options.gantry, "--help")[1])
        code, said = self.run_tests("--help")
        self.assertEqual(code, 0)
        for part in ("gantry test build/hello_test.so", "--plugin", "GANTRY_SEED", "exit code is 0"):
            self.assertIn(part, said)


if __name__ == "__main__":
    main()
