#!/usr/bin/env python3
# An interface between two plugins that changed under one name: gantry abi, gantry check and the swap notice it.
"""By ctest, or by hand: tests/e2e/interface_test.py."""
import os
import unittest

from frames import Client
from host_process import HostProcess, Sandbox, main

CHANGED = "slot 1 of Score is int add(long), and int add(int) there"


class Interfaces(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        for name in ("score", "scorer"):
            self.sandbox.add_plugin(f"{name}-1.so", f"{name}.so")
        self.manifest = self.sandbox.write("manifest.json", {
            "name": "interfaces",
            "listeners": [{"name": "world", "world": "world"}],
            "worlds": [{"name": "world", "plugins": ["score", "scorer"]}],
            "plugins": [{"name": "score", "probation_ms": 0}, {"name": "scorer", "probation_ms": 0}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": ""},
        })

    def add(self, *names):
        return [self.sandbox.add_plugin(name) for name in names]

    def gantry(self, *arguments):
        code, out, complaint = self.sandbox.gantry(*arguments)
        return code, out + complaint

    def run_host(self):
        host = HostProcess(self.sandbox, self.manifest)
        self.addCleanup(host.close)
        client = Client(host.port("world"))
        self.addCleanup(client.close)
        host.wait_log("interfaces between plugins are compared by gantry check and by a swap, not now: shared.score/1")
        self.assertEqual(client.ask(""), "1")
        return host, client

    def abi(self, name, old, new):
        places = [os.path.join(self.sandbox.plugins, f"{name}-{number}.so") for number in (old, new)]
        for place in places:
            self.add(os.path.basename(place))
        code, out = self.gantry("abi", *places)
        return code, out.splitlines()


class Swapping(Interfaces):
    def test_one_side_alone_is_refused_and_both_at_once_are_taken(self):
        self.add("score-2.so", "scorer-2.so")
        _, client = self.run_host()
        code, out = self.gantry("swap", "score@1.2.0")
        self.assertNotEqual(code, 0)
        for text in ("its interface Score (shared.score/1) is not that of scorer@1.1.0#1: " + CHANGED,
                     "swap both at once: gantry swap score@1.2.0 scorer@1.2.0", 'a new name, such as "shared.score/2"'):
            self.assertIn(text, out)
        code, out = self.gantry("swap", "scorer@1.2.0")
        self.assertNotEqual(code, 0)
        self.assertIn("is not that of score@1.1.0#1: " + CHANGED, out)
        self.assertIn("swap both at once: gantry swap scorer@1.2.0 score@1.2.0", out)
        self.assertEqual(client.ask(""), "2")
        code, out = self.gantry("swap", "score@1.2.0", "scorer@1.2.0")
        self.assertEqual(code, 0, out)
        self.assertEqual(client.ask(""), "1")

    def test_a_struct_that_is_passed_counts_and_a_function_more_at_the_end_does_not(self):
        self.add("score-3.so", "score-4.so")
        _, client = self.run_host()
        code, out = self.gantry("swap", "score@1.4.0")
        self.assertNotEqual(code, 0)
        self.assertIn("Note at byte 4 is int weight, and nothing there", out)
        code, out = self.gantry("swap", "score@1.3.0")
        self.assertEqual(code, 0, out)
        self.assertEqual(client.ask(""), "1")

    def test_without_debug_information_the_swap_says_that_it_could_not_see(self):
        self.add("score-5.so")
        self.run_host()
        code, out = self.gantry("swap", "score@1.5.0")
        self.assertEqual(code, 0, out)
        self.assertIn("the interface Score (shared.score/1) that it shares with scorer@1.1.0#1 could not be compared: "
                      "score@1.5.0#2: there is no debug information (-g) in it", out)


class Looking(Interfaces):
    def test_abi_names_the_function_and_its_place(self):
        for name in ("score", "scorer"):
            code, lines = self.abi(name, 1, 2)
            self.assertEqual((code, lines[-1]), (5, "breaks plugins"))
            self.assertIn("interface Score (shared.score/1): slot 1 of Score was int add(int) and is int add(long)",
                          lines)
            self.assertIn("gantry swap", lines[-2])

    def test_abi_looks_into_what_is_passed(self):
        code, lines = self.abi("score", 1, 4)
        self.assertEqual(code, 5)
        self.assertIn("interface Score (shared.score/1): the size of Note was 4 bytes and is 8 bytes", lines)

    def test_a_function_more_is_safe_for_who_offers_it_and_not_for_who_asks(self):
        self.assertEqual(self.abi("score", 1, 3), (0, ["swap-safe"]))
        code, lines = self.abi("score", 3, 1)
        self.assertEqual(code, 5)
        self.assertIn("interface Score (shared.score/1): slot 3 of Score was int best() and is nothing", lines)

    def test_abi_does_not_call_safe_what_it_cannot_see(self):
        code, lines = self.abi("score", 1, 5)
        self.assertEqual((code, lines[-1]), (4, "cannot tell"))
        self.assertIn("there is no debug information (-g) in it", lines[0])

    def test_check_compares_what_would_be_loaded_together(self):
        self.assertEqual(self.gantry("check", self.manifest)[0], 0)
        self.sandbox.add_plugin("scorer-2.so", "scorer.so")
        code, out = self.gantry("check", self.manifest)
        self.assertNotEqual(code, 0)
        self.assertIn("score 1.1.0 and scorer 1.2.0 do not mean the same by the interface Score (shared.score/1)", out)


if __name__ == "__main__":
    main()
