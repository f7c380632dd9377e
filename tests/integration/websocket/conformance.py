"""Whole WebSocket conversations over a real socket with a real host. Prints the table; any row that failed fails it.

conformance.py PROGRAM [-v]: PROGRAM is ws_echo_host, whose plugin echoes every message on the shard.
"""
import os
import random
import subprocess
import sys
import time

from cases import Case, closings, fragments, framing, opcodes, pings, reserved_bits, sizes
from client import BINARY, CLOSE, CONTINUATION, PING, TEXT, Client, close_payload, deflate, frame, message
from utf8_cases import fails_fast, texts

VERBOSE = "-v" in sys.argv[2:]
SECTIONS = {1: "framing", 2: "pings and pongs", 3: "reserved bits", 4: "opcodes", 5: "fragmentation", 6: "UTF-8",
            7: "closing", 9: "sizes", 10: "small fragments", 12: "compression", 13: "offers of compression"}
rows = []


def short(events):
    return [tuple(part if not isinstance(part, bytes) or len(part) < 40 else f"{len(part)} bytes" for part in event)
            for event in events[:6]] + (["…"] if len(events) > 6 else [])


def note(section, name, problem=""):
    rows.append((section, name, problem))
    if problem or VERBOSE:
        print("FAIL" if problem else "ok  ", f"{section:>2}", name, problem)


def converse(client, case):
    """Sends what the case says and returns what is wrong with the answers, or ""."""
    client.send(case.sends, case.piece_bytes)
    got = [client.receive() for _ in case.expects]
    expects = list(case.expects)
    if not expects or expects[-1][0] != "close":
        client.send(frame(CLOSE, close_payload(1000)))
        expects.append(("close", 1000))
        got.append(client.receive())
    got.append(client.receive())
    expects.append(("end",))
    return "" if got == expects else f"expected {short(expects)}, got {short(got)}"


def run(port, cases):
    for case in cases:
        client = Client(port)
        note(case.section, case.name, converse(client, case))
        client.finish()


def compression(port, chance):
    """Messages packed with every window the peer may have; the host's come back packed without context."""
    words = [chance.randbytes(8) for _ in range(16)]
    for bits in (9, 10, 11, 12, 13, 14, 15):
        client = Client(port, f"permessage-deflate; client_max_window_bits={bits}, permessage-deflate")
        problem, large = "", 0
        for size in (0, 1, 16, 64, 255, 256, 1024, 4096, 16384, 65535, 65536, 131072):
            payload = b"".join(chance.choice(words) for _ in range(size // 8 + 1))[:size]
            for step in (None, max(size // 7, 1)):
                client.send(message(BINARY, deflate(payload, bits), step, rsv=4))
                got = client.receive()
                large += size >= 256
                if got != ("binary", payload):
                    problem = problem or f"{size} bytes in fragments of {step}: got {short([got])}"
        if not problem and client.packed != large:
            problem = f"{client.packed} answers came packed, expected {large}"
        note(12, f"packed with a window of {bits} bits, 0 to 131072 bytes, whole and in fragments", problem)
        client.finish()

    final = b"\xf3\x48\xcd\xc9\xc9\x07\x00"  # RFC 7692, 7.2.3.4: a block that ends the stream
    text = ("text", b"Hello")
    packed = deflate(b"Hello")
    rows_12 = [
        ("stored blocks (level 0)", frame(TEXT, deflate(b"Hello", level=0), rsv=4), [text]),
        ("a stream that ends within the message", frame(TEXT, final + b"\x00", rsv=4), [text]),
        ("an unpacked message where packing is agreed", frame(TEXT, b"Hello"), [text]),
        ("a packed one behind an unpacked one", frame(TEXT, b"Hello") + frame(TEXT, packed, rsv=4), [text, text]),
        ("a hundred packed ones at once", frame(TEXT, packed, rsv=4) * 100, [text] * 100),
        ("a ping between packed fragments", frame(TEXT, packed[:2], fin=False, rsv=4) + frame(PING, b"p") +
         frame(CONTINUATION, packed[2:]), [("pong", b"p"), text]),
        ("a continuation that says it is packed", frame(TEXT, packed[:2], fin=False, rsv=4) +
         frame(CONTINUATION, packed[2:], rsv=4), [("close", 1002)]),
        ("a ping that says it is packed", frame(PING, packed, rsv=4), [("close", 1002)]),
        ("other reserved bits", frame(TEXT, packed, rsv=6), [("close", 1002)]),
        ("packed bytes that are no stream", frame(BINARY, b"\xff\xff\xff", rsv=4), [("close", 1007)]),
        ("a packed text that is no UTF-8", frame(TEXT, deflate(b"\xed\xa0\x80"), rsv=4), [("close", 1007)]),
        ("a few KiB that unpack to more than the listener takes", frame(BINARY, deflate(bytes(16 << 20)), rsv=4),
         [("close", 1009)]),
    ]
    for name, sends, expects in rows_12:
        client = Client(port, "permessage-deflate")
        note(12, name, converse(client, Case(12, name, sends, expects)))
        client.finish()


def offers(port):
    """Which offers are taken, and that a connection works either way."""
    name, agreed = "permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    table = [
        (name, True), (name + "; client_max_window_bits", True), (name + "; client_max_window_bits=9", True),
        (name + "; server_no_context_takeover", True), (name + "; client_no_context_takeover", True),
        (name + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=15", True),
        (name + "; server_max_window_bits=15", True), (name + '; server_max_window_bits="15"', True),
        (name + "; server_max_window_bits=9", False), (name + "; server_max_window_bits=9, " + name, True),
        ("x-unknown, " + name, True), ("x-webkit-deflate-frame", False),
        (name + "; server_max_window_bits", False), (name + "; server_max_window_bits=7", False),
        (name + "; server_max_window_bits=16", False), (name + "; server_max_window_bits=015", False),
        (name + "; client_max_window_bits=16", False), (name + "; server_no_context_takeover=true", False),
        (name + "; server_no_context_takeover; server_no_context_takeover", False), (name + "; unknown", False),
    ]
    payload = b"without context, with context, without context; " * 20
    for offer, taken in table:
        client = Client(port, offer)
        problem = "" if client.agreed() == (agreed if taken else "") else f"answered {client.agreed()!r}"
        for _ in range(3):
            client.send(frame(TEXT, deflate(payload), rsv=4) if taken else frame(TEXT, payload))
            if client.receive() != ("text", payload):
                problem = problem or "the echo differs"
        if client.packed != (3 if taken else 0):
            problem = problem or f"{client.packed} of 3 answers came packed"
        note(13, f"the offer {offer} is " + ("taken" if taken else "passed over"), problem)
        client.finish()


def main():
    seed = int(os.environ.get("GANTRY_SEED", random.randrange(2**32)))
    print("seed", seed, "(set GANTRY_SEED to repeat a run)")
    began = time.monotonic()
    with subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        ports, bytes_max = {}, 0
        for line in host.stdout:
            name, _, number = line.strip().partition(" ")
            if name == "ready":
                break
            if name == "payload_bytes_max":
                bytes_max = int(number)
            else:
                ports[name] = int(number)
        else:
            sys.exit("the host did not start")
        for section in (framing(), pings(), reserved_bits(), opcodes(), fragments(), texts(), fails_fast(), closings(),
                        sizes(bytes_max)):
            run(ports["ws"], section)
        compression(ports["ws_deflate"], random.Random(seed))
        offers(ports["ws_deflate"])
        host.stdin.close()
        ended = host.wait(timeout=20)
    print(f"{'section':<28}{'cases':>7}{'passed':>8}")
    for section, title in SECTIONS.items():
        problems = [problem for number, _, problem in rows if number == section]
        print(f"{section:>2} {title:<25}{len(problems):>7}{problems.count(''):>8}")
    failed = sum(1 for row in rows if row[2])
    print(f"{len(rows)} cases, {failed} failed, {time.monotonic() - began:.1f} s")
    sys.exit(1 if failed or ended != 0 else 0)


main()
