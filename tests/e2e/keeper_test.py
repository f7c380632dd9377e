#!/usr/bin/env python3
# The middleware that authenticates is swapped, refused, broken and rolled back while strangers flood it.
"""By ctest, or by hand: tests/e2e/keeper_test.py. GANTRY_SWAPS makes a long run, GANTRY_SEED repeats one."""
import os
import random
import threading
import time
import unittest

from frames import ERROR, HEADER, REQUEST, RESPONSE, Client, Refused
from host_process import HostProcess, Sandbox, main, wait_until

SWAPS = int(os.environ.get("GANTRY_SWAPS", "50"))
SEED = int(os.environ.get("GANTRY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
PLAYERS, INTRUDERS = 4, 2
FLOOD_MAX = 20_000 * max(SWAPS, 50)  # requests of each intruder
WINDOW, BATCH = 8, 500
SHOW, REVOKE, MISBEHAVE, TELL = 10, 11, 12, 13
BOSS_TICKET = 1


class Worker(threading.Thread):
    """Goes on with its round until it is told to end; what goes wrong is kept for the test."""

    def __init__(self, port):
        super().__init__()
        self.client = Client(port)
        self.ending = threading.Event()
        self.done = 0
        self.wrong = None

    def run(self):
        try:
            while not self.ending.is_set() and self.round():
                pass
        except Exception as error:  # whatever it is, the test shall fail with it
            self.wrong = error

    def end(self):
        self.ending.set()
        self.join()
        if self.wrong:
            raise self.wrong


class Player(Worker):
    """Several requests at once; the answers count up, in order, one for each."""

    def __init__(self, port, ticket):
        super().__init__(port)
        assert self.client.ask(str(ticket), SHOW) == "welcome"

    def round(self):
        for number in range(self.done + 1, self.done + 1 + WINDOW):
            self.client.send(1, b"player", REQUEST, number)
        for number in range(self.done + 1, self.done + 1 + WINDOW):
            _, flags, correlation, payload = self.client.receive()
            if (flags, correlation, payload) != (RESPONSE, number, str(number).encode()):
                raise AssertionError(f"request {number} got {(flags, correlation, payload)}")
        self.done += WINDOW
        return True


class Intruder(Worker):
    """Never shows a ticket, and asks as fast as it can. Each request gets its refusal."""

    batch = b"".join(HEADER.pack(8, 1, REQUEST, 0, number) + b"intruder" for number in range(1, BATCH + 1))

    def round(self):
        self.client.link.sendall(self.batch)
        for number in range(1, BATCH + 1):
            _, flags, correlation, _ = self.client.receive()
            if (flags, correlation) != (RESPONSE | ERROR, number):
                raise AssertionError(f"an intruder's request {number} got {(flags, correlation)}")
        self.done += BATCH
        return self.done < FLOOD_MAX


class Keeping(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        for name in ("keeper.so", "keeper-2.so", "keeper-3.so", "keeper-4.so", "vault.so"):
            self.sandbox.add_plugin(name)
        with open(os.path.join(self.sandbox.plugins, "keeper-5.so"), "w", encoding="utf-8") as file:
            file.write("no library")
        self.host = HostProcess(self.sandbox, self.sandbox.write("manifest.json", {
            "name": "keeping", "shards": 1, "log": {"level": "warn"},
            "listeners": [{"name": "players", "world": "world", "middleware": ["keeper"]}],
            "worlds": [{"name": "world", "plugins": ["vault"]}],
            # Without a canary a version that cannot start or take over gets as far as the shard.
            "plugins": [{"name": "keeper", "probation_ms": 600000, "canary": False}, {"name": "vault"}],
            "drop": {"folder": self.sandbox.plugins, "on_drop": "stage"}, "incidents": {"folder": ""},
        }))
        self.addCleanup(self.host.close)
        self.port = self.host.port("players")
        self.boss = self.admitted(BOSS_TICKET)
        self.ticket = 1000
        self.serving = "1.0.0"
        self.asked = 0  # with success, beside the players
        self.revoked = 0  # as the keeper remembers it by itself

    def admitted(self, ticket):
        client = Client(self.port)
        self.addCleanup(client.close)
        self.assertEqual(client.ask(str(ticket), SHOW), "welcome")
        return client

    def new_ticket(self):
        self.ticket += 1
        return self.ticket

    def swap(self, **next_one):
        status, text = self.host.admin.ask("/api/swap", {"plugin": "keeper", "settle": True, **next_one})
        return status, text

    def other(self):
        return "2.0.0" if self.serving == "1.0.0" else "1.0.0"

    def commit(self):
        status, text = self.swap(version=self.other())
        self.assertEqual(status, 200, text)
        self.assertIn('"committed"', text)
        self.serving = self.other()

    def refused(self, outcome, says, **next_one):
        _, text = self.swap(**next_one)
        self.assertIn(f'"{outcome}"', text)
        self.assertIn(says, text)

    def bring_back(self, how):
        """What was allowed in the probation stays so, and what was forbidden in it does."""
        before, ticket, late_ticket = self.serving, self.new_ticket(), self.new_ticket()
        victim = self.admitted(ticket)
        self.assertEqual(victim.ask("guest"), "1")
        self.asked += 1
        self.commit()
        late = self.admitted(late_ticket)
        self.assertEqual(self.boss.ask(str(ticket), REVOKE), "revoked")
        self.assertEqual(self.boss.ask("", TELL), str(self.revoked + 1))
        with self.assertRaisesRegex(Refused, "was revoked"):
            victim.ask("intruder")
        for _ in range(3 if how == "throw" else 1):
            self.boss.send(MISBEHAVE, how.encode())
        wait_until(f"version {before} is back", lambda: self.host.admin.plugins()["keeper"]["version"] == before)
        self.serving = before
        with self.assertRaisesRegex(Refused, "was revoked"):
            victim.ask("intruder")
        with self.assertRaisesRegex(Refused, "was revoked"):
            victim.ask(str(ticket), SHOW)
        if how == "throw":  # after a crash its private state goes back to the hand-over
            self.revoked += 1
        self.assertEqual(self.boss.ask("", TELL), str(self.revoked))
        self.assertEqual(late.ask("guest"), "1")  # its admission is on the connection, whoever crashed
        self.asked += 1
        victim.close()
        late.close()

    def test_no_stranger_reaches_a_handler_however_the_layer_that_keeps_them_out_is_swapped(self):
        print(f"seed {SEED}", flush=True)
        chance = random.Random(SEED)
        steps = {
            "committed": self.commit,
            "refused by the gate": lambda: self.refused(
                "refused", "no ELF header", file=os.path.join(self.sandbox.plugins, "keeper-5.so")),
            "failed to start": lambda: self.refused("given_up", "refused to start", version="3.0.0"),
            "failed to take over": lambda: self.refused("given_up", "could not take over", version="4.0.0"),
            "rolled back for what it threw": lambda: self.bring_back("throw"),
            "rolled back for a crash": lambda: self.bring_back("crash"),
        }
        workers = [Player(self.port, 100 + number) for number in range(PLAYERS)]
        workers += [Intruder(self.port) for _ in range(INTRUDERS)]
        began = time.monotonic()
        for worker in workers:
            worker.start()
        try:
            for number in range(SWAPS):
                # Each kind comes, whatever the seed.
                kind = list(steps)[number] if number < len(steps) else chance.choice(list(steps))
                with self.subTest(kind=kind, number=number):
                    steps[kind]()
            took = time.monotonic() - began
        finally:
            for worker in workers:
                worker.ending.set()
            for worker in workers:
                worker.join()
        for worker in workers:
            worker.end()  # with what went wrong
        played = sum(worker.done for worker in workers if isinstance(worker, Player))
        flooded = sum(worker.done for worker in workers if isinstance(worker, Intruder))
        calls, intruders = map(int, self.boss.ask("", 2).split())
        print(f"{SWAPS} swaps in {took:.1f} s: {flooded} requests of strangers ({flooded / took:.0f} a second), "
              f"{intruders} handled; {played} of players, none lost; {self.ticket - 1000} tickets", flush=True)
        self.assertEqual(intruders, 0)
        self.assertEqual(calls, played + self.asked)
        self.assertGreater(flooded, 10_000)
        for worker in workers:
            self.assertGreater(worker.done, 0)
            worker.client.close()


if __name__ == "__main__":
    main()
