"""Both ends of the pipes are told nonsense, and a reader stops reading."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from hitpoint.engine.worker.frames import Decoder, FrameError, encode
from hitpoint.engine.worker.messages import PROTOCOL, request
from hitpoint.plugin.client import SUPERVISOR

from . import after, babble, watch
from .acceptance import Acceptance
from .budget import Budget, in_parallel, numbered
from .disk import BENT
from .mutants import damage, mutate
from .run import ROOT
from .scorecard import Row
from .studio import Studio

_ANSWER_S = 60.0
_MOST_GROWTH = 4 << 20
_FEED_BYTES = 4_096


def frames(count: int, budget: Budget, *, seed: int) -> Row:
    """Damaged streams before the decoder: messages or a FrameError, nothing else."""
    row = Row("protocol", "garbage frames, decoder")
    for number in range(count):
        if budget.over:
            break
        draw = random.Random(f"{seed} frames {number}")
        stream, decoder = _stream(draw), Decoder()
        try:
            while stream:
                size = draw.randint(1, _FEED_BYTES)
                if not all(isinstance(message, dict) for message in decoder.feed(stream[:size])):
                    raise TypeError("a message that is no object")
                stream = stream[size:]
        except FrameError:
            row.notes["refused"] += 1
        except Exception as error:  # noqa: BLE001  it is what we look for
            row.trial(f"number {number}: {type(error).__name__}: {error}")
            continue
        row.trial()
    return row


def requests(studio: Studio, count: int, budget: Budget, *, seed: int) -> Row:
    """Well framed nonsense to one supervisor: each has an answer, and the next good request too."""
    row = Row("protocol", "requests of wrong types, supervisor")
    with _Talk(studio) as talk:
        talk.ask("hello", {"protocol": ".".join(map(str, PROTOCOL))})
        for number in range(count):
            if budget.over:
                break
            message = _nonsense(random.Random(f"{seed} request {number}"))
            talk.write(encode(message))
            answered = talk.ask("ping", {})
            row.trial("" if answered is not None else f"no answer after {json.dumps(message)[:120]}")
            if answered is None:
                break
    return row


def streams(studio: Studio, acceptance: Acceptance, count: int, budget: Budget, *, seed: int) -> Row:
    """Garbage to supervisors: each says why it ends, and ends well."""
    row = Row("protocol", "garbage frames, supervisor")

    def trial(number: int) -> None:
        stream = _stream(random.Random(f"{seed} stream {number}"))
        with _Talk(studio) as talk:
            talk.write(stream)
            talk.end_of_words()
            code, complaints = talk.wait()
        wrong = [] if code == 0 else [f"exit code {code}"]
        if b"Traceback" in complaints:
            wrong.append(complaints.decode(errors="replace").splitlines()[-1])
        row.trial(f"number {number}: {'; '.join(wrong)}" if wrong else "")

    in_parallel(numbered(trial, count), budget)
    return row


def clients(studio: Studio, acceptance: Acceptance, budget: Budget) -> Row:
    """An engine that babbles: the client ends with one sentence and a log id."""
    row = Row("protocol", "an engine that babbles, client")

    def trial(way: str) -> None:
        folder = studio.trial()
        words = [str(ROOT / "tools" / "torture" / "babble.py"), way]
        with studio.start("sketch", folder, supervisor=words) as run:
            wrong = [] if run.wait(_ANSWER_S) else ["the client waits for ever"]
            if not wrong:
                wrong = acceptance.failure(run, folder / "home", killed=False)
            if run.folder is not None:
                wrong.append("it took that for a result")
        wrong += after.gone(acceptance, run.processes())
        row.trial(f"{way}: {'; '.join(wrong)}" if wrong else "")

    def trials() -> Iterator[Callable[[], None]]:
        for way in babble.WAYS:
            yield partial(trial, way)

    in_parallel(trials(), budget)
    return row


def versions(studio: Studio) -> Row:
    """The same major number is understood, any other refused in one sentence."""
    row = Row("protocol", "version pairs")
    major = PROTOCOL[0]
    pairs: dict[Any, bool] = {
        f"{major}.0": True, f"{major}.1": True, f"{major}.99": True, str(major): True,
        f"{major + 1}.0": False, f"{major - 1}.9": False, f"{major}0.0": False, "": False, "x": False,
        "-1.0": False, None: False, "2" * 5_000: False,
    }  # fmt: skip
    for theirs, taken in pairs.items():
        with _Talk(studio) as talk:
            answer = talk.ask("hello", {} if theirs is None else {"protocol": theirs})
            told = answer is not None and ("result" in answer) is taken
            sentence = taken or (answer is not None and "install both" in answer["error"]["message"])
        row.trial("" if told and sentence else f"'{str(theirs)[:20]}' is answered with {str(answer)[:200]}")
    return row


def slow_reader(studio: Studio, acceptance: Acceptance, budget: Budget, *, seconds: float) -> Row:
    """A client that stops reading while a worker tells without end: the supervisor does not grow."""
    row = Row("protocol", "a reader that stops")
    trial = studio.trial()
    with _Talk(studio, worker=[*BENT, "chatty", str(trial / "chatted")]) as talk:
        talk.ask("hello", {"protocol": ".".join(map(str, PROTOCOL))})
        talk.deaf.set()
        talk.write(encode(request(10, "score", {"job": "chatty"})))
        end = time.monotonic() + _ANSWER_S
        while not _number_in(trial / "chatted") and time.monotonic() < end:
            time.sleep(0.01)
        before = watch.resident_bytes(talk.pid)
        time.sleep(min(seconds, budget.seconds))
        grown = watch.resident_bytes(talk.pid) - before
        count = _number_in(trial / "chatted")
        row.notes["progress told"], row.notes["kB grown"] = count, max(0, grown // 1000)
        wrong = [f"the supervisor grew by {grown / 1e6:.1f} MB"] if grown > _MOST_GROWTH else []
        if count < 1_000:
            wrong.append(f"the worker told only {count} times")
        seen = talk.processes()
        talk.deaf.clear()
        if talk.ask("ping", {}) is None:
            wrong.append("it answers no more")
    wrong += after.gone(acceptance, seen)
    row.trial("; ".join(wrong))
    return row


class _Talk:
    """A supervisor, and its pipes as bytes."""

    def __init__(self, studio: Studio, worker: list[str] | None = None) -> None:
        self._mark = os.urandom(8).hex()
        home = studio.folder / "talk"
        usual = [sys.executable, "-I", "-m", "hitpoint.plugin.jobs"]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", SUPERVISOR, "--parent", str(os.getpid()), "--", *(worker or usual)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "HITPOINT_HOME": str(home), watch.MARK: self._mark},
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.deaf = threading.Event()
        self._said: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._numbers = iter(range(1_000, 10**9))
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> _Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self.deaf.clear()
        self._process.kill()
        self._process.wait()

    def processes(self) -> list[watch.Seen]:
        return watch.marked(self._mark)

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended, as it may

    def end_of_words(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def wait(self) -> tuple[int | None, bytes]:
        """Exit code, None where it does not end, and what it complained of."""
        try:
            code = self._process.wait(_ANSWER_S)
        except subprocess.TimeoutExpired:
            return None, b""
        assert self._process.stderr is not None
        return code, self._process.stderr.read()

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        ident = next(self._numbers)
        self.write(encode(request(ident, method, params)))
        with self._changed:
            self._changed.wait_for(lambda: any(one.get("id") == ident for one in self._said), _ANSWER_S)
            found = [one for one in self._said if one.get("id") == ident]
            self._said.clear()
        return found[0] if found else None

    def _read(self) -> None:
        assert self._process.stdout is not None
        decoder, descriptor = Decoder(), self._process.stdout.fileno()
        while True:
            while self.deaf.is_set():
                time.sleep(0.01)
            data = os.read(descriptor, 1 << 16)
            if not data:
                return
            with self._changed:
                self._said += decoder.feed(data)
                self._changed.notify_all()


def _number_in(path: Path) -> int:
    """0 where there is none yet, or it is being written."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _good(draw: random.Random) -> dict[str, Any]:
    return draw.choice(
        [
            request(draw.randrange(900), "ping", {}),
            request(draw.randrange(900), "hello", {"protocol": "1.0", "client": "torture"}),
            request(draw.randrange(900), "cancel", {"job": "nothing"}),
            request(f"n{draw.randrange(900)}", "nothing", {"text": "é" * draw.randrange(50)}),
        ]
    )


def _stream(draw: random.Random) -> bytes:
    """A few messages, damaged; now and then a length or a depth that no message may have."""
    data = b"".join(encode(_good(draw)) for _ in range(draw.randint(1, 4)))
    kind = draw.randrange(6)
    if kind == 0:
        return data + b"Content-Length: %d\r\n\r\n" % draw.choice((1 << 21, 999_999_999, 1 << 20)) + b"x" * 99
    if kind == 1:
        body = b'{"a":' * 3_000 + b"1" + b"}" * 3_000
        return data + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if kind == 2:
        return data[: draw.randrange(len(data))]
    return damage(data, draw)


def _nonsense(draw: random.Random) -> dict[str, Any]:
    """A request with parts exchanged. None that would be done: no job, no `shutdown`, no other version."""
    message = mutate(_good(draw), draw)
    if draw.random() < 0.5:
        message = mutate(message, draw)
    if not isinstance(message, dict) or message.get("method") == "hello" or _too_large(message):
        return request(1, "nothing", {})
    return message


def _too_large(message: dict[str, Any]) -> bool:
    try:
        encode(message)
    except FrameError:
        return True
    return False
