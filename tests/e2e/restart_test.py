#!/usr/bin/env python3
# Faults that nothing contains: the host ends, names the culprit where it can, and a supervisor has it back at once.
"""By ctest, or by hand: tests/e2e/restart_test.py. Prints how long clients were without an answer."""
import signal
import socket
import time

from frames import Client
from host_process import PATIENCE_S, HostProcess, main, wait_until
from with_faulty import WithFaulty

TIME_WAIT = "06"


def free_port():
    """One that nobody has now. A host that comes back must be found where it was, so it cannot choose."""
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]


def states(port):
    """Of the connections whose local end has that port, as the kernel numbers them."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        lines = [line.split() for line in table.readlines()[1:]]
    return [line[3] for line in lines if int(line[1].split(":")[1], 16) == port]


def answered(port):
    """Whether somebody answers there."""
    try:
        with Client(port) as client:
            return client.ask("nothing")
    except (OSError, AssertionError):  # not yet, or not any more
        return None


class Restart(WithFaulty):
    def manifest_on(self, port, **plugin):
        return self.sandbox.write("manifest.json", {
            "name": "restarts", "workers": 2,
            "listeners": [{"name": "players", "world": "world", "port": port}],
            "worlds": [{"name": "world", "plugins": ["faulty"], "tick_hz": 100}],
            "plugins": [{"name": "faulty", "probation_ms": 60000, **plugin}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"},
            "incidents": {"folder": self.sandbox.path("incidents"), "stuck_ms": 300},
        })

    def players_on(self, port):
        players = [Client(port) for _ in range(20)]
        for player in players:
            self.addCleanup(player.close)
        return players

    def die_and_return(self, wish, named, **plugin):
        """A supervisor that starts it anew whatever the exit code is; how long its players waited, in seconds."""
        port = free_port()
        manifest = self.manifest_on(port, **plugin)
        with HostProcess(self.sandbox, manifest) as host:
            players = self.players_on(port)
            self.swap(host)
            for player in players:
                self.assertTrue(player.ask("nothing").startswith("2.0.0 "))
            players[0].send(1, wish.encode(), 1, 7)
            host.process.wait(PATIENCE_S)
            died = time.monotonic()
            for player in players:
                player.close()
            with HostProcess(self.sandbox, manifest) as again:
                self.assertEqual(again.port("players"), port)
                self.assertEqual(wait_until("it answers", lambda: answered(port)), "1.0.0 1")
                took = time.monotonic() - died
                print(f"{wish}: ended with {host.process.returncode}, answered again after {1000 * took:.0f} ms", flush=True)
            if named:
                self.assertRegex(host.log(), named)
        return took

    def test_a_plugin_that_may_not_be_contained_ends_the_host_by_name_and_it_comes_back(self):
        for _ in range(3):
            self.die_and_return("null", "to blame: faulty@2.0.0#2", on_fault="die")

    def test_a_smashed_heap_ends_the_host_by_name_and_it_comes_back(self):
        self.die_and_return("heap", "to blame: faulty@2.0.0#2")

    def test_a_plugin_that_kills_the_process_cannot_be_named_but_the_host_comes_back(self):
        self.die_and_return("kill", None)

    def test_connections_that_linger_in_the_kernel_do_not_keep_the_port(self):
        port = free_port()
        manifest = self.manifest_on(port)
        with HostProcess(self.sandbox, manifest) as host:
            players = self.players_on(port)
            for player in players:
                player.ask("nothing")
            host.process.send_signal(signal.SIGKILL)
            host.process.wait(PATIENCE_S)
        for player in players:
            self.assertEqual(player.link.recv(1), b"")
            player.close()
        wait_until("they linger", lambda: states(port).count(TIME_WAIT) == len(players))
        began = time.monotonic()
        with HostProcess(self.sandbox, manifest):
            self.assertEqual(answered(port), "1.0.0 1")
            print(f"with {len(players)} connections in TIME_WAIT: ready and answered {1000 * (time.monotonic() - began):.0f} ms "
                  "after the start", flush=True)


if __name__ == "__main__":
    main()
