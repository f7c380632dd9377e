#!/usr/bin/env python3
# What a plugin's native code can do wrong while players are connected, and that they stay.
"""By ctest, or by hand: tests/e2e/fault_test.py. Prints how long each rollback took."""
import os
import time
import unittest

from frames import ERROR, RESPONSE, Client, Refused
from host_process import HostProcess, Sandbox, main, wait_until
from with_faulty import WithFaulty

# What is asked of the second version, and what the incident must say of it.
CRASHES = {
    "null": "segmentation fault",
    "memcpy": "segmentation fault",
    "jump": "segmentation fault",
    "abort": "abort",
    "trap": "illegal instruction",
    "divide": "arithmetic fault",
    "overflow": "stack overflow",
    "terminate": "abort",
    "give": "by what it gave to the host",
    "exit": "attempt to end the process",
    "_exit": "attempt to end the process",
    "_Exit": "attempt to end the process",
    "quick_exit": "attempt to end the process",
    "spin": "stalled call",
    "deadlock": "stalled call",
    "sleep": "stalled call",
}


class Faults(WithFaulty):
    def test_every_kind_of_crash_in_a_probation_rolls_back_and_nobody_is_disconnected(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            with Client(host.port("players")) as player, Client(host.port("others")) as other:
                expected = 0
                for number, (wish, kind) in enumerate(CRASHES.items(), 1):
                    with self.subTest(wish):
                        self.swap(host)
                        expected += 1
                        self.assertEqual(player.ask("nothing"), f"2.0.0 {expected}")
                        expected -= 1  # the private state goes back to the hand-over
                        began = time.monotonic()
                        with self.assertRaisesRegex(Refused, "fault"):
                            player.ask(wish)
                        expected += 1
                        self.assertEqual(player.ask("nothing"), f"1.0.0 {expected}")
                        took = time.monotonic() - began
                        print(f"rolled back after {wish}: {1000 * took:.1f} ms", flush=True)
                        self.wait_back(host)
                        incident = self.wait_incident("fault", number)
                        self.assertIn(kind, incident["what"])
                        self.assertTrue(incident["plugin"].startswith("faulty@2.0.0#"), incident)
                        self.assertIn("handler", incident["where"])
                        self.assertIn("world", incident["where"])
                        self.assertTrue(incident["went_back_to"].startswith("faulty@1.0.0#"), incident)
                        self.assertTrue(any(line.startswith("faulty@2.0.0#") for line in incident["stack"]), incident["stack"])
                        with self.assertRaisesRegex(Refused, "nobody handles"):
                            other.ask("the neighbour serves on")
                self.assertEqual(host.admin.ask("/health", token="")[0], 200)
                self.assertEqual(host.admin.metrics()["gantry_faults_total"], len(CRASHES))

    # The object was made outside of every guard: a fault in its constructor ended the host.
    def test_a_fault_in_the_constructor_of_its_object_refuses_the_swap(self):
        os.environ["FAULTY_CREATE"] = "1"
        self.addCleanup(os.environ.pop, "FAULTY_CREATE")
        with HostProcess(self.sandbox, self.manifest(canary=False)) as host:
            with Client(host.port("players")) as player:
                status, report = host.admin.swap("faulty", "2.0.0")
                self.assertEqual(report.get("outcome"), "given_up", (status, report))
                self.assertRegex(report["reason"], "faulty@2.0.0#2: segmentation fault in start create of world world")
                incident = self.wait_incident("fault", 1)
                self.assertIn("create", incident["where"])
                self.assertTrue(incident["plugin"].startswith("faulty@2.0.0#"), incident)
                self.assertEqual(player.ask("nothing"), "1.0.0 1")

    def test_a_storm_of_exceptions_slower_ticks_and_a_leak_roll_back_by_the_numbers(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            with Client(host.port("players")) as player:
                began = time.monotonic()
                # Enough looks at the old version to compare with.
                wait_until("a second of ticks", lambda: time.monotonic() - began > 1.2)
                wishes = {"throw": "failures", "slow": "per tick", "leak": "grew by"}
                for number, (wish, said) in enumerate(wishes.items(), 1):
                    with self.subTest(wish):
                        self.swap(host)
                        began = time.monotonic()
                        for _ in range({"throw": 3, "leak": 5}.get(wish, 1)):  # a leak in one call lasts too long
                            try:
                                player.ask(wish)
                            except Refused:
                                pass
                        self.wait_back(host)
                        print(f"rolled back after {wish}: {1000 * (time.monotonic() - began):.1f} ms", flush=True)
                        incident = self.wait_incident("rollback", number)
                        self.assertIn(said, incident["what"])
                        self.assertTrue(incident["where"], incident)
                        # Once an exception had no stack: it was gone when the plugin had caught it.
                        if wish == "throw":
                            self.assertRegex(incident["stack"][0], r"^faulty@2\.0\.0#\d+ .*Faulty::fault.* faulty\.cpp:\d+$")
                            self.assertIn("the last: faulty@2.0.0#", incident["what"])
                        else:
                            self.assertEqual(incident["stack_note"], "nothing crashed")
                        self.assertIn("faulty: version 1.0.0 -> 2.0.0", incident["changes"])
                        self.assertTrue(any(line.startswith("faulty: build id ") for line in incident["changes"]), incident)
                        self.assertTrue(player.ask("nothing").startswith("1.0.0 "))
                        began = time.monotonic()
                        wait_until("a second of ticks", lambda: time.monotonic() - began > 1.2)

    def test_a_stuck_call_is_named_while_the_other_worlds_tick_and_the_admin_answers(self):
        ticks = 'gantry_world_ticks_total{world="other"}'
        with HostProcess(self.sandbox, self.manifest()) as host:
            with Client(host.port("players")) as player, Client(host.port("others")) as other:
                for number, wish in enumerate(("spin", "deadlock"), 1):
                    with self.subTest(wish):
                        self.swap(host)
                        before = host.admin.metrics()[ticks]
                        began = time.monotonic()
                        player.send(1, wish.encode(), 1, 1000 + number)
                        slowest, named = (0, ""), None
                        while not named:
                            slowest = max(slowest, host.admin.slowest())
                            stuck = host.admin.get("/health")["stuck"]
                            named = [call for call in stuck if "faulty@2.0.0#" in call]
                            # Rolled back between two questions: the incident tells as much.
                            named = named or [one["where"] for one in self.incidents("fault")[number - 1:]]
                        seen = time.monotonic() - began
                        with self.assertRaisesRegex(Refused, "nobody handles"):
                            other.ask("the neighbour serves on")
                        flags, correlation = player.receive()[1:3]
                        self.assertEqual((flags, correlation), (RESPONSE | ERROR, 1000 + number))
                        back = time.monotonic() - began
                        self.assertGreater(host.admin.metrics()[ticks], before)
                        incident = self.wait_incident("fault", number)
                        self.assertIn("stalled call", incident["what"])
                        self.assertTrue(incident["stack"])
                        print(f"{wish}: named after {1000 * seen:.0f} ms, left after {1000 * back:.0f} ms, "
                              f"slowest answer of the admin {1000 * slowest[0]:.1f} ms for {slowest[1]}; {named[0]}",
                              flush=True)
                        self.assertLess(slowest[0], 1.0)
                        self.wait_back(host)

    def test_requests_that_wait_in_a_plugin_that_crashes_get_an_error_reply_each(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            with Client(host.port("players")) as player, Client(host.port("players")) as waiting:
                self.swap(host)
                for correlation in (5, 6):
                    waiting.send(2, b"", 1, correlation)
                self.assertEqual(waiting.ask("nothing"), "2.0.0 1")
                with self.assertRaisesRegex(Refused, "fault"):
                    player.ask("null")
                replies = sorted(waiting.receive()[2:] for _ in range(2))
                self.assertEqual([correlation for correlation, _ in replies], [5, 6])
                for _, payload in replies:
                    self.assertIn(b" of faulty@2.0.0#2: ended by a fault", payload)
                self.assertEqual(waiting.ask("nothing"), "1.0.0 1")

    def test_without_a_way_back_the_plugin_is_parked_and_a_mended_one_takes_its_place(self):
        with HostProcess(self.sandbox, self.manifest(probation_ms=0)) as host:
            with Client(host.port("players")) as player:
                self.swap(host)
                self.assertEqual(player.ask("nothing"), "2.0.0 1")
                with self.assertRaisesRegex(Refused, "fault"):
                    player.ask("null")
                wait_until("it is parked", lambda: self.plugin(host)["state"] == "failed")
                with self.assertRaisesRegex(Refused, "nobody handles"):
                    player.ask("nothing")
                self.swap(host, "1.0.0")
                self.assertTrue(player.ask("nothing").startswith("1.0.0 "))

    def test_a_plugin_whose_faults_shall_end_the_process_is_named_on_the_way(self):
        for wish, kind in (("null", "segmentation fault"), ("_exit", "attempt to end the process")):
            with self.subTest(wish), HostProcess(self.sandbox, self.manifest(on_fault="die")) as host:
                with Client(host.port("players")) as player:
                    self.swap(host)
                    player.send(1, wish.encode())
                    self.assertEqual(host.process.wait(30) == 0, wish == "_exit")
                    self.assertIn(f"gantry: fatal {kind}", host.log())
                    self.assertIn("to blame: faulty@2.0.0#2", host.log())


class CalledByAnother(unittest.TestCase):
    """A plugin that ran well faults in a call of a new version of another one."""

    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        for name in ("ledger.so", "borrower.so", "borrower-2.so"):
            self.sandbox.add_plugin(name)

    def host(self, probation_ms):
        host = HostProcess(self.sandbox, self.sandbox.write("manifest.json", {
            "name": "nested", "listeners": [{"name": "players", "world": "world"}],
            "worlds": [{"name": "world", "plugins": ["ledger", "borrower"]}],
            "plugins": [{"name": "ledger"}, {"name": "borrower", "probation_ms": probation_ms}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": ""},
        }))
        self.addCleanup(host.close)
        return host

    def swap(self, host):
        status, report = host.admin.swap("borrower", "2.0.0")
        self.assertEqual((status, report.get("outcome")), (200, "committed"), report)

    def test_in_the_probation_of_that_version_it_goes_back_and_the_other_serves_on(self):
        host = self.host(60000)
        with Client(host.port("players")) as player:
            for number, how in enumerate(("call", "emit", "post"), 1):
                with self.subTest(how):
                    self.assertEqual(player.ask(how), "1.0.0")
                    self.swap(host)
                    try:
                        player.ask(how)
                    except Refused as refused:
                        self.assertIn("borrower@2.0.0#", str(refused))
                    self.assertEqual(player.ask("nothing"), "1.0.0")
                    self.assertEqual(player.ask("", message=2), str(number))
                    wait_until("both serve", lambda: {name: (one["version"], one["state"]) for name, one in
                                                      host.admin.plugins().items()} ==
                               {"ledger": ("1.0.0", "active"), "borrower": ("1.0.0", "active")})
                    wait_until("it is told", lambda: len(host.admin.get("/api/incidents")["incidents"]) == number)
                    incident = host.admin.get("/api/incidents")["incidents"][0]
                    self.assertTrue(incident["plugin"].startswith("borrower@2.0.0#"), incident)
                    self.assertIn("inside ledger@1.0.0#1, which it had called in its probation", incident["what"])

    def test_later_the_one_that_faulted_is_to_blame(self):
        host = self.host(0)
        with Client(host.port("players")) as player:
            self.swap(host)
            with self.assertRaises(Refused):
                player.ask("call")
            wait_until("it is parked", lambda: host.admin.plugins()["ledger"]["state"] == "failed")
            self.assertEqual(host.admin.plugins()["borrower"]["state"], "active")


class OnShards(unittest.TestCase):
    """Middleware, routes and services run on shards and the service thread: the same faults, the same way back."""

    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        for name in ("guard.so", "guard-2.so", "faulty.so"):
            self.sandbox.add_plugin(name)
        self.manifest = {
            "name": "shards", "shards": 1,
            "listeners": [{"name": "players", "world": "world", "middleware": ["watch"]}],
            "worlds": [{"name": "world", "plugins": ["faulty"]}],
            "plugins": [{"name": "guard", "probation_ms": 60000}, {"name": "faulty"}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": "", "stuck_ms": 300},
        }
        self.begin()

    def begin(self):
        self.host = HostProcess(self.sandbox, self.sandbox.write("manifest.json", self.manifest))
        self.addCleanup(self.host.close)
        self.player = Client(self.host.port("players"))
        self.addCleanup(self.player.close)

    def service(self, wish):
        self.player.send(3, wish.encode())
        return self.player.receive()[3].decode()

    def swap(self):
        status, report = self.host.admin.swap("guard", "2.0.0")
        self.assertEqual((status, report.get("outcome")), (200, "committed"), report)
        self.assertEqual(self.player.ask("", message=2), "2.0.0")

    def wait_back(self):
        wait_until("version 1.0.0 is back", lambda: (self.host.admin.plugins()["guard"]["version"],
                                                     self.host.admin.plugins()["guard"]["state"]) == ("1.0.0", "active"))
        wait_until("the shard has it back", lambda: self.answers() == "1.0.0")

    def answers(self):
        try:
            return self.player.ask("", message=2)
        except Refused as refused:
            return str(refused)

    def test_the_command_line_tells_of_a_probation_and_of_the_way_back(self):
        code, out, complaint = self.sandbox.gantry("swap", "guard@2.0.0")
        self.assertEqual(code, 0, complaint)
        self.assertIn("it is in its probation now: gantry plugins tells how that ends", out)
        self.assertNotIn("rolled back last", self.sandbox.gantry("plugins")[1])
        with self.assertRaises(Refused):
            self.player.ask("layer")
        self.wait_back()
        self.assertIn("rolled back last: guard@2.0.0#2 -> guard@1.0.0#1: ", self.sandbox.gantry("plugins")[1])

    def test_a_crash_in_a_layer_a_route_and_a_service_rolls_back_and_the_player_stays(self):
        for wish, message in (("layer", 1), ("route", 2)):
            with self.subTest(wish):
                self.swap()
                with self.assertRaises(Refused):
                    self.player.ask(wish, message=message)
                self.wait_back()
        with self.subTest("service"):
            self.swap()
            with self.assertRaisesRegex(Refused, r"guard@2\.0\.0#\d+: ended by a fault"):
                self.player.ask("service", message=5)
            self.wait_back()
            self.assertEqual(self.player.ask("again", message=5), "1.0.0")
        with self.subTest("service, called by its own version, which may have gone back before the answer came"):
            self.swap()
            self.assertIn(self.service("service").split()[0], ("unavailable", "cancelled"))
            self.wait_back()
            self.assertEqual(self.service("again"), "ok 1.0.0")
        self.assertEqual(self.host.admin.metrics()["gantry_faults_total"], 4)

    def test_what_a_world_sends_waits_while_a_crashed_layer_goes_back(self):
        # Once all of it was dropped until the layer's predecessor was back; later only the first.
        self.host.close()
        self.manifest["listeners"][0]["middleware"] = ["outward"]
        self.begin()
        count = 300
        for _ in range(5):
            self.swap()
            self.player.send(1, b"outbound", 1, 1)  # its own answer is the one that crashes
            for number in range(2, count + 1):
                self.player.send(1, b"nothing", 1, number)
            answers = [self.player.receive()[2] for _ in range(count)]
            self.assertEqual(answers, list(range(1, count + 1)))
            self.wait_back()
        self.assertEqual(self.host.admin.metrics()['gantry_layer_detains_total{shard="0"}'], 5)
        self.assertEqual(self.host.admin.metrics()['gantry_layer_drops_total{shard="0"}'], 0)

    def test_a_request_that_crashed_a_layer_with_a_way_out_is_answered_when_that_is_back(self):
        # Its error reply was dropped by the very layer that had crashed.
        self.host.close()
        self.manifest["listeners"][0]["middleware"] = ["outward"]
        self.begin()
        for _ in range(3):
            self.swap()
            with self.assertRaises(Refused):
                self.player.ask("inbound")
            self.wait_back()

    def test_without_a_predecessor_a_layer_that_crashed_lets_nothing_pass_until_it_is_replaced(self):
        self.host.close()
        manifest = dict(self.manifest, plugins=[{"name": "guard", "file": self.sandbox.plugins + "/guard-2.so"},
                                                {"name": "faulty"}])
        self.host = HostProcess(self.sandbox, self.sandbox.write("manifest.json", manifest))
        self.addCleanup(self.host.close)
        with Client(self.host.port("players")) as player:
            self.assertEqual(player.ask("nothing"), "1.0.0 1")
            for wish in ("layer", "nothing", "nothing"):
                with self.assertRaises(Refused):
                    player.ask(wish)
            wait_until("it counts as failed", lambda: self.host.admin.plugins()["guard"]["state"] == "failed")
            status, report = self.host.admin.swap("guard", "1.0.0")
            self.assertEqual((status, report.get("outcome")), (200, "committed"), report)
            self.assertEqual(player.ask("nothing"), "1.0.0 2")
            self.assertEqual(player.ask("", message=2), "1.0.0")


if __name__ == "__main__":
    main()
