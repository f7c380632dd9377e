#!/usr/bin/env python3
# The command line of the real binary: what it teaches, what it refuses and with which words, and how it ends.
"""By ctest, or by hand: tests/e2e/cli_test.py."""
import json
import os
import re
import signal
import socket
import struct
import time
import unittest

from host_process import HostProcess, Sandbox, main, wait_until

ECHO = {
    "name": "echo",
    "listeners": [{"name": "frames", "world": "echo"}],
    "worlds": [{"name": "echo", "plugins": ["echo"]}],
    "plugins": [{"name": "echo", "probation_ms": 0}],
    "drop": {"folder": "${GANTRY_PLUGINS}", "on_drop": "stage"},
}


def patched(library, offset, value):
    """A copy's bytes with a u16 of the descriptor changed; the section begins with magic and size."""
    with open(library, "rb") as file:
        data = bytearray(file.read())
    magic = struct.pack("<I", 0x4E544E47)
    places = [at for at in range(0, len(data) - 8, 4)
              if data[at:at + 4] == magic and 200 < struct.unpack_from("<I", data, at + 4)[0] < 4096]
    assert len(places) == 1, places
    struct.pack_into("<H", data, places[0] + offset, value)
    return bytes(data)


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox(("echo.so",))
        self.addCleanup(self.sandbox.close)

    def manifest(self, **changes):
        return self.sandbox.write("manifest.json", {**ECHO, **changes})

    def refused(self, *arguments, says=()):
        code, out, error = self.sandbox.gantry(*arguments)
        self.assertNotIn(code, (0, -signal.SIGSEGV, -signal.SIGABRT), f"{arguments}: {out}{error}")
        for text in says:
            self.assertIn(text, error, f"{arguments} said: {error}")
        self.assertNotIn("ready ", out)
        return error

    def write_plugin(self, name, data):
        with open(os.path.join(self.sandbox.plugins, name), "wb") as file:
            file.write(data)
        return file.name


class Teaching(CommandLine):
    def test_help_names_every_command_and_shows_how_to_begin(self):
        code, out, _ = self.sandbox.gantry("--help")
        self.assertEqual(code, 0)
        for word in ("run", "dev", "check", "plugins", "plugin", "routes", "swap", "remove", "abi", "stop", "version",
                     "gantry check config/"):
            self.assertIn(word, out)
        for command in (("run",), ("dev",), ("check",), ("swap",), ("plugins",), ("plugin", "info")):
            code, out, _ = self.sandbox.gantry(*command, "--help")
            self.assertEqual(code, 0, command)

    def test_a_wrong_command_points_at_the_help(self):
        self.refused("runn", says=["there is no command runn", 'did you mean "run"', "--help"])

    def test_without_a_command_it_teaches_how_to_begin(self):
        self.refused(says=["gantry run config/echo.json", "gantry swap echo@1.1.0", "gantry --help"])

    def test_the_version_tells_the_abi(self):
        code, out, _ = self.sandbox.gantry("version")
        self.assertEqual(code, 0)
        self.assertIn("plugin ABI", out)

    def test_commands_without_a_running_host_say_so(self):
        for command in (("plugins",), ("routes",), ("swap", "echo"), ("stop",)):
            self.refused(*command, says=["no host of yours is running"])


class Manifests(CommandLine):
    def test_every_manifest_of_the_tree_is_right(self):
        for library in ("arena.so", "chat.so", "chat_filter.so", "echo.so"):
            self.sandbox.add_plugin(library)
        for name in ("arena", "chat", "echo"):
            code, out, error = self.sandbox.gantry("check", f"config/{name}.json")
            self.assertEqual(code, 0, error)
            self.assertIn("is right", out)

    def test_an_error_names_file_line_column_path_and_what_was_probably_meant(self):
        path = self.sandbox.write("m.json", '{\n  "name": "x",\n  "listeners": [{"name": "a", "framing": "gantri"}]\n}')
        self.refused("check", path, says=[f"{path}:3:", "/listeners/0/framing", "gantri", 'did you mean "gantry"'])
        self.refused("run", path, says=[f"{path}:3:"])

    def test_a_manifest_nested_100000_levels_deep_is_refused_with_a_sentence(self):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            path = self.sandbox.write("deep.json", opening * 100_000 + "1" + closing * 100_000)
            self.refused("check", path, says=[path, "64"])
            self.refused("run", path, says=[path, "64"])

    def test_what_is_no_manifest_at_all_is_refused(self):
        error = self.refused("check", self.sandbox.path("nowhere.json"), says=["there is no such file"])
        self.assertEqual(error.count("nowhere.json"), 1)
        self.refused("check", self.sandbox.folder, says=[self.sandbox.folder])
        self.refused("check", self.sandbox.write("empty.json", ""), says=["empty.json"])
        self.refused("check", self.sandbox.write("half.json", '{"name": "x", "listeners": ['), says=["half.json:1:"])
        self.refused("check", os.path.join(self.sandbox.plugins, "echo.so"), says=["echo.so"])


class Needs(CommandLine):
    """gantry check says what a start would find: what plugins need of each other."""

    def check(self, bots="bots.so", rules=None, required=True):
        plugins = [{"name": "bots", "required": required, "file": self.sandbox.add_plugin(bots)}]
        if rules:
            plugins.append({"name": "rules", "file": self.sandbox.add_plugin(rules)})
        manifest = self.manifest(plugins=plugins, worlds=[{"name": "echo"}])
        code, out, error = self.sandbox.gantry("check", manifest)
        # What it says is what a start does.
        if code == 0:
            with HostProcess(self.sandbox, manifest) as host:
                return code, out + error, list(host.admin.plugins())
        self.refused("run", manifest, says=["bots"])
        return code, out + error, None

    def test_what_nobody_in_the_manifest_is_ends_the_start_of_a_required_plugin(self):
        code, out, _ = self.check()
        self.assertEqual(code, 2)
        self.assertIn("bots 1.0.0 needs rules 1.0.0 or later, which the manifest does not name: it is required, so "
                      "the host would not start", out)

    def test_an_optional_one_would_be_left_out(self):
        code, out, loaded = self.check(required=False)
        self.assertEqual((code, loaded), (0, []), out)
        self.assertIn("which the manifest does not name: it would be left out", out)

    def test_another_version_is_not_enough(self):
        code, out, _ = self.check(bots="bots-2.so", rules="rules.so")
        self.assertEqual(code, 2)
        self.assertIn("bots 2.0.0 needs rules 2.0.0 or later of that major version, and rules 1.0.0 would be loaded", out)

    def test_with_all_that_is_needed_nothing_is_said(self):
        code, out, loaded = self.check(rules="rules.so")
        self.assertEqual((code, loaded), (0, ["bots", "rules"]))
        self.assertNotIn("needs", out)


class Libraries(CommandLine):
    def test_info_reads_the_descriptor(self):
        code, out, _ = self.sandbox.gantry("plugin", "info", os.path.join(self.sandbox.plugins, "echo.so"))
        self.assertEqual(code, 0)
        for text in ("echo", "1.0.0", "world", "build id"):
            self.assertIn(text, out)

    def test_wrong_files_are_refused_by_info_and_by_a_start_with_the_same_reason(self):
        good = os.path.join(self.sandbox.plugins, "echo.so")
        with open(good, "rb") as file:
            whole = file.read()
        cases = {
            "a text file": (b"this is no library\n" * 200, ["not a shared library"]),
            "an empty file": (b"", ["not a shared library"]),
            "cut in the middle": (whole[:len(whole) // 2], ["incomplete"]),
            "cut at the end": (whole[:-100], ["incomplete"]),
            "another ABI": (patched(good, 8, 99), ["built for ABI 99.", "this host speaks"]),
            "a newer ABI": (patched(good, 10, 77), ["newer ABI", ".77"]),
        }
        for what, (data, says) in cases.items():
            with self.subTest(what):
                file = self.write_plugin("bad.so", data)
                self.refused("plugin", "info", file, says=[file, *says])
                manifest = self.manifest(plugins=[{"name": "echo", "file": file}])
                self.refused("run", manifest, says=["echo", file, *says])

    def test_info_of_a_missing_file_and_of_another_library_says_what_is_wrong(self):
        self.refused("plugin", "info", self.sandbox.path("none.so"), says=["none.so"])
        self.refused("plugin", "info", "/proc/self/exe", says=["/proc/self/exe"])


class Comparing(CommandLine):
    """gantry abi old.so new.so: a line for each finding, naming the field; the verdict at the end and as exit code."""

    def compare(self, old, new):
        code, out, error = self.sandbox.gantry("abi", old, new)
        self.assertIn(code, (0, 1, 2, 3), out + error)
        return code, out.splitlines()

    def version(self, number):
        return self.sandbox.add_plugin(f"changing-{number}.so")

    def test_the_same_library_is_swap_safe(self):
        self.assertEqual(self.compare(self.version(1), self.version(1)), (0, ["swap-safe"]))

    def test_changed_components_need_a_migration_which_the_host_does_by_itself(self):
        code, lines = self.compare(self.version(1), self.version(2))
        self.assertEqual((code, lines[-1]), (1, "needs migration"))
        for line in ("component changing.body: field score was i32 and is i64, which the host converts",
                     "component changing.body: field heat is new (f32) and takes its default",
                     "message 7 changing.Move: field 4 note goes; what clients send of it is passed over"):
            self.assertIn(line, lines)
        self.assertNotIn("Thing", "".join(lines))

    def test_a_narrowed_field_comes_with_the_stub_of_a_conversion_and_changed_messages_break_clients(self):
        code, lines = self.compare(self.version(1), self.version(3))
        self.assertEqual((code, lines[-1]), (2, "breaks clients"))
        for line in ("component changing.body: field score was i32 and is i16, which the host cannot convert: "
                     "it would refuse the swap",
                     "GANTRY_FIELD(score, .converted = true)",
                     '    now.score = /* from */ old.get<std::int32_t>("score");',
                     "message 7 changing.Move: field 1 x was float and is sint32",
                     "message 7 changing.Move: field 2 y has the number 6 now",
                     "message 7 changing.Move: field 3 items, field 1 count was uint32 and is string",
                     "message 9: nobody handles it any more"):
            self.assertIn(line, lines)

    def test_with_the_conversion_written_as_the_stub_has_it_the_host_migrates(self):
        code, lines = self.compare(self.version(1), self.version(4))
        self.assertEqual((code, lines), (1, ["component changing.body: field score was i32 and is i16, which the "
                                             "plugin's own functions convert", "needs migration"]))

    def test_another_abi_needs_a_restart(self):
        old = self.version(1)
        now = re.search(r"plugin ABI (1\.(\d+))", self.sandbox.gantry("version")[1])
        here, minor = now[1], now[2]
        for offset, value, says in ((8, 2, f"abi: was {here} and is 2.{minor}, which wants a host of that version"),
                                    (10, 99, f"abi: was {here} and is 1.99, newer than this host's {here}")):
            new = self.write_plugin("new.so", patched(old, offset, value))
            self.assertEqual(self.compare(old, new), (3, [says, "needs a restart"]))

    def test_what_cannot_be_compared_is_told_with_its_reason(self):
        old = self.version(1)
        echo = os.path.join(self.sandbox.plugins, "echo.so")
        self.refused("abi", old, echo, says=["changing", "echo", "two versions of one plugin"])
        self.refused("abi", old, self.sandbox.path("none.so"), says=["none.so"])
        self.refused("abi", self.write_plugin("text.so", b"text"), old, says=["not a shared library"])


class Starting(CommandLine):
    def test_a_port_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            manifest = self.manifest(listeners=[{"name": "frames", "world": "echo", "port": port}])
            self.refused("run", manifest, says=["frames", f"127.0.0.1:{port}", "in use"])
            manifest = self.manifest(admin={"port": port})
            self.refused("run", manifest, says=[str(port), "in use"])

    def test_a_missing_required_plugin_ends_the_start_and_a_missing_optional_one_is_left_out(self):
        needs = [{"name": "echo"}, {"name": "more", "required": True}]
        self.refused("run", self.manifest(plugins=needs), says=["required", "more"])
        # A check said once that all was right.
        self.refused("check", self.manifest(plugins=needs),
                     says=["more: ", "is not there: it is required, so the host would not start"])
        needs[1]["required"] = False
        code, out, _ = self.sandbox.gantry("check", self.manifest(plugins=needs))
        self.assertEqual(code, 0)
        self.assertIn("is not there: it would be left out until it comes", out)
        with HostProcess(self.sandbox, self.manifest(plugins=needs)) as host:
            self.assertIn("the optional plugin more is left out", host.log())
            self.assertEqual(list(host.admin.plugins()), ["echo"])

    def test_the_ready_line_tells_the_ports_that_were_chosen(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            self.assertEqual(host.ready["pid"], host.pid)
            port = host.port("frames")
            self.assertGreater(port, 0)
            frame = struct.pack("<IHBBI", 5, 1, 1, 0, 42) + b"hello"
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(frame)
                answer = client.makefile("rb").read(len(frame))
            self.assertEqual(answer, struct.pack("<IHBBI", 5, 1, 2, 0, 42) + b"hello")


class Operating(CommandLine):
    def test_plugins_routes_swap_and_stop(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            code, out, _ = self.sandbox.gantry("plugins")
            self.assertEqual(code, 0)
            self.assertRegex(out, r"echo +1\.0\.0 +1 +active")
            code, out, _ = self.sandbox.gantry("plugins", "--json")
            self.assertIn("echo", json.dumps(json.loads(out)))
            code, out, _ = self.sandbox.gantry("routes")
            self.assertRegex(out, r"1 +message 1 +echo@1\.0\.0#1")
            self.refused("swap", "echo@9.9.9", says=["there is no echo@9.9.9", "1.0.0"])
            self.refused("swap", "nobody", says=["no plugin nobody is loaded or lies in", "loaded are: echo"])
            self.refused("swap", "ecoh@1.0.0", says=["no plugin ecoh", 'did you mean "echo"'])
            self.refused("swap", self.write_plugin("text.so", b"text"), says=["not a shared library"])
            code, out, error = self.sandbox.gantry("swap", "echo@1.0.0")
            self.assertEqual(code, 0, error)
            self.assertIn("committed: echo@1.0.0#1 -> echo@1.0.0#", out)
            # A path names its plugin by itself; the host once wanted the name as well.
            code, out, error = self.sandbox.gantry("swap", os.path.join(self.sandbox.plugins, "echo.so"))
            self.assertEqual(code, 0, error)
            self.assertIn("committed: echo@1.0.0#", out)
            code, out, error = self.sandbox.gantry("stop")
            self.assertEqual((code, error), (0, ""))
            self.assertEqual(host.process.wait(20), 0)

    def test_of_two_hosts_one_has_to_be_named(self):
        first = self.manifest()
        second = self.sandbox.write("other.json", {**ECHO, "name": "other"})
        with HostProcess(self.sandbox, first) as host, HostProcess(self.sandbox, second):
            self.refused("plugins", says=["which host?", "echo (pid", "other (pid"])
            code, out, _ = self.sandbox.gantry("plugins", "--host", str(host.pid))
            self.assertEqual(code, 0)
            self.assertIn("echo", out)
            code, out, _ = self.sandbox.gantry("plugins", "--host", "other")
            self.assertEqual(code, 0)
            self.refused("plugins", "--host", "third", says=['no host named "third"'])

    def test_the_admin_listener_wants_its_token_and_no_foreign_page(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            admin = host.admin
            for path in ("/api/plugins", "/api/swaps", "/api/sessions", "/metrics"):
                self.assertEqual(admin.ask(path, token="")[0], 401, path)
                self.assertEqual(admin.ask(path, token="0" * len(admin.token))[0], 401, path)
                self.assertEqual(admin.ask(path)[0], 200, path)
            self.assertEqual(admin.ask("/api/stop", {}, token="")[0], 401)
            self.assertEqual(admin.ask("/health", token="")[0], 200)
            status, _ = admin.ask("/api/swap", {"plugin": "echo"}, headers={"Origin": "http://elsewhere.example"})
            self.assertIn(status, (400, 403))
            status, _ = admin.ask("/api/plugins", headers={"Host": "elsewhere.example"})
            self.assertIn(status, (400, 403, 421))
            self.assertEqual(admin.plugins()["echo"]["generation"], 1)

    def test_metrics_are_what_prometheus_reads(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            samples = host.admin.metrics()
            self.assertEqual(samples['gantry_plugin_info{plugin="echo",version="1.0.0",generation="1",state="serves"}'], 1)
            self.assertEqual(samples["gantry_libraries_leaked_total"], 0)
            self.assertGreater(samples["process_threads"], 3)


class Ending(CommandLine):
    def test_a_signal_ends_the_host_with_code_0_within_its_deadline(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with HostProcess(self.sandbox, self.manifest()) as host:
                client = socket.create_connection(("127.0.0.1", host.port("frames")))
                wait_until("the client is counted", lambda: host.admin.get("/health")["sessions"] == 1)
                began = time.monotonic()
                self.assertEqual(host.end(number), 0)
                self.assertLess(time.monotonic() - began, 6)
                self.assertEqual(client.recv(1), b"", "the client sees an orderly end")
                client.close()
            self.assertEqual(os.listdir(self.sandbox.path("tmp")), [])
            self.assertEqual(os.listdir(os.path.join(self.sandbox.path("run"), "gantry")), [])


if __name__ == "__main__":
    main()
