#!/usr/bin/env python3
# Two plugins that need each other are swapped by one command, in worlds that run on threads of their own.
"""By ctest, or by hand: tests/e2e/plan_test.py. No tick ever sees old and new mixed."""
import unittest

from frames import Client
from host_process import HostProcess, Sandbox, main, wait_until

SWAPS = 10


class Plans(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        for name in ("rules.so", "bots.so", "rules-2.so", "bots-2.so"):
            self.sandbox.add_plugin(name)
        manifest = self.sandbox.write("manifest.json", {
            "name": "plans", "workers": 2,
            "listeners": [{"name": name, "world": name} for name in ("left", "right")],
            "worlds": [{"name": name, "plugins": ["rules", "bots"], "tick_hz": 1000} for name in ("left", "right")],
            "plugins": [{"name": "rules", "probation_ms": 60000}, {"name": "bots", "probation_ms": 60000}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": ""},
        })
        self.host = HostProcess(self.sandbox, manifest)
        self.addCleanup(self.host.close)
        self.clients = [Client(self.host.port(name)) for name in ("left", "right")]
        for client in self.clients:
            self.addCleanup(client.close)

    def gantry(self, *arguments):
        code, out, complaint = self.sandbox.gantry(*arguments)
        return code, out + complaint

    def answers(self):
        """Of each world: the version that answers, how often it looked, how often it saw the two mixed."""
        return [client.ask("").split() for client in self.clients]

    def test_both_are_swapped_by_one_command_and_no_tick_sees_them_mixed(self):
        for number in range(SWAPS):
            version = "21"[number % 2] + ".0.0"
            before = [int(answer[1]) for answer in self.answers()]
            code, out = self.gantry("swap", f"bots@{version}", f"rules@{version}", "--settle")
            self.assertEqual(code, 0, out)
            self.assertIn("committed: bots@", out)
            wait_until("both worlds tick on", lambda: all(
                int(answer[1]) > old + 20 for answer, old in zip(self.answers(), before)))
            for answer in self.answers():
                self.assertEqual(answer[0], version)
                self.assertEqual(answer[2], "0", "ticks that saw the two mixed")

    def test_one_alone_is_refused_and_the_command_for_both_is_named(self):
        code, out = self.gantry("swap", "rules@2.0.0")
        self.assertNotEqual(code, 0)
        self.assertIn("swap both at once: gantry swap rules@2.0.0 bots@2.0.0", out)
        code, out = self.gantry("swap", "bots@2.0.0")
        self.assertNotEqual(code, 0)
        self.assertIn("swap both at once: gantry swap bots@2.0.0 rules@2.0.0", out)
        self.assertEqual([answer[0] for answer in self.answers()], ["1.0.0", "1.0.0"])

    def test_both_are_tried_in_one_world_and_one_name_ends_it_for_both(self):
        versions = lambda: [answer[0] for answer in self.answers()]
        code, out = self.gantry("swap", "bots@2.0.0", "rules@2.0.0", "--worlds", "left")
        self.assertEqual(code, 0, out)
        self.assertIn("bots@2.0.0#2, rules@2.0.0#2 run in 1 of 2 worlds beside bots@1.0.0#1, rules@1.0.0#1 (world left)",
                      out)
        self.assertIn("gantry promote rules takes them to all, gantry abort rules takes them back", out)
        self.assertEqual(versions(), ["2.0.0", "1.0.0"])
        self.assertRegex(self.gantry("plugins")[1], r"bots +2\.0\.0 +2 +tried +in left, together with rules\n")
        self.assertIn("is tried together with rules", self.gantry("who")[1])
        self.assertEqual(self.host.admin.plugins()["rules"]["trial_with"], ["bots"])
        code, out = self.gantry("swap", "bots@2.0.0", "rules@2.0.0")
        self.assertNotEqual(code, 0)
        self.assertIn("promote or abort it first", out)

        code, out = self.gantry("abort", "bots")
        self.assertEqual(code, 0, out)
        self.assertIn("aborted: rules@2.0.0#2, bots@2.0.0#2; the worlds that tried them run what the others run", out)
        wait_until("the world is back", lambda: versions() == ["1.0.0", "1.0.0"])

        self.assertEqual(self.gantry("swap", "bots@2.0.0", "rules@2.0.0", "--worlds", "50%")[0], 0)
        self.assertEqual(versions(), ["2.0.0", "1.0.0"])
        code, out = self.gantry("promote", "bots")
        self.assertEqual(code, 0, out)
        self.assertIn("go on together: they came in one plan", out)
        self.assertEqual(versions(), ["2.0.0", "2.0.0"])


class Newcomers(unittest.TestCase):
    def test_a_plan_brings_a_plugin_that_is_not_loaded(self):
        sandbox = Sandbox()
        self.addCleanup(sandbox.close)
        sandbox.add_plugin("score-1.so", "score.so")
        for name in ("score-3.so", "scorer-3.so"):
            sandbox.add_plugin(name)
        manifest = sandbox.write("manifest.json", {
            "name": "newcomers",
            "listeners": [{"name": "world", "world": "world"}],
            "worlds": [{"name": "world"}],
            "plugins": [{"name": "score"}],
            "drop": {"folder": sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": ""},
        })
        host = HostProcess(sandbox, manifest)
        self.addCleanup(host.close)
        client = Client(host.port("world"))
        self.addCleanup(client.close)

        def gantry(*arguments):
            code, out, complaint = sandbox.gantry(*arguments)
            return code, out + complaint

        code, out = gantry("swap", "score@1.3.0", "scorer@1.3.0", "--worlds", "world")
        self.assertEqual(code, 0, out)  # all the worlds there are: no trial
        self.assertIn("committed: score@1.1.0#1 -> score@1.3.0#2, scorer@1.3.0#1", out)
        self.assertIn("scorer was not loaded before: it joins world world; it leaves again when the others go back in "
                      "their probation", out)
        self.assertEqual(client.ask(""), "1")
        self.assertEqual(set(host.admin.plugins()), {"score", "scorer"})

    def test_what_is_new_passes_the_canary_with_the_plan(self):
        sandbox = Sandbox()
        self.addCleanup(sandbox.close)
        for name in ("score-1.so", "score-3.so", "scorer-2.so"):
            sandbox.add_plugin(name, name.replace("-1", ""))
        manifest = sandbox.write("manifest.json", {
            "name": "newcomers", "listeners": [{"name": "world", "world": "world"}],
            "worlds": [{"name": "world"}], "plugins": [{"name": "score"}],
            "drop": {"folder": sandbox.plugins, "on_drop": "stage"}, "incidents": {"folder": ""},
        })
        host = HostProcess(sandbox, manifest)
        self.addCleanup(host.close)
        code, out, complaint = sandbox.gantry("swap", "score@1.3.0", "scorer@1.2.0")
        self.assertNotEqual(code, 0)
        self.assertIn("its interface Score (shared.score/1) is not that of score@1.3.0#2", out + complaint)
        self.assertEqual(set(host.admin.plugins()), {"score"})


if __name__ == "__main__":
    main()
