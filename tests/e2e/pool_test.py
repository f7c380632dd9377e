#!/usr/bin/env python3
# What a plugin's code can do wrong on the host's pool, away from its world: the world and its players stay.
"""By ctest, or by hand: tests/e2e/pool_test.py."""
import json
import unittest

from frames import ERROR, REQUEST, Client, Refused
from host_process import HostProcess, Sandbox, main, wait_until

# What is done on the pool, and what the incident says of it.
WRONGS = {
    "null": ("segmentation fault", "work"),
    "send": ("wrong thread", "call of send"),
    "emplace": ("wrong thread", "call of"),
    "spin": ("stalled call", "work"),
}


class Pool(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        self.sandbox.add_plugin("diver.so")
        self.sandbox.add_plugin("diver-2.so")

    def run_host(self, **plugin):
        host = HostProcess(self.sandbox, self.sandbox.write("manifest.json", {
            "name": "pool", "workers": 1, "listeners": [{"name": "players", "world": "world"}],
            "worlds": [{"name": "world", "plugins": ["diver"], "tick_hz": 20}],
            "plugins": [{"name": "diver", "probation_ms": 60000} | plugin],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": self.sandbox.path("incidents"), "stuck_ms": 100},
        }))
        self.addCleanup(host.close)
        return host

    def incidents(self, host):
        return [one for one in host.admin.get("/api/incidents")["incidents"] if one["kind"] == "fault"]

    # A null pointer in work on the pool ended the process, and a call into the world from there was
    # a race with it.
    def test_what_goes_wrong_on_the_pool_is_blamed_and_rolled_back(self):
        host = self.run_host()
        player, other = Client(host.port("players")), Client(host.port("players"))
        self.addCleanup(player.close)
        self.addCleanup(other.close)
        for number, (wish, (kind, where)) in enumerate(WRONGS.items(), 1):
            with self.subTest(wish):
                status, report = host.admin.swap("diver", "2.0.0")
                self.assertEqual((status, report.get("outcome")), (200, "committed"), report)
                self.assertTrue(other.ask("nothing").startswith("2.0.0 "))
                player.send(1, wish.encode())
                wait_until("version 1.0.0 is back",
                           lambda: host.admin.plugins()["diver"]["version"] == "1.0.0")
                self.assertTrue(other.ask("nothing").startswith("1.0.0 "))
                self.assertTrue(player.ask("nothing").startswith("1.0.0 "))
                told = wait_until("the incident is told", lambda: self.incidents(host)[number - 1:])
                incident = [one for one in self.incidents(host) if kind in one["what"] and where in one["where"]]
                self.assertTrue(incident, told)
                self.assertTrue(incident[-1]["plugin"].startswith("diver@2.0.0#"), incident)
        self.assertEqual(host.admin.ask("/health", token="")[0], 200)

    # The request was never answered, and the fault of who had left was dropped.
    def test_what_has_left_with_work_on_the_pool_has_answered_and_its_fault_is_told(self):
        host = self.run_host(probation_ms=100, drain_ms=50, hold_ms=50, at_deadline="cancel")
        player, other = Client(host.port("players")), Client(host.port("players"))
        self.addCleanup(player.close)
        self.addCleanup(other.close)
        host.admin.swap("diver", "2.0.0")
        wait_until("its probation is over", lambda: host.admin.plugins()["diver"]["state"] == "active")
        # The work once lasted for a time: on a busy machine it was over before the swap had come to it.
        file = self.sandbox.path("let it fault")
        player.send(1, f"once there is {file}".encode(), REQUEST, 1)
        wait_until("its task is at work", lambda: any(
            one["label"].startswith("diver@2.0.0#") and "task" in json.dumps(one["holds"])
            for one in host.admin.get("/api/who")["generations"]))
        status, report = host.admin.swap("diver", "1.0.0")
        self.assertEqual((status, report.get("outcome")), (200, "committed"), report)
        self.assertRegex(" ".join(report["leftovers"]), r"task .* works at .*diver.cpp:\d+ .*: cancelled")
        _, flags, correlation, payload = player.receive()
        self.assertEqual((flags & ERROR, correlation), (ERROR, 1))
        self.assertIn(b" of diver@2.0.0#2: cancelled", payload)
        self.sandbox.write("let it fault", "now")
        told = wait_until("the fault is told", lambda: self.incidents(host))
        self.assertTrue(told[0]["plugin"].startswith("diver@2.0.0#"), told)
        self.assertTrue(other.ask("nothing").startswith("1.0.0 "))

    def test_an_exception_on_the_pool_is_the_answer_of_its_task(self):
        host = self.run_host()
        player = Client(host.port("players"))
        self.addCleanup(player.close)
        host.admin.swap("diver", "2.0.0")
        with self.assertRaises(Refused):
            player.ask("throw")
        self.assertTrue(player.ask("nothing").startswith("2.0.0 "))


if __name__ == "__main__":
    main()
