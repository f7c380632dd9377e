# A client of the frame format (proto/README.md) over TCP.
import socket
import struct

from host_process import PATIENCE_S

HEADER = struct.Struct("<IHBBI")
REQUEST, RESPONSE, ERROR = 1, 2, 4


class Refused(Exception):
    """An error reply."""


class Client:
    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.buffer = b""
        self.asked = 0

    def close(self):
        self.link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, message, payload, flags=0, correlation=0):
        self.link.sendall(HEADER.pack(len(payload), message, flags, 0, correlation) + payload)

    def receive(self):
        """(message id, flags, correlation id, payload); an end of the connection fails."""
        while True:
            if len(self.buffer) >= HEADER.size:
                size, message, flags, _, correlation = HEADER.unpack_from(self.buffer)
                if len(self.buffer) >= HEADER.size + size:
                    payload = self.buffer[HEADER.size:HEADER.size + size]
                    self.buffer = self.buffer[HEADER.size + size:]
                    return message, flags, correlation, payload
            part = self.link.recv(65536)
            if not part:
                raise AssertionError("the host closed the connection")
            self.buffer += part

    def ask(self, text, message=1):
        """The answer to a request; an error reply raises Refused with its sentence."""
        self.asked += 1
        self.send(message, text.encode(), REQUEST, self.asked)
        _, flags, correlation, payload = self.receive()
        if correlation != self.asked:
            raise AssertionError(f"an answer to {correlation}, where {self.asked} was asked")
        if flags & ERROR:
            raise Refused(payload[2:].decode())
        return payload.decode()
