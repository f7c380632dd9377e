#!/usr/bin/env python3
# room_processors: rooms have processors that nothing else of the host runs on, canaries included.
"""By ctest, or by hand: tests/e2e/processors_test.py. Skipped where only one processor may be used."""
import os
import sys
import unittest

from host_process import HostProcess, main
from with_faulty import WithFaulty

ALL = sorted(os.sched_getaffinity(0))
ROOMS = ("shard-", "worker-", "service", "acceptor")


def processors_by_name(pid):
    """Of each thread of a process: its name, and where it may run."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as name:
            found[name.read().strip()] = sorted(os.sched_getaffinity(int(thread)))
    return found


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as list_of:
        return [int(child) for child in list_of.read().split()]


class Processors(WithFaulty):
    def manifest_with(self, processors):
        return self.sandbox.write("manifest.json", {
            "name": "apart", "room_processors": processors,
            "listeners": [{"name": "players", "world": "world"}],
            "worlds": [{"name": "world", "plugins": ["faulty"]}],
            "plugins": [{"name": "faulty"}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
        })

    def refusal(self, processors):
        code, _, complaint = self.sandbox.gantry("run", self.manifest_with(processors))
        self.assertNotEqual(code, 0)
        return complaint

    def test_rooms_run_on_theirs_and_everything_else_on_the_others(self):
        last, rest = ALL[-1:], ALL[:-1]
        with HostProcess(self.sandbox, self.manifest_with(last)) as host:
            self.swap(host)
            threads = processors_by_name(host.pid)
            self.assertEqual({name: where for name, where in threads.items() if name.startswith(ROOMS)},
                             {"shard-0": last, "worker-0": last, "service": last})
            self.assertEqual({name: where for name, where in threads.items() if name.startswith(("gantry-", "pool-"))},
                             {"gantry-admin": rest, "pool-0": rest, "pool-1": rest})
            self.assertEqual(sorted(os.sched_getaffinity(host.pid)), rest, "the control thread")
            self.assertEqual([sorted(os.sched_getaffinity(child)) for child in children(host.pid)], [rest],
                             "the process that forks canaries")

    def test_a_processor_that_is_not_there_is_refused(self):
        self.assertIn("room_processors names 1023, twice or without being among those that this process may use: "
                      + ", ".join(map(str, ALL)), self.refusal([1023]))

    def test_a_processor_named_twice_is_refused(self):
        self.assertIn(f"room_processors names {ALL[0]}, twice", self.refusal([ALL[0], ALL[0]]))

    def test_rooms_may_not_take_all_processors(self):
        self.assertIn("room_processors leaves none of " + ", ".join(map(str, ALL)) + " for the rest of the host",
                      self.refusal(ALL))


if __name__ == "__main__":
    if len(ALL) < 2:
        sys.exit(77)
    main(lambda parser: None)
