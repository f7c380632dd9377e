"""A WebSocket client made of bytes: sends any frame, also wrong ones, in any pieces, and tells what came back."""
import base64
import os
import socket
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NAMES = {TEXT: "text", BINARY: "binary", PING: "ping", PONG: "pong"}


def mask(payload, key):
    if not payload:
        return b""
    size = len(payload)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, length_form=None):
    """One frame. `rsv` is three bits, the first of them 4; `length_form` forces 7, 16 or 64 bits of length."""
    size = len(payload)
    form = length_form or (7 if size < 126 else 16 if size < 65536 else 64)
    top = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if form == 7:
        head += bytes([top | size])
    elif form == 16:
        head += bytes([top | 126]) + struct.pack(">H", size)
    else:
        head += bytes([top | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = b"\x37\xfa\x21\x3d"
    return head + key + mask(payload, key)


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


def message(opcode, payload, fragment_bytes=None, rsv=0):
    """One message, in fragments of at most so many bytes."""
    step = fragment_bytes or max(len(payload), 1)
    parts = [payload[at:at + step] for at in range(0, len(payload), step)] or [b""]
    last = len(parts) - 1
    return b"".join(frame(opcode if i == 0 else CONTINUATION, part, i == last, rsv if i == 0 else 0)
                    for i, part in enumerate(parts))


def deflate(payload, window_bits=15, level=6):
    """As permessage-deflate packs a message without context takeover."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -window_bits)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflate(payload):
    return zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")


class Client:
    def __init__(self, port, extensions=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""
        self.packed = 0  # messages that came compressed
        key = base64.b64encode(os.urandom(16)).decode()
        offer = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
        self.socket.sendall((f"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{offer}\r\n").encode())
        while b"\r\n\r\n" not in self.unread:
            if not self._more():
                break
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        self.answer = head.decode()
        if not self.answer.startswith("HTTP/1.1 101 "):
            raise ConnectionError("no upgrade: " + self.answer)

    def agreed(self):
        for line in self.answer.split("\r\n"):
            if line.lower().startswith("sec-websocket-extensions:"):
                return line.partition(":")[2].strip()
        return ""

    def send(self, wire, piece_bytes=None):
        """False when the host had enough before all was sent."""
        step = piece_bytes or max(len(wire), 1)
        try:
            for at in range(0, len(wire), step):
                self.socket.sendall(wire[at:at + step])
        except ConnectionError:
            return False
        return True

    def _more(self):
        got = self.socket.recv(1 << 20)
        self.unread += got
        return bool(got)

    def _take(self, count):
        if len(self.unread) < count:
            parts, have = [self.unread], len(self.unread)
            while have < count:
                got = self.socket.recv(1 << 20)
                if not got:
                    return None
                parts.append(got)
                have += len(got)
            self.unread = b"".join(parts)
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken

    def receive(self):
        """The next thing that came: (kind, payload), ("close", code), ("end",), or ("wrong", why)."""
        try:
            head = self._take(2)
            if head is None:
                return ("wrong", "the stream ended within a frame") if self.unread else ("end",)
            size = head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(self._take(2 if size == 126 else 8) or b"", "big")
            payload = self._take(size)
        except ConnectionError:
            return ("reset",)
        except socket.timeout:
            return ("silence",)
        opcode, packed = head[0] & 0x0F, head[0] & 0x40
        if payload is None or not head[0] & 0x80 or head[0] & 0x30 or head[1] & 0x80:
            return ("wrong", f"head {head.hex()}")
        if opcode == CLOSE:
            return ("close", struct.unpack(">H", payload)[0] if payload else None)
        if packed:
            self.packed += 1
            payload = inflate(payload)
        return (NAMES.get(opcode, f"opcode {opcode}"), payload)

    def finish(self):
        self.socket.close()
