"""WebSocket frames, cut into pieces in every way, and bytes that are no frames.

``corpus/`` holds streams of bytes in hexadecimal, one a file. The fuzzer changes them at random,
but the same way in each run.
"""

import itertools
from pathlib import Path
from random import Random

import pytest

from chat.transport import frames
from chat.transport.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, FrameError, Parser

LONGEST = 70_000
CORPUS = {path.stem: path for path in sorted((Path(__file__).parent / "corpus").glob("*.hex"))}
#: Changed versions of each stream of the corpus.
MUTANTS = 150


def sent(opcode, payload, fin=True, mask=b"\x9a\x01\xff\x37", reserved=0):
    """A frame as a client sends it, in its shortest form."""
    body = payload.encode() if isinstance(payload, str) else payload
    size = len(body)
    head = bytes([(0x80 if fin else 0) | reserved | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65_536:
        head += b"\xfe" + size.to_bytes(2)
    else:
        head += b"\xff" + size.to_bytes(8)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))


def read(stream, *cuts):
    """What a parser makes of it, cut at these places: messages, at last the code of an error."""
    parser, found = Parser(LONGEST), []
    places = [0, *cuts, len(stream)]
    try:
        for start, end in itertools.pairwise(places):
            found += parser.feed(stream[start:end])
    except FrameError as error:
        found += [*error.before, error.code]
    return found


def expected(stream):
    """The same, by a reader that has everything before it and takes its time."""
    found, kind, parts, at = [], 0, b"", 0
    while True:
        head = stream[at : at + 2]
        if len(head) < 2:
            return found
        fin, reserved, opcode = head[0] >> 7, head[0] >> 4 & 7, head[0] & 15
        size, wide = head[1] & 127, {126: 2, 127: 8}.get(head[1] & 127, 0)
        known = wide == 0 or len(stream) >= at + 2 + wide
        if wide:
            size = int.from_bytes(stream[at + 2 : at + 2 + wide]) if known else 126
        control = opcode >= 8
        if (
            reserved
            or not head[1] >> 7
            or opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
            or (control and (not fin or size > 125))
            or (not control and (opcode == CONTINUATION) != bool(kind))
        ):
            return [*found, frames.PROTOCOL_ERROR]
        if not control and len(parts) + size > LONGEST:
            return [*found, frames.TOO_LONG]
        begin = at + 6 + wide
        if not known or len(stream) < begin + size:
            return found
        mask = stream[begin - 4 : begin]
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(stream[begin : begin + size]))
        at = begin + size
        if control:
            code = int.from_bytes(body[:2]) if body else 1000
            good = code in (1000, 1001, 1002, 1003, *range(1007, 1015)) or 3000 <= code <= 4999
            if opcode == CLOSE and (len(body) == 1 or not good):
                return [*found, frames.PROTOCOL_ERROR]
            if opcode == CLOSE and not is_utf8(body[2:]):
                return [*found, frames.NOT_UTF8]
            found.append((opcode, body))
            continue
        kind, parts = kind or opcode, parts + body
        if fin:
            if kind == TEXT and not is_utf8(parts):
                return [*found, frames.NOT_UTF8]
            found.append((kind, parts.decode() if kind == TEXT else parts))
            kind, parts = 0, b""


def is_utf8(body):
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


#: Whole streams, and what they say.
STREAMS = {
    "nothing": (b"", []),
    "empty text": (sent(TEXT, ""), [(TEXT, "")]),
    "Hangul": (sent(TEXT, "안녕하세요 🧩"), [(TEXT, "안녕하세요 🧩")]),
    "two": (sent(TEXT, "a") + sent(BINARY, b"\0\xff"), [(TEXT, "a"), (BINARY, b"\0\xff")]),
    "125 bytes": (sent(TEXT, "x" * 125), [(TEXT, "x" * 125)]),
    "126 bytes": (sent(TEXT, "x" * 126), [(TEXT, "x" * 126)]),
    "a letter in two fragments": (
        sent(TEXT, "가".encode()[:1], fin=False) + sent(CONTINUATION, "가".encode()[1:]),
        [(TEXT, "가")],
    ),
    "ping between fragments": (
        sent(TEXT, "a", fin=False) + sent(PING, "now") + sent(CONTINUATION, "b"),
        [(PING, b"now"), (TEXT, "ab")],
    ),
    "empty fragments": (
        sent(BINARY, b"", fin=False) + sent(CONTINUATION, b"", fin=False) + sent(CONTINUATION, b""),
        [(BINARY, b"")],
    ),
    "pong that nobody asked for": (sent(PONG, "x" * 125), [(PONG, b"x" * 125)]),
    "close without a code": (sent(CLOSE, b""), [(CLOSE, b"")]),
    "close with a reason": (sent(CLOSE, b"\x03\xe8bye"), [(CLOSE, b"\x03\xe8bye")]),
    "close of an application": (sent(CLOSE, b"\x0f\xa0"), [(CLOSE, b"\x0f\xa0")]),
    "mask of zeros": (sent(TEXT, "plain", mask=b"\0\0\0\0"), [(TEXT, "plain")]),
    "lengths in too long a form": (b"\x81\xfe\0\x01\0\0\0\0a", [(TEXT, "a")]),
}
LONG_STREAMS = {
    "65,535 bytes": (sent(TEXT, "x" * 65_535), [(TEXT, "x" * 65_535)]),
    "65,536 bytes": (sent(BINARY, b"x" * 65_536), [(BINARY, b"x" * 65_536)]),
    "as long as may be": (sent(TEXT, "x" * LONGEST), [(TEXT, "x" * LONGEST)]),
    "as long as may be, in fragments": (
        sent(TEXT, "x" * (LONGEST - 1), fin=False) + sent(CONTINUATION, "y"),
        [(TEXT, "x" * (LONGEST - 1) + "y")],
    ),
}
BROKEN = {
    "unmasked": (b"\x81\x01a", frames.PROTOCOL_ERROR),
    **{
        f"reserved bit {bit:#x}": (sent(TEXT, "a", reserved=bit), frames.PROTOCOL_ERROR)
        for bit in (0x40, 0x20, 0x10)
    },
    **{
        f"opcode {opcode:#x}": (sent(opcode, ""), frames.PROTOCOL_ERROR)
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    },
    "ping in fragments": (sent(PING, "a", fin=False), frames.PROTOCOL_ERROR),
    "long ping": (sent(PING, "x" * 126), frames.PROTOCOL_ERROR),
    "continuation of nothing": (sent(CONTINUATION, "a"), frames.PROTOCOL_ERROR),
    "text within text": (sent(TEXT, "a", fin=False) + sent(TEXT, "b"), frames.PROTOCOL_ERROR),
    "half a close code": (sent(CLOSE, b"\x03"), frames.PROTOCOL_ERROR),
    **{
        f"close code {code}": (sent(CLOSE, code.to_bytes(2)), frames.PROTOCOL_ERROR)
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535)
    },
    "close for a reason that is not UTF-8": (sent(CLOSE, b"\x03\xe8\xff"), frames.NOT_UTF8),
    "text that is not UTF-8": (sent(TEXT, b"\xff"), frames.NOT_UTF8),
    "half a surrogate pair": (sent(TEXT, b"\xed\xa0\x80"), frames.NOT_UTF8),
    "a letter that is never ended": (
        sent(TEXT, b"\xea", fin=False) + sent(CONTINUATION, "a"),
        frames.NOT_UTF8,
    ),
    "a byte too long": (sent(TEXT, "x" * (LONGEST + 1)), frames.TOO_LONG),
    "a byte too long, in fragments": (
        sent(TEXT, "x" * LONGEST, fin=False) + sent(CONTINUATION, "y"),
        frames.TOO_LONG,
    ),
    "2**63 bytes": (b"\x81\xff" + (2**63).to_bytes(8), frames.TOO_LONG),
}


@pytest.mark.parametrize("stream, messages", STREAMS.values(), ids=STREAMS.keys())
def test_a_stream_means_the_same_however_it_is_cut(stream, messages):
    assert expected(stream) == messages
    assert read(stream, *range(1, len(stream))) == messages
    for first in range(len(stream) + 1):
        for second in range(first, len(stream) + 1):
            assert read(stream, first, second) == messages


@pytest.mark.parametrize("stream, messages", LONG_STREAMS.values(), ids=LONG_STREAMS.keys())
def test_a_long_stream_means_the_same_in_small_pieces(stream, messages):
    assert read(stream) == messages
    assert read(stream, *range(1, 20), *range(20, len(stream), 1000)) == messages


@pytest.mark.parametrize("stream, code", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_websocket_ends_it(stream, code):
    good = sent(TEXT, "before")
    for cuts in ((), range(1, min(200, len(good + stream)))):
        assert read(good + stream + good, *cuts) == [(TEXT, "before"), code]


def test_a_frame_that_is_too_long_is_not_waited_for():
    assert read(b"\x82\xff" + (LONGEST + 1).to_bytes(8)) == [frames.TOO_LONG]
    with pytest.raises(FrameError):
        parser = Parser(1000)
        for _ in range(1001):
            # Empty ones, which would never come to an end.
            parser.feed(sent(CONTINUATION if parser._kind else TEXT, "", fin=False))


@pytest.mark.parametrize("path", CORPUS.values(), ids=CORPUS.keys())
def test_changed_at_random_it_is_read_as_the_standard_says(path):
    original = bytes.fromhex(path.read_text())
    dice = Random(path.stem)
    for _ in range(MUTANTS):
        stream = mutated(dice, original)
        cuts = sorted(dice.randrange(len(stream) + 1) for _ in range(dice.randrange(6)))
        assert read(stream, *cuts) == expected(stream), stream.hex()


def mutated(dice, stream):
    """Up to four changes: bytes turned, left out, doubled, put in, and the end cut off."""
    changed = bytearray(stream)
    for _ in range(dice.randrange(5)):
        at, size = dice.randrange(len(changed) + 1), dice.randrange(9)
        change = dice.randrange(5)
        if change == 0 and at < len(changed):
            changed[at] ^= 1 << dice.randrange(8)
        elif change == 1:
            del changed[at : at + size]
        elif change == 2:
            changed[at:at] = changed[at : at + size]
        elif change == 3:
            changed[at:at] = dice.randbytes(size)
        else:
            del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_what_the_server_sends_a_client_can_read(size):
    websocket = pytest.importorskip("websocket")
    payload = b"x" * size
    buffer = bytearray(frames.frame(BINARY, payload) + frames.close_frame(1009, "too long"))

    def receive(count):
        taken = bytes(buffer[:count])
        del buffer[:count]
        return taken

    reader = websocket._abnf.frame_buffer(receive, skip_utf8_validation=False)
    whole, close = reader.recv_frame(), reader.recv_frame()
    assert (whole.opcode, whole.data, whole.fin, whole.mask_value) == (BINARY, payload, 1, 0)
    assert (close.opcode, close.data) == (CLOSE, b"\x03\xf1too long")


def test_no_more_is_read_at_once_than_asked_for():
    parser = Parser(LONGEST)
    stream = b"".join(sent(TEXT, str(i)) for i in range(100))
    found = parser.feed(stream + sent(TEXT, "last")[:3], 40)
    assert (len(found), parser.taken, parser.has_more) == (40, 40, True)
    found += parser.feed(b"", 40)
    assert (len(found), parser.taken, parser.has_more) == (80, 40, True)
    found += parser.feed(sent(TEXT, "last")[3:], 40)
    assert (parser.taken, parser.has_more, parser.partial_bytes) == (21, False, 0)
    assert found == [(TEXT, str(i)) for i in range(100)] + [(TEXT, "last")]
