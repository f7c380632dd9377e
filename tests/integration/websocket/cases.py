"""The table: what is sent, and what must come back, by the sections that test suites of RFC 6455 have."""
from collections import namedtuple

from client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, frame, message

# `sends` is written in pieces of `piece_bytes`; then `expects` must come, in this order and nothing else. Where it does
# not end in a close, the client closes with 1000.
Case = namedtuple("Case", "section name sends expects piece_bytes", defaults=(None,))

REFUSED = [("close", 1002)]
BAD_TEXT = [("close", 1007)]


def kind(opcode):
    return "text" if opcode == TEXT else "binary"


def framing():
    sizes = [0, 125, 126, 127, 128, 65535, 65536]
    for opcode in (TEXT, BINARY):
        for size in sizes:
            payload = (b"*" if opcode == TEXT else b"\xfe") * size
            yield Case(1, f"{kind(opcode)} of {size}", frame(opcode, payload), [(kind(opcode), payload)])
            pieces = (1, 997) if size < 1000 else (997, 4096)
            for piece in pieces:
                yield Case(1, f"{kind(opcode)} of {size}, written {piece} bytes at a time", frame(opcode, payload),
                           [(kind(opcode), payload)], piece)
    for size, form in ((5, 16), (125, 64), (200, 64), (65535, 64)):
        yield Case(1, f"a length of {size} in {form} bits is not minimal",
                   frame(BINARY, b"x" * size, length_form=form), REFUSED)
    yield Case(1, "a frame without a mask", frame(TEXT, b"x", masked=False), REFUSED)


def pings():
    for payload in (b"", b"Hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125):
        yield Case(2, f"a ping of {len(payload)} bytes", frame(PING, payload), [("pong", payload)])
    yield Case(2, "a ping of 126 bytes is refused", frame(PING, b"\xfe" * 126), REFUSED)
    yield Case(2, "a ping of 125 bytes, byte by byte", frame(PING, b"\xfe" * 125), [("pong", b"\xfe" * 125)], 1)
    yield Case(2, "a pong nobody asked for", frame(PONG), [])
    yield Case(2, "a pong nobody asked for, with a payload", frame(PONG, b"unasked"), [])
    yield Case(2, "a pong nobody asked for, then a ping", frame(PONG, b"unasked") + frame(PING, b"p"), [("pong", b"p")])
    ten = [b"payload-%d" % i for i in range(10)]
    for piece in (None, 1):
        yield Case(2, "ten pings, each answered in order" + (", byte by byte" if piece else ""),
                   b"".join(frame(PING, each) for each in ten), [("pong", each) for each in ten], piece)


def reserved_bits():
    for rsv in range(1, 8):
        for opcode, payload in ((TEXT, b"Hello"), (BINARY, b"\x00"), (PING, b"p"), (CLOSE, close_payload(1000))):
            yield Case(3, f"reserved bits {rsv:03b} on opcode {opcode}", frame(opcode, payload, rsv=rsv), REFUSED)
    good = frame(TEXT, b"good")
    bad = frame(TEXT, b"bad", rsv=5) + frame(PING)
    for piece in (None, 1):
        yield Case(3, "a good text, then one with reserved bits" + (", byte by byte" if piece else ""), good + bad,
                   [("text", b"good")] + REFUSED, piece)


def opcodes():
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        for payload in (b"", b"p"):
            yield Case(4, f"opcode {opcode} with {len(payload)} bytes", frame(opcode, payload) + frame(PING), REFUSED)
        yield Case(4, f"a good text, then opcode {opcode}", frame(TEXT, b"good") + frame(opcode, b"x") + frame(PING),
                   [("text", b"good")] + REFUSED)
        yield Case(4, f"a good text, then opcode {opcode}, byte by byte", frame(TEXT, b"good") + frame(opcode, b"x"),
                   [("text", b"good")] + REFUSED, 1)


def fragments():
    first, last = frame(TEXT, b"frag1", fin=False), frame(CONTINUATION, b"frag2")
    middle = frame(CONTINUATION, b"frag+", fin=False)
    ping, pong = frame(PING, b"ping"), ("pong", b"ping")
    whole, stray = ("text", b"frag1frag2"), frame(CONTINUATION, b"stray")
    rows = [
        ("a ping in two fragments", frame(PING, b"frag1", fin=False) + last, REFUSED),
        ("a pong in two fragments", frame(PONG, b"frag1", fin=False) + last, REFUSED),
        ("a close in two fragments", frame(CLOSE, close_payload(1000), fin=False) + last, REFUSED),
        ("a text in two fragments", first + last, [whole]),
        ("a text in two fragments with a ping between", first + ping + last, [pong, whole]),
        ("a text in two fragments with an empty ping between", first + frame(PING) + last, [("pong", b""), whole]),
        ("a text in three fragments with pings between", first + ping + middle + ping + last,
         [pong, pong, ("text", b"frag1frag+frag2")]),
        ("fragments with an unasked pong between", first + frame(PONG, b"x") + last, [whole]),
        ("empty fragments", frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION),
         [("text", b"")]),
        ("one empty fragment at the end", first + frame(CONTINUATION), [("text", b"frag1")]),
        ("a continuation with nothing to continue", stray + frame(TEXT, b"x"), REFUSED),
        ("an unfinished continuation with nothing to continue", frame(CONTINUATION, b"x", fin=False), REFUSED),
        ("a continuation after a whole text", frame(TEXT, b"whole") + stray, [("text", b"whole")] + REFUSED),
        ("a continuation after a finished one", first + last + stray, [whole] + REFUSED),
        ("an unfinished continuation, then a text", frame(CONTINUATION, b"x", fin=False) + frame(TEXT, b"y"), REFUSED),
        ("a new text within a text", first + frame(TEXT, b"new"), REFUSED),
        ("a new binary within a text", first + frame(BINARY, b"new"), REFUSED),
        ("five fragments with pings, then a text within the next",
         first + ping + middle + ping + last + first + frame(TEXT, b"new"),
         [pong, pong, ("text", b"frag1frag+frag2")] + REFUSED),
        ("binary fragments keep their kind", frame(BINARY, b"\x00", fin=False) + frame(CONTINUATION, b"\xff"),
         [("binary", b"\x00\xff")]),
    ]
    for name, sends, expects in rows:
        yield Case(5, name, sends, expects)
        yield Case(5, name + ", byte by byte", sends, expects, 1)


def closings():
    hello, goodbye = frame(TEXT, b"Hello"), frame(CLOSE, close_payload(1000))
    closed = [("close", 1000)]
    yield Case(7, "a message, then a close", hello + goodbye, [("text", b"Hello")] + closed)
    yield Case(7, "two closes", goodbye + goodbye, closed)
    yield Case(7, "a close, then a ping", goodbye + frame(PING), closed)
    yield Case(7, "a close, then a message", goodbye + hello, closed)
    yield Case(7, "a close within a message, then its rest",
               frame(TEXT, b"frag1", fin=False) + goodbye + frame(CONTINUATION, b"frag2"), closed)
    big = b"BAsd7&jh23" * 26214
    yield Case(7, "a large message, a close, then a ping", frame(TEXT, big) + goodbye + frame(PING),
               [("text", big)] + closed)
    yield Case(7, "a close, then bytes that are no frame", goodbye + b"\xff\xff\xff", closed)
    yield Case(7, "an empty close", frame(CLOSE), [("close", None)])
    yield Case(7, "a close of one byte", frame(CLOSE, b"a"), REFUSED)
    yield Case(7, "a close with a code", goodbye, closed)
    for reason in (b"Hello World!", b"*" * 123, "grüße".encode()):
        yield Case(7, f"a close with a reason of {len(reason)} bytes", frame(CLOSE, close_payload(1000, reason)), closed)
    yield Case(7, "a close with a reason of 124 bytes", frame(CLOSE, close_payload(1000, b"*" * 124)), REFUSED)
    bad = "κόσμε".encode() + b"\xed\xa0\x80edited"
    yield Case(7, "a close whose reason is no UTF-8", frame(CLOSE, close_payload(1000, bad)), BAD_TEXT)
    yield Case(7, "a close whose reason ends within a character", frame(CLOSE, close_payload(1000, b"\xc3")), BAD_TEXT)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        yield Case(7, f"code {code} may be sent", frame(CLOSE, close_payload(code)), [("close", code)])
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        for reason in (b"", b"reason"):
            yield Case(7, f"code {code} may not be sent, with a reason of {len(reason)}",
                       frame(CLOSE, close_payload(code, reason)), REFUSED)


def sizes(bytes_max):
    """Up to what the listener takes."""
    for opcode in (TEXT, BINARY):
        unit = b"BAsd7&jh23" if opcode == TEXT else b"\x00\xfe\x23\xfa\xf0"
        for size in (1 << 16, 1 << 18, 1 << 20, 1 << 22, bytes_max):
            payload = (unit * (size // len(unit) + 1))[:size]
            yield Case(9, f"{kind(opcode)} of {size}", frame(opcode, payload), [(kind(opcode), payload)])
        for size, step in ((1 << 20, 1024), (1 << 20, 4096), (1 << 22, 1 << 14), (1 << 22, 1 << 16), (1 << 22, 1 << 20)):
            payload = (unit * (size // len(unit) + 1))[:size]
            yield Case(9, f"{kind(opcode)} of {size} in fragments of {step}", message(opcode, payload, step),
                       [(kind(opcode), payload)])
        payload = (unit * (1 << 20))[:1 << 20]
        for piece in (512, 2048, 65536):
            yield Case(9, f"{kind(opcode)} of {len(payload)}, written {piece} bytes at a time", frame(opcode, payload),
                       [(kind(opcode), payload)], piece)
        yield Case(9, f"{kind(opcode)} of one byte more than the listener takes", frame(opcode, b"*" * (bytes_max + 1)),
                   [("close", 1009)])
        yield Case(9, f"{kind(opcode)} that announces 2 GiB", frame(opcode, b"")[:1] + b"\xff" +
                   (2 << 30).to_bytes(8, "big") + b"mask", [("close", 1009)])
    for size in (0, 16, 64, 256, 1024, 4096):
        each = b"*" * size
        yield Case(9, f"200 texts of {size} at once", frame(TEXT, each) * 200, [("text", each)] * 200)
    yield Case(10, "64 KiB in fragments of 1300", message(TEXT, b"*" * 65536, 1300), [("text", b"*" * 65536)])
