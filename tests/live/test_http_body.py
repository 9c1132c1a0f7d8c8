"""Chunked bodies are decoded in any pieces, and are limited in every form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.transport.http_body import OVERHEAD_MAX, Chunks
from chat.transport.http_refusal import Refused
from chat.transport.http_rules import BODY_MAX


def decode(data, size=None):
    """The body and what follows it, or ``None`` if it is not whole."""
    chunks = Chunks()
    size = size or max(1, len(data))
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        rest = chunks.feed(piece)
        if rest is not None:
            return bytes(chunks.body), rest + data[at + len(piece) :]
    return None


@given(
    parts=st.lists(st.binary(min_size=1, max_size=40), max_size=8), size=st.integers(1, 60)
)  # fmt: skip
def test_a_body_is_the_same_in_whatever_chunks_and_pieces(parts, size):
    sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    assert decode(sent + b"0\r\n\r\nbehind", size) == (b"".join(parts), b"behind")
    assert decode(sent + b"0\r\n", size) is None


@pytest.mark.parametrize("size", [None, 1])
def test_extensions_and_trailers_are_read_and_dropped(size):
    sent = b'3 ; a=b;c="d\\"e"\r\nabc\r\n000;x\r\nX-Sum: 7\r\nY:\r\n\r\nbehind'
    assert decode(sent, size) == (b"abc", b"behind")


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"zz\r\n", 400),
        (b"\r\n", 400),
        (b"-1\r\n", 400),
        (b"0x3\r\nabc\r\n", 400),
        (b" 3\r\nabc\r\n", 400),
        (b"3 \r\nabc\r\n", 400),
        (b"3\nabc\r\n", 400),
        (b"3\r\nabcd\r\n", 400),
        (b"3\r\nabc\n", 400),
        (b"3\r\nabc0\r\n\r\n", 400),
        (b"3;\0\r\nabc\r\n", 400),
        (b"3;a\rb\r\nabc\r\n", 400),
        (b"0\r\nContent-Length: 5\r\n\r\n", 400),
        (b"0\r\nno colon\r\n\r\n", 400),
        (b"0\r\nX: a\nY: b\r\n\r\n", 400),
        (b"0\r\n folded\r\n\r\n", 400),
        (b"40001\r\n", 413),
        (b"40000\r\n" + b"a" * BODY_MAX + b"\r\n1\r\n", 413),
        (b"ffffffff\r\n", 413),
        (b"fffffffff\r\n", 400),
        (b"3;" + b"a" * 2000, 400),
        (b"1\r\na\r\n" * 20_000, 400),
        (b"0\r\n" + b"X: y\r\n" * (OVERHEAD_MAX // 6 + 1), 400),
    ],
)
def test_what_is_malformed_or_too_long_is_refused_before_it_is_all_there(sent, status, size):
    with pytest.raises(Refused) as refused:
        decode(sent, size)
    assert refused.value.status == status
