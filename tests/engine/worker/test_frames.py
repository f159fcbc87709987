"""The frame codec: every message comes through, however its bytes arrive, and nothing else does."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.worker import frames
from hitpoint.engine.worker.frames import MOST_BYTES, MOST_DEPTH, Decoder, FrameError, encode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=4)


@given(MESSAGES, st.data())
def test_messages_come_through_however_their_bytes_are_cut(messages: list[Any], data: Any) -> None:
    stream = b"".join(map(encode, messages))
    decoder, found = Decoder(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += decoder.feed(stream[:size])
        stream = stream[size:]
    assert found == messages
    assert decoder.waiting == 0


@given(st.binary(min_size=frames._MOST_HEADER, max_size=4_096))
def test_garbage_is_an_error_and_never_a_message(data: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(FrameError):
        for _ in range(3):
            assert decoder.feed(data) == []


@pytest.mark.parametrize(
    "stream",
    [
        b"Content-Length: %d\r\n\r\n" % (MOST_BYTES + 1),
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Type: x\r\n\r\n{}",
        b"Content-Length: 2\r\n\r\n[]",
        b'Content-Length: 9\r\n\r\n{"a":NaN}',
        b"Content-Length: 3\r\n\r\n\xff\xfe\xfd",
        b"Content-Length: 4\r\n\r\n{{{{",
        b"x" * 600,
    ],
)
def test_what_is_no_message_is_refused(stream: bytes) -> None:
    with pytest.raises(FrameError):
        Decoder().feed(stream)


def test_a_message_too_deep_is_refused_before_it_is_parsed() -> None:
    def nested(depth: int) -> bytes:
        body = b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    assert len(Decoder().feed(nested(MOST_DEPTH))) == 1
    with pytest.raises(FrameError, match="levels deep"):
        Decoder().feed(nested(MOST_DEPTH + 1))
    with pytest.raises(FrameError, match="levels deep"):
        Decoder().feed(nested(100_000))


def test_brackets_inside_text_are_no_depth() -> None:
    message = {"text": '[{"\\' * 500}
    assert Decoder().feed(encode(message)) == [message]


def test_what_a_reader_would_refuse_is_not_written() -> None:
    deep: dict[str, Any] = {}
    for _ in range(MOST_DEPTH):
        deep = {"a": deep}
    for message in ({"a": "x" * MOST_BYTES}, {"a": float("nan")}, {"a": object()}, deep):
        with pytest.raises(FrameError):
            encode(message)


def test_hosts_with_an_old_python_can_read_the_codec() -> None:
    ast.parse(Path(frames.__file__).read_text(encoding="utf-8"), feature_version=(3, 6))
