"""Speaks to the shard with clients that are not ours: python3-websockets and plain sockets."""
import asyncio
import os
import random
import socket
import struct
import subprocess
import sys

try:
    import websockets
except ImportError:
    print("SKIPPED: python3-websockets is not installed for", sys.executable)
    sys.exit(77)

seed = int(os.environ.get("GANTRY_SEED", random.randrange(2**32)))
print("seed", seed, "(set GANTRY_SEED to repeat a run)")
chance = random.Random(seed)


def start(program):
    server = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ports = {}
    for line in server.stdout:
        if line.strip() == "ready":
            return server, ports
        name, port = line.split()
        ports[name] = int(port)
    sys.exit("the server did not start")


def check(what, held):
    print("ok  " if held else "FAIL", what)
    if not held:
        sys.exit(1)


def url(port, path="/play"):
    return f"ws://127.0.0.1:{port}{path}"


async def echoes(ports):
    for name in ("ws", "ws_deflate"):
        deflate = "deflate" if name == "ws_deflate" else None
        async with websockets.connect(url(ports[name]), subprotocols=["x", "gantry.1"], compression=deflate,
                                      max_size=None) as client:
            check(name + " chooses the common subprotocol", client.subprotocol == "gantry.1")
            check(name + " agrees on deflate as configured", bool(client.extensions) == (deflate is not None))
            messages = ["text", "", "grüße ✓ 𝄞", b"", b"\x00\xff" * 1000, "long " * 100_000,
                        chance.randbytes(3_000_000)]
            for message in messages:
                await client.send(message)
                check(f"{name} echoes {type(message).__name__} of {len(message)}", await client.recv() == message)
            await client.send(["in ", "several ", "fragments"])
            check(name + " joins fragments", await client.recv() == "in several fragments")
            for number in range(500):
                await client.send(str(number))
            answers = [await client.recv() for _ in range(500)]
            check(name + " keeps the order", answers == [str(number) for number in range(500)])
            await asyncio.wait_for(await client.ping(b"are you there"), 10)
            check(name + " answers a ping", True)
        check(name + " closes with 1000", client.close_code == 1000)


async def refusals(ports):
    for path, status in (("/other", 404),):
        try:
            await websockets.connect(url(ports["ws"], path))
            check("a wrong path is refused", False)
        except websockets.exceptions.InvalidStatusCode as refused:
            check("a wrong path is refused with 404", refused.status_code == status)
    async with websockets.connect(url(ports["ws_gantry"])) as client:
        frame = struct.pack("<IHBBI", 4, 7, 1, 0, 99) + b"move"
        await client.send(frame)
        check("a gantry frame comes back in one message", await client.recv() == frame)
        await client.send("text")
        try:
            await client.recv()
            check("text is refused where binary is spoken", False)
        except websockets.exceptions.ConnectionClosed as closed:
            check("text is refused with 1003", closed.code == 1003)
    async with websockets.connect(url(ports["ws"]), max_size=None) as client:
        try:
            await client.send(bytes(10 << 20))
            await client.recv()
            check("too large a message is refused", False)
        except websockets.exceptions.ConnectionClosed as closed:
            check("too large a message is refused with 1009", closed.code == 1009)


def tcp(port):
    frames = [struct.pack("<IHBBI", size, number, 0, 0, number) + chance.randbytes(size)
              for number, size in enumerate([0, 1, 11, 12, 13, 1000, 65536, 70000, 2_000_000])]
    wire = b"".join(frames)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        sent, back = 0, b""
        client.setblocking(False)
        while len(back) < len(wire):
            try:
                if sent < len(wire):
                    sent += client.send(wire[sent:sent + chance.randrange(1, 100_000)])
                back += client.recv(1 << 20)
            except BlockingIOError:
                pass
        check("tcp echoes frames cut anywhere", back == wire)


server, ports = start(sys.argv[1])
try:
    tcp(ports["tcp"])
    asyncio.run(echoes(ports))
    asyncio.run(refusals(ports))
    server.stdin.close()
    check("the server ends in order", server.wait(timeout=20) == 0)
finally:
    server.kill()
