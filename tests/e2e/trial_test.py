#!/usr/bin/env python3
# A new version in some worlds first: promoted, aborted, judged by its numbers; and who is in memory.
"""By ctest, or by hand: tests/e2e/trial_test.py."""
import unittest

from frames import Client, Refused
from host_process import HostProcess, Sandbox, main, wait_until

WORLDS = 20


class Trials(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        self.sandbox.add_plugin("faulty.so")
        self.sandbox.add_plugin("faulty-2.so")

    def manifest(self, **plugin):
        names = [f"world-{number}" for number in range(WORLDS)]
        return self.sandbox.write("manifest.json", {
            "name": "trials", "workers": 2,
            "listeners": [{"name": name, "world": name} for name in names],
            "worlds": [{"name": name, "plugins": ["faulty"], "tick_hz": 20} for name in names],
            "plugins": [{"name": "faulty", "probation_ms": 60000, **plugin}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": ""},
        })

    def run_host(self, **plugin):
        host = HostProcess(self.sandbox, self.manifest(**plugin))
        self.addCleanup(host.close)
        clients = [Client(host.port(f"world-{number}")) for number in range(WORLDS)]
        for client in clients:
            self.addCleanup(client.close)
        return host, clients

    def versions(self, clients):
        """How many worlds run each version, as their players see it."""
        answers = [client.ask("nothing").split()[0] for client in clients]
        return {version: answers.count(version) for version in sorted(set(answers))}

    def gantry(self, *arguments):
        code, out, complaint = self.sandbox.gantry(*arguments)
        return code, out + complaint

    def test_a_share_of_the_worlds_is_swapped_and_promoted_with_nobody_disconnected(self):
        host, clients = self.run_host()
        code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", "5%")
        self.assertEqual(code, 0, out)
        self.assertIn("faulty@2.0.0#2 runs in 1 of 20 worlds beside faulty@1.0.0#1 (world world-0)", out)
        self.assertIn("gantry promote faulty takes it to all, gantry abort faulty takes it back", out)
        self.assertRegex(self.gantry("plugins")[1], r"faulty +2\.0\.0 +2 +tried +in world-0\n")
        self.assertEqual(self.versions(clients), {"1.0.0": 19, "2.0.0": 1})
        self.assertEqual(host.admin.plugins()["faulty"]["state"], "trial")
        code, out = self.gantry("swap", "faulty@1.0.0")
        self.assertNotEqual(code, 0)
        self.assertIn("promote or abort it first", out)
        code, out = self.gantry("promote", "faulty")
        self.assertEqual(code, 0, out)
        self.assertEqual(self.versions(clients), {"2.0.0": 20})
        # Every world counted on: two rounds before, one answer of each since.
        self.assertEqual({client.ask("nothing").split()[1] for client in clients}, {"3"})

    def test_the_metrics_tell_both_versions_apart_while_one_is_tried(self):
        # They knew only the one that serves: nobody could watch the trial beside it.
        host, clients = self.run_host()
        self.assertEqual(self.gantry("swap", "faulty@2.0.0", "--worlds", "world-3,world-7")[0], 0)
        self.assertEqual(self.versions(clients), {"1.0.0": 18, "2.0.0": 2})
        metrics = host.admin.metrics()
        old, new = ('{plugin="faulty",version="%s",generation="%d"' % one for one in (("1.0.0", 1), ("2.0.0", 2)))
        self.assertEqual(metrics[f'gantry_plugin_info{old},state="serves"}}'], 1)
        self.assertEqual(metrics[f'gantry_plugin_info{new},state="trial"}}'], 1)
        self.assertEqual(metrics[f"gantry_plugin_messages_total{old}}}"], 18)
        self.assertEqual(metrics[f"gantry_plugin_messages_total{new}}}"], 2)
        self.assertGreater(metrics[f"gantry_plugin_handler_seconds_total{new}}}"], 0)
        for name in ("failures", "errors", "faults"):
            self.assertEqual(metrics[f"gantry_plugin_{name}_total{new}}}"], 0)
        wait_until("it ticks", lambda: host.admin.metrics()[f"gantry_plugin_tick_seconds_total{new}}}"] > 0)

    def test_worlds_by_name_are_swapped_and_aborted(self):
        host, clients = self.run_host()
        code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", "world-3,world-7")
        self.assertEqual(code, 0, out)
        answers = [client.ask("nothing").split()[0] for client in clients]
        self.assertEqual([number for number, one in enumerate(answers) if one == "2.0.0"], [3, 7])
        code, out = self.gantry("who")
        self.assertIn("faulty@2.0.0#2", out)
        self.assertIn("serves world world-3", out)
        # No time stood there, so nobody saw how long a generation had been in memory.
        self.assertRegex(out, r"faulty@2.0.0#2 +trial since \d\d:\d\d:\d\d \(\d+ s\)")
        self.assertRegex(out, r"faulty@1.0.0#1 +serves since \d\d:\d\d:\d\d \(\d+ s\)")
        self.assertIn("is kept for a rollback in world world-3", out)
        code, out = self.gantry("abort", "faulty")
        self.assertEqual(code, 0, out)
        self.assertEqual(self.versions(clients), {"1.0.0": 20})
        wait_until("the aborted version has left", lambda: host.generations("faulty") == [1])
        code, out = self.gantry("abort", "faulty")
        self.assertNotEqual(code, 0)
        self.assertIn("runs in some worlds only", out)

    def test_new_sessions_of_whom_a_rule_holds_begin_in_the_worlds_that_try(self):
        host, clients = self.run_host()

        def come(listener):
            """The version that a new player of this listener meets."""
            client = Client(host.port(listener))
            self.addCleanup(client.close)
            clients.append(client)
            return client.ask("nothing").split()[0]

        code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", "world-3",
                                "--sessions", "listener=world-0,remote=127.0.0.0/8")
        self.assertEqual(code, 0, out)
        self.assertIn("new sessions of whom listener=world-0,remote=127.0.0.0/8 holds begin there", out)
        self.assertEqual(come("world-0"), "2.0.0")
        self.assertEqual(come("world-1"), "1.0.0")
        self.assertEqual(clients[0].ask("nothing").split()[0], "1.0.0")  # who is there already stays
        code, out = self.gantry("abort", "faulty")
        self.assertEqual(code, 0, out)
        self.assertEqual(self.versions(clients), {"1.0.0": 22})
        code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", "world-3")
        self.assertEqual(code, 0, out)
        self.assertEqual(come("world-0"), "1.0.0")  # the rule went with its trial
        code, out = self.gantry("promote", "faulty")
        self.assertEqual(code, 0, out)
        self.assertEqual(self.versions(clients), {"2.0.0": 23})

    def test_a_fault_in_one_world_ends_the_trial_in_all(self):
        host, clients = self.run_host()
        self.gantry("swap", "faulty@2.0.0", "--worlds", "10%")
        self.assertEqual(self.versions(clients), {"1.0.0": 18, "2.0.0": 2})
        tried = next(client for client in clients if client.ask("nothing").startswith("2.0.0"))
        with self.assertRaisesRegex(Refused, "fault"):
            tried.ask("null")
        wait_until("the trial is over", lambda: self.versions(clients) == {"1.0.0": 20})
        # The world goes back by itself, the control room hears of it later.
        wait_until("it is told", lambda: host.admin.plugins()["faulty"]["state"] == "active")

    def test_numbers_that_hold_promote_by_themselves(self):
        host, clients = self.run_host(probation_ms=400)
        code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", "5%", "--promote")
        self.assertEqual(code, 0, out)
        wait_until("all worlds have it", lambda: self.versions(clients) == {"2.0.0": 20})
        wait_until("the old version has left", lambda: host.generations("faulty") == [2])

    def test_wrong_choices_are_refused_with_a_sentence(self):
        host, _ = self.run_host()
        for choice, said in {"0%": "no share", "100%": "no share", "x%": "no share", "elsewhere": "no world"}.items():
            code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", choice)
            self.assertNotEqual(code, 0)
            self.assertIn(said, out)
        for rule, said in {"listener": "says nothing", "remote=there": "no address", "name=x": "known of a session"}.items():
            code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", "world-1", "--sessions", rule)
            self.assertNotEqual(code, 0)
            self.assertIn(said, out)
        code, out = self.gantry("swap", "faulty@2.0.0", "--worlds", ",".join(f"world-{number}" for number in range(WORLDS)), "--sessions",
                                "share=5%")
        self.assertNotEqual(code, 0)
        self.assertIn("--worlds names every world that has faulty", out)
        self.assertIn("leave a world to the old version, or the rule out", out)
        code, out = self.gantry("swap", "faulty@2.0.0", "--sessions", "share=5%")
        self.assertNotEqual(code, 0)
        self.assertIn("name these with --worlds", out)
        code, out = self.gantry("swap", "faulty@2.0.0", "--promote")
        self.assertIn("promote says", out)
        self.assertEqual(host.admin.plugins()["faulty"]["version"], "1.0.0")

    def test_settle_ends_a_probation_instead_of_refusing(self):
        host, clients = self.run_host()
        self.assertEqual(self.gantry("swap", "faulty@2.0.0")[0], 0)
        code, out = self.gantry("swap", "faulty@1.0.0")
        self.assertNotEqual(code, 0)
        self.assertRegex(out, r"in its probation for another \d+ ms; --settle ends it")
        code, out = self.gantry("swap", "faulty@1.0.0", "--settle")
        self.assertEqual(code, 0, out)
        self.assertEqual(self.versions(clients), {"1.0.0": 20})
        wait_until("two generations at most are left", lambda: host.generations("faulty") == [2, 3])


class Travellers(unittest.TestCase):
    # Who goes from a tried world to one of the old version is converted back by code that serves in neither by then.
    def test_a_fault_on_the_way_back_of_what_a_player_carries_is_the_new_versions(self):
        sandbox = Sandbox(["burden.so", "burden-2.so"])
        self.addCleanup(sandbox.close)
        manifest = sandbox.write("manifest.json", {
            "name": "travellers", "workers": 2, "listeners": [{"name": "players", "world": "north"}],
            "worlds": [{"name": name, "plugins": ["burden"], "tick_hz": 20} for name in ("north", "south")],
            "plugins": [{"name": "burden", "probation_ms": 60000}],
            "drop": {"folder": sandbox.plugins, "on_drop": "stage"}, "incidents": {"folder": ""},
        })
        with HostProcess(sandbox, manifest) as host, Client(host.port("players")) as lucky, Client(host.port("players")) as poor:
            self.assertEqual(sandbox.gantry("swap", "burden@2.0.0", "--worlds", "south")[0], 0)
            for client, kilograms in ((lucky, "12"), (poor, "13")):
                self.assertEqual(client.ask(f"take {kilograms}"), f"1.0.0 {kilograms}")
                client.ask("go south")
                self.assertEqual(client.ask("look"), f"2.0.0 {kilograms}")
                client.ask("go north")
            self.assertEqual(lucky.ask("look"), "1.0.0 12")
            self.assertEqual(poor.ask("look"), "1.0.0 nothing")
            left_behind = 'gantry_world_components_left_behind_total{world="north"}'
            self.assertEqual(host.admin.metrics()[left_behind], 1)
            host.wait_log("a session that moved to world north came without a component: ")
            # Both worlds serve on; the third failure of the new version is the end of its trial.
            for _ in range(2):
                poor.ask("take 13")
                poor.ask("go south")
                self.assertEqual(poor.ask("look"), "2.0.0 13")
                poor.ask("go north")
                self.assertEqual(poor.ask("look"), "1.0.0 nothing")
            wait_until("the trial is over", lambda: host.admin.plugins()["burden"]["state"] == "active")
            self.assertEqual(host.admin.plugins()["burden"]["version"], "1.0.0")
            host.wait_log("down()")
            poor.ask("go south")
            self.assertEqual(poor.ask("look"), "1.0.0 nothing")


if __name__ == "__main__":
    main()
