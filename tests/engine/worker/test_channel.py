"""A channel over pipes: order, what may be dropped and what not, and ends that go away."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hitpoint.engine.worker.channel import _MOST_WAITING, Channel
from hitpoint.engine.worker.frames import FrameError


class Ends:
    """A channel, and the other ends of its pipes."""

    def __init__(self) -> None:
        theirs, self.write = os.pipe()
        self.read, ours = os.pipe()
        self.heard: queue.Queue[Any] = queue.Queue()
        self.channel = Channel(theirs, ours, self.heard.put)
        self.channel.start()

    def received(self, until: int) -> bytes:
        data = b""
        while data.count(b"Content-Length") < until:
            data += os.read(self.read, 1 << 16)
        return data


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.channel.close()
    for descriptor in (made.read, made.write):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_messages_arrive_in_order(ends: Ends) -> None:
    for number in range(50):
        assert ends.channel.send({"n": number})
    data = ends.received(50)
    places = [data.index(b'{"n":%d}' % number) for number in range(50)]
    assert places == sorted(places)


def test_the_end_of_the_stream_is_told_once(ends: Ends) -> None:
    os.close(ends.write)
    assert ends.heard.get(timeout=5) is None
    time.sleep(0.05)
    assert ends.heard.empty()


def test_garbage_is_told_as_such_and_ends_the_reading(ends: Ends) -> None:
    os.write(ends.write, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert isinstance(ends.heard.get(timeout=5), FrameError)


def test_a_reader_that_stops_holds_nobody_and_nothing_grows(ends: Ends) -> None:
    big = {"text": "x" * 100_000}
    start = time.monotonic()
    for number in range(10_000):
        ends.channel.offer("progress", {"n": number})
    sent = 0
    while ends.channel.send(big):
        sent += 1
    assert time.monotonic() - start < 5
    assert sent <= _MOST_WAITING // 100_000 + 2
    assert len(ends.channel._droppable) <= 1


def test_of_what_may_be_dropped_the_newest_arrives(ends: Ends) -> None:
    # Fill the pipe, so that offers pile up.
    ends.channel.send({"text": "x" * 500_000})
    time.sleep(0.05)
    for number in range(100):
        ends.channel.offer("progress", {"n": number})
    data = ends.received(2)
    assert b'{"n":99}' in data
    assert data.count(b'"n":') <= 2


def test_a_writer_whose_reader_is_gone_says_so(ends: Ends) -> None:
    os.close(ends.read)
    ends.channel.send({"n": 1})
    deadline = time.monotonic() + 5
    while ends.channel.send({"n": 2}) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not ends.channel.send({"n": 3})
