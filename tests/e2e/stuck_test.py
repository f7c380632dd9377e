#!/usr/bin/env python3
# A call that cannot be left, for it is within the C library: its world stands still with its thread, and nobody else does.
"""By ctest, or by hand: tests/e2e/stuck_test.py. Prints when the call was named and the others went on."""
import json
import os
import time

from frames import RESPONSE, Client, Refused
from host_process import HostProcess, main, wait_until
from with_faulty import WithFaulty


class Stuck(WithFaulty):
    def one_worker(self, **more):
        return self.sandbox.write("manifest.json", {
            "name": "faults", "workers": 1, "shards": 1,
            "listeners": [{"name": "players", "world": "world"}, {"name": "others", "world": "other"}],
            "worlds": [{"name": "world", "plugins": ["faulty"], "tick_hz": 100},
                       {"name": "other", "tick_hz": 100}],
            "plugins": [{"name": "faulty", "probation_ms": 60000}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": self.sandbox.path("incidents"), "stuck_ms": 300},
            **more,
        })

    def fifo(self):
        path = self.sandbox.path("fifo")
        if not os.path.exists(path):
            os.mkfifo(path)
        return path

    def block(self, player, correlation=7):
        fifo = self.fifo()
        player.send(1, f"fifo {fifo}".encode(), 1, correlation)
        return fifo

    @staticmethod
    def release(fifo):
        def opened():
            try:
                os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
                return True
            except OSError:  # nobody reads
                return False
        wait_until("the call reads", opened)

    def test_the_other_worlds_get_another_thread_and_the_world_comes_back_with_its_call(self):
        ticks = 'gantry_world_ticks_total{world="other"}'
        with HostProcess(self.sandbox, self.one_worker()) as host:
            with Client(host.port("players")) as player, Client(host.port("players")) as fellow, \
                    Client(host.port("others")) as other:
                self.swap(host)
                self.assertEqual(player.ask("nothing"), "2.0.0 1")
                threads = host.admin.metrics()["process_threads"]
                began = time.monotonic()
                fifo = self.block(player)
                fellow.send(1, b"nothing", 1, 1)
                slowest, named = (0, ""), None
                while not self.incidents("fault"):
                    slowest = max(slowest, host.admin.slowest())
                    stuck = host.admin.get("/health")["stuck"]
                    if stuck and not named:
                        named = time.monotonic() - began
                parked = time.monotonic() - began
                with self.assertRaisesRegex(Refused, "nobody handles"):
                    other.ask("the neighbour serves on")
                serves = time.monotonic() - began
                print(f"named after {1000 * named:.0f} ms, its world parked after {1000 * parked:.0f} ms, the "
                      f"neighbour on the same worker answers after {1000 * serves:.0f} ms, slowest answer of the "
                      f"admin {1000 * slowest[0]:.1f} ms for {slowest[1]}", flush=True)
                self.assertLess(slowest[0], 1.0)
                self.assertLess(parked, 2 * 0.3 + 1.0)

                incident = self.incidents("fault")[0]
                self.assertIn("stalled call", incident["what"])
                self.assertTrue(incident["plugin"].startswith("faulty@2.0.0#"), incident)
                self.assertTrue(any("faulty@2.0.0#" in line for line in incident["stack"]), incident["stack"])
                self.assertTrue(any("fopen" in line for line in incident["stack"]), incident["stack"])
                worlds = {one["name"]: one["state"] for one in host.admin.get("/api/worlds")["worlds"]}
                self.assertEqual(worlds, {"world": "stuck", "other": "running"})
                before = host.admin.metrics()
                self.assertEqual((before["gantry_worlds_stuck"], before["gantry_threads_replaced_total"]), (1, 1))
                wait_until("it ticks", lambda: host.admin.metrics()[ticks] > before[ticks])
                self.assertIn("world world stands still with it", host.admin.get("/health")["stuck"][0])
                holders = {one["label"]: one["holds"] for one in host.admin.get("/api/who")["generations"]}
                self.assertTrue(any("is in a handler" in hold for hold in holders["faulty@2.0.0#2"]), holders)
                status, report = host.admin.swap("faulty", "2.0.0")
                self.assertIn("world world is stuck in a handler of faulty@2.0.0#", json.dumps(report), status)

                self.release(fifo)
                # What the handler answers at its end goes out, once.
                self.assertEqual(player.receive()[1:], (RESPONSE, 7, b"2.0.0 2"))
                # It was in its probation: the old one is back, with what it had at the hand-over.
                self.assertEqual(fellow.receive()[3], b"1.0.0 1")
                self.assertEqual(player.ask("nothing"), "1.0.0 2")
                wait_until("it is stuck no more", lambda: host.admin.metrics()["gantry_worlds_stuck"] == 0)
                wait_until("the old thread has ended", lambda: host.admin.metrics()["process_threads"] == threads)
                self.assertEqual(len(self.incidents("fault")), 1)
                self.swap(host)
                self.assertEqual(player.ask("nothing"), "2.0.0 3")

    def test_a_wait_in_a_function_without_a_name_is_not_left_but_comes_back(self):
        with HostProcess(self.sandbox, self.one_worker()) as host:
            with Client(host.port("players")) as player:
                self.swap(host)
                self.assertEqual(player.ask("signal"), "2.0.0 1")
                self.assertEqual(player.ask("nothing"), "1.0.0 1")
                self.assertEqual(host.admin.metrics()["gantry_threads_replaced_total"], 1)

    def test_a_swap_whose_world_gets_stuck_on_its_way_ends_with_a_sentence(self):
        for canary, outcome in ((True, "refused"), (False, "given_up")):
            with self.subTest(outcome):
                plugin = {"name": "faulty", "probation_ms": 0, "canary": canary}
                with HostProcess(self.sandbox, self.one_worker(plugins=[plugin])) as host:
                    with Client(host.port("players")) as player, Client(host.port("others")) as other:
                        self.swap(host)
                        self.assertEqual(player.ask("save " + self.fifo()), "2.0.0 1")
                        status, report = host.admin.swap("faulty", "1.0.0")
                        self.assertEqual(report["outcome"], outcome, (status, report))
                        self.assertIn("world world is stuck in a swap of faulty@2.0.0#2", report["reason"])
                        with self.assertRaisesRegex(Refused, "nobody handles"):
                            other.ask("the neighbour serves on")
                        self.release(self.fifo())
                        # Nothing to go back to: it is parked, until a mended one takes its place.
                        with self.assertRaisesRegex(Refused, "nobody handles"):
                            player.ask("nothing")
                        wait_until("its thread has ended", lambda: not host.admin.get("/health")["stuck"])
                        status, report = host.admin.swap("faulty", "1.0.0")
                        self.assertEqual((status, report.get("outcome")), (200, "committed"), report)
                        self.assertEqual(player.ask("nothing"), "1.0.0 1")

    def test_the_process_ends_in_time_with_a_call_that_is_still_stuck(self):
        with HostProcess(self.sandbox, self.one_worker(limits={"shutdown_ms": 10000})) as host:
            with Client(host.port("players")) as player:
                self.swap(host)
                self.block(player)
                wait_until("its world is parked", lambda: self.incidents("fault"))
                began = time.monotonic()
                self.assertEqual(host.end(), 1)
                took = time.monotonic() - began
                print(f"ended {1000 * took:.0f} ms after the signal", flush=True)
                self.assertLess(took, 10)
                self.assertIn("worker-0 does not end: it is in a handler of faulty@2.0.0#", host.log())

    def test_the_process_ends_in_time_when_its_call_has_only_just_been_named(self):
        with HostProcess(self.sandbox, self.one_worker(limits={"shutdown_ms": 1000})) as host:
            with Client(host.port("players")) as player:
                self.swap(host)
                self.block(player)
                wait_until("it is named", lambda: host.admin.get("/health")["stuck"])
                began = time.monotonic()
                self.assertEqual(host.end(), 1)
                self.assertLess(time.monotonic() - began, 10)


if __name__ == "__main__":
    main()
