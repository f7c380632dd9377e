"""The table's section 6: which bytes are text, whole, in fragments, and as soon as the first bad byte is there."""
from cases import BAD_TEXT, Case
from client import CONTINUATION, TEXT, frame, message

KOSME = "κόσμε".encode()

# From the well-known stress test of UTF-8 decoders.
GOOD = {
    "a Greek word": KOSME,
    "the first character of 1 byte": b"\x00",
    "the first character of 2 bytes": b"\xc2\x80",
    "the first character of 3 bytes": b"\xe0\xa0\x80",
    "the first character of 4 bytes": b"\xf0\x90\x80\x80",
    "the last character of 1 byte": b"\x7f",
    "the last character of 2 bytes": b"\xdf\xbf",
    "the last character of 3 bytes": b"\xef\xbf\xbf",
    "the last character of all": b"\xf4\x8f\xbf\xbf",
    "the last one before the surrogates": b"\xed\x9f\xbf",
    "the first one behind the surrogates": b"\xee\x80\x80",
    "the replacement character": b"\xef\xbf\xbd",
    **{f"the non-character U+{plane:X}{low}": chr(plane << 16 | int(low, 16)).encode()
       for plane in range(17) for low in ("FFFE", "FFFF")},
    **{f"the special U+{point:X}": chr(point).encode() for point in range(0xFFF9, 0xFFFE)},
}
BAD = {
    "the first of 5 bytes": b"\xf8\x88\x80\x80\x80",
    "the first of 6 bytes": b"\xfc\x84\x80\x80\x80\x80",
    "the last of 4 bytes by form": b"\xf7\xbf\xbf\xbf",
    "the last of 5 bytes": b"\xfb\xbf\xbf\xbf\xbf",
    "the last of 6 bytes": b"\xfd\xbf\xbf\xbf\xbf\xbf",
    "one above the last of all": b"\xf4\x90\x80\x80",
    "the first continuation byte alone": b"\x80",
    "the last continuation byte alone": b"\xbf",
    **{f"{count} continuation bytes alone": (b"\x80\xbf" * 4)[:count] for count in range(2, 8)},
    "all 64 continuation bytes": bytes(range(0x80, 0xC0)),
    "all starts of 2 bytes, a space behind each": b"".join(bytes([b, 32]) for b in range(0xC0, 0xE0)),
    "all starts of 3 bytes, a space behind each": b"".join(bytes([b, 32]) for b in range(0xE0, 0xF0)),
    "all starts of 4 bytes, a space behind each": b"".join(bytes([b, 32]) for b in range(0xF0, 0xF8)),
    "all starts of 5 bytes, a space behind each": b"".join(bytes([b, 32]) for b in range(0xF8, 0xFC)),
    "all starts of 6 bytes, a space behind each": b"".join(bytes([b, 32]) for b in range(0xFC, 0xFE)),
    **{f"{whole.hex()} without its last byte": whole[:-1] for whole in (
        b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf")},
    "incomplete ones in a row": b"\xc2\xe0\xa0\xf0\x90\x80\xdf\xef\xbf",
    "the byte FE": b"\xfe", "the byte FF": b"\xff", "the bytes FE FE FF FF": b"\xfe\xfe\xff\xff",
    **{f"an overlong slash in {len(form)} bytes": form for form in (
        b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf")},
    **{f"the largest overlong form of {len(form)} bytes": form for form in (
        b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xf8\x87\xbf\xbf\xbf", b"\xfc\x83\xbf\xbf\xbf\xbf")},
    **{f"an overlong zero in {len(form)} bytes": form for form in (
        b"\xc0\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xf8\x80\x80\x80\x80", b"\xfc\x80\x80\x80\x80\x80")},
    **{f"the surrogate U+{point:X}": chr(point).encode("utf-8", "surrogatepass")
       for point in (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)},
    **{f"the surrogates U+{high:X} U+{low:X}": (chr(high) + chr(low)).encode("utf-8", "surrogatepass")
       for high in (0xD800, 0xDB7F, 0xDB80, 0xDBFF) for low in (0xDC00, 0xDFFF)},
}


def is_text(payload):
    try:
        payload.decode()
        return True
    except UnicodeDecodeError:
        return False


def texts():
    yield Case(6, "an empty text", frame(TEXT), [("text", b"")])
    for table, expects_text in ((GOOD, True), (BAD, False)):
        for name, payload in table.items():
            expects = [("text", payload)] if expects_text else BAD_TEXT
            yield Case(6, name, frame(TEXT, payload), expects)
            yield Case(6, name + ", a fragment for each byte", message(TEXT, payload, 1), expects)
            yield Case(6, name + ", between good text", frame(TEXT, b"a" + payload + b"b"),
                       [("text", b"a" + payload + b"b")] if expects_text else BAD_TEXT)
    long = ("Hello-µ@ßöäüàá-UTF-8!!" * 10).encode()
    for step in (1, 2, 3, 100):
        yield Case(6, f"a long text in fragments of {step}", message(TEXT, long, step), [("text", long)])
    for count in range(1, len(KOSME) + 1):
        payload = KOSME[:count]
        yield Case(6, f"the first {count} bytes of a Greek word", frame(TEXT, payload),
                   [("text", payload)] if is_text(payload) else BAD_TEXT)


def fails_fast():
    """What is sent here never ends: only the bytes themselves can bring the refusal."""
    bad = b"\xf4\x90"
    yield Case(6, "fails fast: at the fragment with the bad byte",
               frame(TEXT, KOSME, fin=False) + frame(CONTINUATION, b"\xf4\x90\x80\x80", fin=False), BAD_TEXT)
    yield Case(6, "fails fast: at the fragment that makes it bad",
               frame(TEXT, KOSME + b"\xf4", fin=False) + frame(CONTINUATION, b"\x90", fin=False), BAD_TEXT)
    whole = frame(TEXT, KOSME + bad + b"\x80\x80edited")
    upto_bad = whole[:len(whole) - len(b"\x80\x80edited")]
    for piece in (None, 1):
        yield Case(6, "fails fast: within a frame" + (", byte by byte" if piece else ""), upto_bad, BAD_TEXT, piece)
    second = frame(CONTINUATION, b"\x90" + b"x" * 500)
    yield Case(6, "fails fast: within a frame, at the first byte of a continuation",
               frame(TEXT, KOSME + b"\xf4", fin=False) + second[:len(second) - 500], BAD_TEXT)
    large = frame(TEXT, b"x" * 40_000 + bad + b"x" * 1000)
    yield Case(6, "fails fast: deep in a frame", large[:len(large) - 1000], BAD_TEXT, 997)
