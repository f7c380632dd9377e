#!/usr/bin/env python3
# What players of a well-behaved plugin notice while a plugin in another world, on another worker, misbehaves.
"""A client in a process of its own asks echo a thousand times a second. Meanwhile, round by round, nothing happens for a
window, then every second a bad version is swapped in, does its worst and goes back. One JSON object a line for each kind
of fault: the 99th percentile of the round trips, the median of the rounds, with that of the calm windows as the baseline; and
the ratio of each round, which shows how far single ones can be trusted.
The row "swap" is the same without a fault: to the new version and back; "nothing" has two calm windows a round, so that its
ratio is what the machine alone brings about. The canary's process runs beside them, as an
operator has it; `--without-canary` shows the host's own part. Each kind is measured twice: the host's threads share all
processors, as they do by default, and the rooms are apart from the rest (room_processors: the last processor, the client with
them, this program with the rest). The client stands for players on other machines: where it may, it goes before everybody else on the processors."""
import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "e2e"))
from frames import Client, Refused  # noqa: E402
from host_process import HostProcess, Sandbox, main, wait_until  # noqa: E402

# How often it is asked before it goes back by itself: a fault at once, the others by their numbers.
KINDS = {"nothing": 0, "swap": 0, "null": 1, "abort": 1, "overflow": 1, "throw": 3, "spin": 1, "deadlock": 1, "sleep": 1, "leak": 8}
PACE = threading.Event()  # nobody sets it: the windows are what they are
LEAKS_MAX = 2  # in a window: what leaked stays in the process


def ping(port, path):
    """Asks until its standard input ends, then leaves (when asked, round trip) in nanoseconds, one a line."""
    samples = []
    with Client(port) as client:
        while not select.select([sys.stdin], [], [], 0.001)[0]:
            began = time.monotonic_ns()
            client.ask("ping")
            samples.append((began, time.monotonic_ns() - began))
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{began} {took}\n" for began, took in samples)


def manifest(sandbox, canary, room_processors=()):
    return sandbox.write("manifest.json", {
        "name": "neighbours", "workers": 2, "shards": 2, "room_processors": list(room_processors),
        "listeners": [{"name": "bad", "world": "bad"}, {"name": "good", "world": "good"}],
        "worlds": [{"name": "bad", "plugins": ["faulty"], "worker": 0, "tick_hz": 20},
                   {"name": "good", "plugins": ["echo"], "worker": 1, "tick_hz": 20}],
        "plugins": [{"name": "faulty", "probation_ms": 60000, "canary": canary, "rollback_when": {"memory_growth_mb": 50}},
                    {"name": "echo"}],
        "drop": {"folder": sandbox.plugins, "on_drop": "stage"},
        "incidents": {"folder": sandbox.path("incidents"), "stuck_ms": 300},
    })


def version(host):
    faulty = host.admin.plugins()["faulty"]
    return faulty["version"], faulty["state"]


def swap(host, to):
    status, report = host.admin.ask("/api/swap", {"plugin": "faulty", "version": to, "settle": True})
    if status != 200 or json.loads(report).get("outcome") != "committed":
        raise AssertionError(f"the swap to {to} failed: {status} {report}")


def misbehave(host, player, kind):
    """Swaps the bad version in, provokes it, and waits until the good one is back."""
    if kind == "nothing":
        return None
    swap(host, "2.0.0")
    if kind == "swap":
        return swap(host, "1.0.0")
    for _ in range(KINDS[kind]):
        try:
            if player.ask(kind).startswith("1.0.0"):
                break
        except Refused:
            pass
    return wait_until("it goes back", lambda: version(host) == ("1.0.0", "active"))


def go_first(pid):
    """Needs the right to."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, -15)
    except PermissionError:
        pass


def storm(host, player, kind, seconds, every):
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end and not (kind == "leak" and count == LEAKS_MAX):
        next_one = time.monotonic() + every
        misbehave(host, player, kind)
        count += kind != "nothing"
        PACE.wait(max(0, next_one - time.monotonic()))
    PACE.wait(max(0, end - time.monotonic()))
    return count


def percentiles(samples, window):
    times = sorted(took for began, took in samples if window[0] <= began < window[1])
    return times[len(times) // 2] / 1e6, times[len(times) * 99 // 100] / 1e6


def measure(kind, apart, chosen):
    everywhere = os.sched_getaffinity(0)
    rooms = {max(everywhere)} if apart else set()
    sandbox = Sandbox(["faulty.so", "faulty-2.so", "echo.so"])
    try:
        calm, storms, count = [], [], 0
        with HostProcess(sandbox, manifest(sandbox, not chosen.without_canary, rooms)) as host, \
                tempfile.NamedTemporaryFile() as out, Client(host.port("bad")) as player:
            pinger = subprocess.Popen([sys.executable, __file__, "--ping", str(host.port("good")), out.name],
                                      stdin=subprocess.PIPE)
            go_first(pinger.pid)
            if apart:
                os.sched_setaffinity(pinger.pid, rooms)
                os.sched_setaffinity(0, everywhere - rooms)
            storm(host, player, "swap", 0.5, 0.1)  # what comes for the first time is slower
            for _ in range(chosen.rounds):
                began = time.monotonic_ns()
                PACE.wait(chosen.seconds)
                between = time.monotonic_ns()
                count += storm(host, player, kind, chosen.seconds, chosen.every)
                calm.append((began, between))
                storms.append((between, time.monotonic_ns()))
            pinger.stdin.close()
            if pinger.wait(20) != 0:
                raise AssertionError("the client of the good plugin was let down")
            samples = [tuple(map(int, line.split())) for line in out.read().splitlines()]
        before = [percentiles(samples, window) for window in calm]
        during = [percentiles(samples, window) for window in storms]
    finally:
        sandbox.close()
        os.sched_setaffinity(0, everywhere)

    def median(list_of, index):
        return statistics.median(one[index] for one in list_of)

    p99, calm_p99 = median(during, 1), median(before, 1)
    print(json.dumps({"name": "bad_neighbour", "row": kind, "rooms": "apart" if apart else "share", "value": round(p99, 3), "unit": "ms",
                      "baseline": round(calm_p99, 3), "ratio": round(p99 / calm_p99, 2),
                      "ratio_of_rounds": sorted(round(one[1] / calm_one[1], 2) for one, calm_one in zip(during, before)),
                      "p50_ms": round(median(during, 0), 3), "p50_calm_ms": round(median(before, 0), 3),
                      "target": 1.1, "faults": count, "rounds": chosen.rounds, "canary": not chosen.without_canary}), flush=True)


def add_arguments(parser):
    parser.add_argument("--kinds", default=",".join(KINDS), help="some of " + ", ".join(KINDS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2, help="of a window")
    parser.add_argument("--every", type=float, default=1, help="seconds from fault to fault")
    parser.add_argument("--without-canary", action="store_true", help="only what the host itself costs")
    parser.add_argument("--ping", nargs=2, metavar=("PORT", "FILE"), help="be the client")


def run(chosen):
    if chosen.ping:
        ping(int(chosen.ping[0]), chosen.ping[1])
        return True
    for kind in chosen.kinds.split(","):
        for apart in (False, True)[:len(os.sched_getaffinity(0))]:
            measure(kind, apart, chosen)
    return True


if __name__ == "__main__":
    main(add_arguments, run)
