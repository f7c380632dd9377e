#!/usr/bin/env python3
# The arena in a real browser: play, swap the rules under the player's feet, swap to a broken version, end.
"""By ctest, or by hand: tests/e2e/arena_browser_test.py [--screenshot FILE] makes the README's picture only."""
import os
import signal
import sys
import time
import unittest

import browser as browsers
from host_process import HostProcess, Sandbox, main, options, wait_until

ARENA = ("arena.so", "arena-2.so", "arena-3.so")
SKIP = 77  # ctest's word for "could not be tried here"


class Player:
    """The page, by what a person does with it and sees on it."""

    def __init__(self, browser, host):
        self.page = browser.open_page(f"{host.ready['admin']['url']}/#token={host.ready['admin']['token']}")
        wait_until("the page is connected and shows bodies", lambda: self.snapshot().get("bodies", 0) > 1)

    def snapshot(self):
        return self.page.run("return globalThis.arena ? arena.snapshot() : {}")

    def picture(self):
        return self.page.run("return document.getElementById('field').toDataURL()")

    def press(self, key, until):
        """Holds a key down until something is seen."""
        self.page.key("keyDown", key)
        wait_until(f"holding {key!r} has its effect", until)
        self.page.key("keyUp", key)

    def swap(self, version):
        self.page.click(f"#swap-buttons button[data-version='{version}']")

    def goes_on(self):
        """Waits until many more states came and were drawn; the newest snapshot."""
        before, picture = self.snapshot(), self.picture()
        wait_until("states keep counting", lambda: self.snapshot()["state"] >= before["state"] + 20)
        wait_until("the picture changes", lambda: self.picture() != picture)
        wait_until("pictures keep being drawn", lambda: self.snapshot()["frames"] > before["frames"] + 5)
        return self.snapshot()


class ArenaInABrowser(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox(ARENA)
        self.addCleanup(self.sandbox.close)
        self.driver = browsers.Browser()
        self.addCleanup(self.driver.__exit__)

    def nothing_was_lost(self, player, first):
        now = player.goes_on()
        self.assertTrue(now["connected"])
        self.assertEqual((now["lost"], now["disconnects"]), (0, 0))
        self.assertGreater(now["state"], first["state"])
        self.assertEqual(player.page.text("#badge-text"), "connected")
        return now

    def only_session(self, host):
        sessions = host.admin.get("/api/sessions")["sessions"]
        self.assertEqual(len(sessions), 1, sessions)
        return sessions[0]["id"]

    def test_rules_are_swapped_back_and_forth_and_a_broken_version_is_rolled_back_on_one_connection(self):
        with HostProcess(self.sandbox, "config/arena.json") as host:
            player = Player(self.driver, host)
            first = player.snapshot()
            session = self.only_session(host)
            self.assertEqual(first["rules"], "1.0.0")
            self.assertEqual(host.generations("arena"), [1])

            self.plays(player)
            self.swaps_to(host, player, first, "2.0.0")
            self.swaps_to(host, player, first, "1.0.0")
            self.breaks(host, player, first)

            player.page.screenshot(os.path.join(options.out, "arena.png"))
            self.assertEqual(self.only_session(host), session, "it is another connection now")
            self.assertEqual(player.page.complaints(), [])
            self.assertEqual(host.admin.metrics()["gantry_libraries_leaked_total"], 0)
            self.ends_within_its_deadline(host, player)

    def plays(self, player):
        before = player.snapshot()
        right = before["avatar"][0]
        player.press("d", lambda: player.snapshot()["avatar"][0] > right + 20)
        wait_until("every move was handled",
                   lambda: player.snapshot()["movesHandled"] == player.snapshot()["movesSent"] >= 2)
        self.assertEqual(player.snapshot()["lost"], 0)

    def swaps_to(self, host, player, first, version):
        # A version on probation is not replaced: wait until it has settled.
        wait_until("the plugin is active", lambda: host.admin.plugins()["arena"]["state"] == "active")
        player.swap(version)
        wait_until(f"states come with rules {version}", lambda: player.snapshot()["rules"] == version)
        wait_until(f"the panel says {version}", lambda: player.snapshot()["version"] == version)
        self.nothing_was_lost(player, first)
        self.assertIn("Swapped, nobody was disconnected.", player.page.text("#report"))
        wait_until("of two generations the older one leaves", lambda: len(host.generations("arena")) == 1)
        self.plays(player)

    def breaks(self, host, player, first):
        wait_until("the plugin is active", lambda: host.admin.plugins()["arena"]["state"] == "active")
        player.swap("3.0.0")
        wait_until("the page tells of the rollback", lambda: "Rolled back" in player.page.text("#report"))
        self.assertIn("rules v3 divide the field by zero", player.page.text("#report"))
        wait_until("the old rules are back", lambda: player.snapshot()["rules"] == "1.0.0")
        wait_until("the panel says so", lambda: player.snapshot()["version"] == "1.0.0")
        self.nothing_was_lost(player, first)
        wait_until("the broken library leaves", lambda: len(host.generations("arena")) == 1)
        self.plays(player)

    def ends_within_its_deadline(self, host, player):
        began = time.monotonic()
        self.assertEqual(host.end(signal.SIGINT), 0)
        self.assertLess(time.monotonic() - began, 5.0 + 1.0, "shutdown_ms is 5000")
        wait_until("the page sees that the host has gone", lambda: not player.snapshot()["connected"])
        self.assertNotIn("were cut", host.log())
        self.assertEqual(os.listdir(self.sandbox.path("tmp")), [], "private copies are left behind")
        self.assertEqual(os.listdir(os.path.join(self.sandbox.path("run"), "gantry")), [], "a runtime file is left")


def take_picture(arguments):
    """Two players under rules v2, as large as the README shows it."""
    if not arguments.screenshot:
        return False
    sandbox = Sandbox(ARENA)
    try:
        with HostProcess(sandbox, "config/arena.json") as host, browsers.Browser() as driver:
            player, other = Player(driver, host), Player(driver, host)
            for one in (player, other):
                one.page.resize_view(browsers.WIDTH, browsers.HEIGHT)
            player.swap("2.0.0")
            wait_until("rules v2", lambda: player.snapshot()["version"] == "2.0.0")
            for one, key in ((player, "a"), (other, "s"), (other, "d"), (player, "w")):
                x, y = one.snapshot()["avatar"]
                one.press(key, lambda: sum(abs(b - a) for a, b in zip((x, y), one.snapshot()["avatar"])) > 110)
            other.page.key("keyDown", "a")
            player.page.key("keyDown", "d")
            wait_until("the flock gathers", lambda: player.snapshot()["state"] > 500)
            size = player.page.screenshot(arguments.screenshot)
            print(f"{arguments.screenshot}: {size} bytes")
            return True
    finally:
        sandbox.close()


if __name__ == "__main__":
    if browsers.missing():
        print(f"not installed: {browsers.missing()}")
        sys.exit(SKIP)
    main(lambda parser: parser.add_argument("--screenshot", help="only make this picture"), take_picture)
