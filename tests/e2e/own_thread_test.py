#!/usr/bin/env python3
# A plugin's own thread faults: it stands still, and nobody else does.
"""By ctest, or by hand: tests/e2e/own_thread_test.py. Prints how long each rollback took."""
import time

from frames import Client
from host_process import HostProcess, main, wait_until
from with_faulty import WithFaulty

CRASHES = {
    "null": "segmentation fault",
    "jump": "segmentation fault",
    "memcpy": "segmentation fault",
    "abort": "abort",
    "trap": "illegal instruction",
    "divide": "arithmetic fault",
    "terminate": "abort",
    "throw": "abort",
    "exit": "attempt to end the process",
}


class OwnThread(WithFaulty):
    """Once each of these ended the host, and its players' connections with it."""

    def test_in_a_probation_every_kind_of_crash_rolls_back_and_nobody_is_disconnected(self):
        with HostProcess(self.sandbox, self.manifest()) as host:
            with Client(host.port("players")) as player:
                expected = 0
                for number, (wish, kind) in enumerate(CRASHES.items(), 1):
                    with self.subTest(wish):
                        self.swap(host)
                        began = time.monotonic()
                        # The call that starts it returns, unless the version is gone before.
                        player.ask("own thread " + wish)
                        self.wait_back(host)
                        print(f"rolled back after {wish}: {1000 * (time.monotonic() - began):.1f} ms", flush=True)
                        expected += 2
                        self.assertEqual(player.ask("nothing"), f"1.0.0 {expected}")
                        incident = self.wait_incident("fault", number)
                        self.assertIn(f"{kind} in a thread of its own", incident["what"])
                        self.assertTrue(incident["plugin"].startswith("faulty@2.0.0#"), incident)
                        self.assertEqual(incident["where"], "a thread of its own")
                        self.assertTrue(incident["went_back_to"].startswith("faulty@1.0.0#"), incident)
                        self.assertTrue(any("Faulty::fault" in line for line in incident["stack"]), incident["stack"])
                metrics = host.admin.metrics()
                self.assertEqual(metrics["gantry_threads_held"], len(CRASHES))
                self.assertEqual(metrics["gantry_faults_total"], len(CRASHES))
            self.assertEqual(host.end(), 0)

    def test_later_it_is_told_and_the_plugin_serves_on_until_sixteen_stand_still(self):
        with HostProcess(self.sandbox, self.manifest(probation_ms=0)) as host:
            with Client(host.port("players")) as player:
                self.swap(host)
                for number in range(1, 17):
                    self.assertEqual(player.ask("own thread null"), f"2.0.0 {number}")
                    wait_until("it is told", lambda: len(self.incidents("fault")) == number)
                self.assertEqual(self.plugin(host)["state"], "active")
                self.assertIn("segmentation fault in a thread of its own", self.plugin(host)["error"])
                self.assertEqual(player.ask("nothing"), "2.0.0 17")
                player.send(1, b"own thread null")
                self.assertNotEqual(host.process.wait(30), 0)
                self.assertIn("to blame: faulty@2.0.0#2", host.log())

    def test_where_faults_shall_end_the_process_it_is_named_on_the_way(self):
        with HostProcess(self.sandbox, self.manifest(on_fault="die")) as host:
            with Client(host.port("players")) as player:
                self.swap(host)
                player.send(1, b"own thread null")
                self.assertNotEqual(host.process.wait(30), 0)
                self.assertIn("gantry: fatal segmentation fault", host.log())
                self.assertIn("to blame: faulty@2.0.0#2", host.log())


if __name__ == "__main__":
    main()
