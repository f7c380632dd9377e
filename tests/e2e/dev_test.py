#!/usr/bin/env python3
# gantry dev: a project of its own outside this tree, edited while a client stays connected.
"""By ctest, or by hand: tests/e2e/dev_test.py. It installs the SDK of the build into a temporary folder."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import unittest

import host_process
from host_process import PATIENCE_S, HostProcess, Sandbox, main, wait_until

SOURCE = """#include <gantry/gantry.h>
#include "words.h"

class Plugin : public gantry::WorldPlugin {
    void setup() override {
        on(0, [](const gantry::Message& line) { return "%NAME% " WORD " " + std::string{line.payload.text()}; });
    }
};
GANTRY_PLUGIN(.name = "%NAME%", .version = "1.0.0", .world = gantry::create<Plugin>);
"""
CMAKE = """cmake_minimum_required(VERSION 3.23)
project(pair CXX)
find_package(Gantry REQUIRED)
gantry_add_plugin(hello SOURCES hello.cpp)
gantry_add_plugin(bye SOURCES bye.cpp)
add_custom_target(nothing)
"""


def setUpModule():
    host_process.install()


class Client:
    """A connection that asks line by line; if it is ever dropped, the next answer fails."""

    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.lines = self.link.makefile("rwb")

    def ask(self, line="you"):
        self.lines.write(line.encode() + b"\n")
        self.lines.flush()
        return self.lines.readline().decode().rstrip("\n")

    def close(self):
        self.lines.close()
        self.link.close()


class DevProcess:
    """A running `gantry dev`. What it says is read by a thread; said(text) waits for a new line with it."""

    def __init__(self, sandbox, *arguments):
        self.process = subprocess.Popen([host_process.options.gantry, "dev", *arguments], cwd=sandbox.path("project"),
                                        env=sandbox.environment(), stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = []
        self.seen = 0
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def said(self, *texts):
        """Waits for a line with each of the texts, in that order; returns all lines up to there."""
        begin = self.seen
        for text in texts:
            try:
                wait_until(f"it says {text!r}", lambda: self.went_past(text))  # noqa: B023
            except AssertionError as error:
                raise AssertionError(f"{error}; it said:\n{''.join(self.lines)[-8000:]}") from None
        return self.lines[begin:self.seen]

    def went_past(self, text):
        ended = self.process.poll() is not None
        for at in range(self.seen, len(self.lines)):
            if text in self.lines[at]:
                self.seen = at + 1
                return True
        if ended:
            raise AssertionError(f"it has ended with {self.process.returncode} and did not say {text!r}")
        return False

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Developing(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        os.mkdir(self.sandbox.path("project"))
        self.write("CMakeLists.txt", CMAKE)
        self.write("words.h", '#define WORD "says"\n')
        for name in ("hello", "bye"):
            self.write(f"{name}.cpp", SOURCE.replace("%NAME%", name))
        self.manifest = self.write_manifest()

    def write_manifest(self, **changes):
        return self.sandbox.write("pair.json", {
            "name": "pair",
            "listeners": [{"name": name, "framing": "line", "world": name} for name in ("hello", "bye")],
            "worlds": [{"name": name, "plugins": [name]} for name in ("hello", "bye")],
            "plugins": [{"name": name, "probation_ms": 3_600_000} for name in ("hello", "bye")],
            "drop": {"folder": self.sandbox.plugins},
            **changes,
        })

    def write(self, name, text):
        self.sandbox.write(os.path.join("project", name), text)

    def edit(self, name, old, new):
        with open(self.sandbox.path(os.path.join("project", name)), encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        self.write(name, text.replace(old, new))

    def connect(self, ready, listener):
        port = next(one["port"] for one in ready["listeners"] if one["name"] == listener)
        client = Client(port)
        self.addCleanup(client.close)
        return client

    def start(self, *arguments):
        """(gantry dev with a host of its own, that host's ready line)."""
        dev = DevProcess(self.sandbox, self.manifest, *arguments)
        self.addCleanup(dev.close)
        lines = dev.said("ready {", "watching")
        line = next(line for line in lines if line.startswith("ready {"))
        return dev, json.loads(line[len("ready "):])


class Living(Developing):
    def test_an_edit_is_built_and_live_on_the_connection_that_is_there_and_a_broken_one_is_told(self):
        dev, ready = self.start()
        hello, bye = self.connect(ready, "hello"), self.connect(ready, "bye")
        self.assertEqual(hello.ask(), "hello says you")

        self.edit("hello.cpp", '"hello "', '"good day "')
        lines = dev.said("hello.cpp saved", "quiet", "build", "gate", "canary", "load", "prepare", "drain", "commit",
                         "live: hello@1.0.0#1 -> hello@1.0.0#2 in")
        self.assertRegex(lines[-1], r"in [0-9.]+ ms, the host's own share [0-9.]+ ms$")
        self.assertEqual(hello.ask(), "good day says you")

        self.edit("hello.cpp", '"good day "', "good day ")
        lines = "".join(dev.said("hello cannot be built", "the host goes on with what it has"))
        self.assertRegex(lines, r"hello\.cpp:6:\d+: error: ")
        self.assertEqual(hello.ask(), "good day says you")

        # Neither another probation under way nor the failure before keeps the next version out.
        self.edit("hello.cpp", "good day ", '"welcome "')
        dev.said("live: hello@1.0.0#2 -> hello@1.0.0#3 in")
        self.assertEqual(hello.ask(), "welcome says you")
        self.assertFalse([line for line in dev.lines if "-> bye@" in line])

        self.edit("words.h", "says", "tells")
        dev.said("words.h saved", "live: bye@1.0.0#1, hello@1.0.0#3 -> bye@1.0.0#2, hello@1.0.0#4")
        self.assertEqual(hello.ask(), "welcome tells you")
        self.assertEqual(bye.ask(), "bye tells you")

        # Once only what was saved last was swapped, onto a partner from before the header changed.
        self.edit("bye.cpp", '"bye "', "bye ")
        dev.said("bye cannot be built")
        self.edit("words.h", "tells", "sings")
        dev.said("words.h saved", "bye, hello cannot be built")
        self.assertEqual(hello.ask(), "welcome tells you")
        self.edit("bye.cpp", "bye ", '"bye "')
        dev.said("bye.cpp saved", "live: bye@1.0.0#2, hello@1.0.0#4 -> bye@1.0.0#3, hello@1.0.0#5")
        self.assertEqual(hello.ask(), "welcome sings you")
        self.assertEqual(bye.ask(), "bye sings you")

        self.assertEqual(dev.end(), 0)
        self.assertEqual(os.listdir(os.path.join(self.sandbox.path("run"), "gantry")), [])

    def test_a_version_that_is_refused_or_rolled_back_is_told_with_its_reason(self):
        dev, ready = self.start()
        hello = self.connect(ready, "hello")
        self.edit("hello.cpp", "on(0", "std::abort(); on(0")
        lines = dev.said("hello.cpp saved", "; hello@1.0.0#1 goes on")
        self.assertRegex(lines[-1], r"^refused: .* it died of SIGABRT in setup\(\)")
        self.assertEqual(hello.ask(), "hello says you")

        self.edit("hello.cpp", "std::abort(); on(0", "on(0")
        dev.said("hello.cpp saved", "hello: the library is what it was")
        self.edit("hello.cpp", '{ return "hello "', '{ if (line.payload.text() != "") throw 1; return "hello "')
        dev.said("live: hello@1.0.0#1 -> hello@1.0.0#3 in")
        for _ in range(3):
            hello.lines.write(b"you\n")
        hello.lines.flush()
        dev.said("rolled back: hello@1.0.0#3 -> hello@1.0.0#1: ")
        self.assertEqual(dev.end(), 0)

    def test_a_save_during_a_build_is_not_taken_for_built_although_it_is_older_than_the_object_file(self):
        # Compiles, and then holds the object file back until the test has saved again.
        held = self.sandbox.path("held")
        go_on = self.sandbox.path("go_on")
        script = self.sandbox.write("launcher", f"""#!/bin/sh
"$@" || exit
[ -p {go_on} ] || exit 0
echo > {held}
read word < {go_on}
for last; do [ "$before" = -o ] && touch "$last"; before=$last; done
exit 0
""")
        os.chmod(script, 0o700)
        self.write("CMakeLists.txt", CMAKE + f"set_target_properties(hello PROPERTIES CXX_COMPILER_LAUNCHER {script})\n")
        dev, ready = self.start("--target", "hello", "--target", "bye")
        hello = self.connect(ready, "hello")
        os.mkfifo(go_on)
        self.edit("hello.cpp", '"hello "', '"good day "')
        wait_until("it is compiled", lambda: os.path.exists(held))
        self.edit("hello.cpp", '"good day "', '"welcome "')
        with open(go_on, "w", encoding="utf-8") as word:
            os.remove(go_on)
            word.write("go\n")
        dev.said("live: hello@1.0.0#1 -> hello@1.0.0#2", "hello.cpp saved", "live: hello@1.0.0#2 -> hello@1.0.0#3")
        self.assertEqual(hello.ask(), "welcome says you")

    def test_before_the_first_build_has_passed_no_host_starts(self):
        self.edit("bye.cpp", '"bye "', "bye ")
        with DevProcess(self.sandbox, self.manifest) as dev:
            dev.said("error: ", "waiting for a change")
            self.edit("bye.cpp", "bye ", '"bye "')
            dev.said("ready {", "watching")
            self.assertEqual(dev.end(), 0)

    def test_a_first_start_that_fails_is_told_and_the_next_save_starts_the_host(self):
        # Once gantry dev ended there.
        self.edit("hello.cpp", "on(0", 'throw std::runtime_error{"not yet"}; on(0')
        with DevProcess(self.sandbox, self.manifest) as dev:
            lines = dev.said("the host has not started; waiting for a change that mends it")
            self.assertIn("its world facet refused to start", "".join(lines))
            self.assertIn("not yet", "".join(lines))
            self.edit("hello.cpp", 'throw std::runtime_error{"not yet"}; on(0', "std::abort(); on(0")
            lines = dev.said("the host has not started")
            self.assertIn("it died of SIGABRT in setup()", "".join(lines))
            self.edit("hello.cpp", "std::abort(); on(0", "on(0")
            dev.said("ready {", "watching")
            self.assertEqual(dev.end(), 0)

    def test_a_manifest_that_keeps_the_host_from_its_start_is_taken_anew_when_it_is_saved(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.write_manifest(admin={"port": taken.getsockname()[1]})
            with DevProcess(self.sandbox, self.manifest) as dev:
                dev.said("in use", "the host has not started")
                self.write_manifest()
                dev.said("ready {", "watching")
                self.assertEqual(dev.end(), 0)

    def test_a_save_of_the_manifest_is_told(self):
        dev, _ = self.start()
        self.write_manifest(limits={"shutdown_ms": 1234})
        dev.said("pair.json saved: the host goes on with what it read")
        self.assertEqual(dev.end(), 0)

    def test_a_host_that_runs_already_is_brought_to_what_is_built_and_stays_when_dev_ends(self):
        with DevProcess(self.sandbox, self.manifest) as dev:
            dev.said("ready {", "watching")
            self.assertEqual(dev.end(), 0)
        for name in ("hello", "bye"):
            shutil.copy(self.sandbox.path(f"project/build/{name}.so"), self.sandbox.plugins)
        self.edit("hello.cpp", '"hello "', '"good day "')
        with HostProcess(self.sandbox, self.manifest) as host, DevProcess(self.sandbox) as dev:
            hello = self.connect(host.ready, "hello")
            self.assertEqual(hello.ask(), "hello says you")
            dev.said("bye: the library is what it was", "live: hello@1.0.0#1 -> hello@1.0.0#2", "watching")
            self.assertEqual(hello.ask(), "good day says you")
            self.edit("hello.cpp", '"good day "', '"welcome "')
            dev.said("live: hello@1.0.0#2 -> hello@1.0.0#3")
            self.assertEqual(hello.ask(), "welcome says you")
            self.assertEqual(dev.end(), 0)
            self.assertEqual(hello.ask(), "welcome says you")

    def test_what_is_new_comes_with_what_is_swapped_or_neither_does(self):
        with DevProcess(self.sandbox, self.manifest) as dev:
            dev.said("ready {", "watching")
            self.assertEqual(dev.end(), 0)
        shutil.copy(self.sandbox.path("project/build/hello.so"), self.sandbox.plugins)
        self.edit("hello.cpp", '"hello "', '"good day "')
        self.edit("bye.cpp", "on(0,", 'refuse("bye is not ready"); on(0,')
        self.write_manifest(plugins=[{"name": "hello", "probation_ms": 3_600_000}, {"name": "bye", "required": False}])
        targets = ("--target", "hello", "--target", "bye")
        with HostProcess(self.sandbox, self.manifest) as host, DevProcess(self.sandbox, *targets) as dev:
            hello, bye = self.connect(host.ready, "hello"), self.connect(host.ready, "bye")
            dev.said("refused: ", "watching")
            self.assertEqual(hello.ask(), "hello says you")
            self.edit("bye.cpp", 'refuse("bye is not ready"); ', "")
            dev.said("live: hello@1.0.0#1")
            self.assertEqual(hello.ask(), "good day says you")
            self.assertEqual(bye.ask(), "bye says you")
            self.assertEqual(dev.end(), 0)


class Building(Developing):
    def configure(self, *options):
        done = subprocess.run(["cmake", "-S", self.sandbox.path("project"), "-B", self.sandbox.path("other"),
                               "-DCMAKE_PREFIX_PATH=" + os.path.dirname(os.path.dirname(host_process.options.gantry)),
                               *options], check=True, text=True, capture_output=True)
        with open(self.sandbox.path("other/CMakeCache.txt"), encoding="utf-8") as file:
            kind = next(line for line in file if line.startswith("CMAKE_BUILD_TYPE:")).strip().split("=")[1]
        return kind, done.stdout.count("Gantry: CMAKE_BUILD_TYPE was not set")

    def test_a_project_that_says_no_build_type_gets_one_with_debug_information_and_is_told_once(self):
        self.assertEqual(self.configure(), ("RelWithDebInfo", 1))
        self.assertEqual(self.configure(), ("RelWithDebInfo", 0))

    def test_a_build_type_that_is_said_stays(self):
        self.assertEqual(self.configure("-DCMAKE_BUILD_TYPE=Debug"), ("Debug", 0))


class Mistakes(Developing):
    def refused(self, *arguments, says, **environment):
        code, out, error = self.sandbox.gantry("dev", *arguments, **environment)
        self.assertEqual(code, 2, f"{arguments}: {out}{error}")
        for text in says:
            self.assertIn(text, error, f"{arguments} said: {error}")

    def project(self):
        return "--source", self.sandbox.path("project")

    def test_a_folder_that_is_no_project_is_refused(self):
        self.refused(self.manifest, "--source", self.sandbox.plugins,
                     says=[self.sandbox.plugins, "no CMakeLists.txt", "--source"])

    def test_without_a_manifest_a_host_has_to_run(self):
        self.refused(*self.project(), says=["no host of yours is running", "gantry dev FILE"])

    def test_a_wrong_manifest_is_told_before_anything_is_built(self):
        self.refused(self.sandbox.write("bad.json", "{"), *self.project(), says=["bad.json:1:"])
        self.refused(self.write_manifest(admin={"enabled": False}), *self.project(), says=["/admin/enabled is false"])
        self.assertFalse(os.path.exists(self.sandbox.path("project/build")))

    def test_a_build_folder_of_another_source_is_refused(self):
        os.mkdir(self.sandbox.path("project/build"))
        self.write("build/CMakeCache.txt", "CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\n")
        self.refused(self.manifest, *self.project(), says=["is for /elsewhere, not for", "--build"])

    def test_targets_that_are_none_or_make_no_plugin_are_refused_with_those_that_do(self):
        self.refused(self.manifest, *self.project(), "--target", "helo", says=["no target helo", "bye, hello"])
        self.refused(self.manifest, *self.project(), "--target", "nothing", says=["nothing", "makes no plugin"])

    def test_plugins_that_the_manifest_does_not_name_are_refused(self):
        other = self.write_manifest(plugins=[{"name": "other"}], worlds=[{"name": "hello"}, {"name": "bye"}])
        self.refused(other, *self.project(), says=["(other)", "bye, hello", "--target"])
        self.refused(other, *self.project(), "--target", "bye", says=["bye makes the plugin bye", "does not name"])

    def test_what_cmake_refuses_is_shown(self):
        self.write("CMakeLists.txt", CMAKE + "what_is_this()\n")
        self.refused(self.manifest, *self.project(), says=["what_is_this", "CMake cannot configure"])

    def test_without_cmake_that_is_said(self):
        self.refused(self.manifest, *self.project(), says=["cmake", "installed"], PATH=self.sandbox.plugins)


if __name__ == "__main__":
    main()
