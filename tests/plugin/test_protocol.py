"""The limits of the protocol, spoken to the supervisor word by word: what it takes, refuses, never loses."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.worker import life
from hitpoint.engine.worker.frames import MOST_BYTES, Decoder, encode
from hitpoint.engine.worker.messages import MOST_NAME, NOT_A_REQUEST

JOBS = (sys.executable, "-I", str(Path(__file__).with_name("engine_jobs.py")))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it reads pipes without waiting")


class Spoken:
    """A supervisor, and a client that reads only when it is asked to."""

    def __init__(self, limits: str = "{}") -> None:
        words = [sys.executable, "-I", "-m", "hitpoint.engine.worker.main", "--parent", str(os.getpid())]
        self.process = life.start([*words, "--limits", limits, "--", *JOBS], stderr=subprocess.DEVNULL)
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self._decoder = Decoder()
        self.heard: list[Any] = []

    def say(self, ident: Any, method: Any, params: Any) -> None:
        self.raw(encode({"jsonrpc": "2.0", "id": ident, "method": method, "params": params}))

    def job(self, ident: Any, do: str, **params: Any) -> None:
        self.say(ident, "score", {"job": f"job {ident}", "do": do, **params})

    def raw(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def answer(self, ident: Any) -> Any:
        """The answer to request `ident`; other words are kept in `heard`."""
        while True:
            for message in self.heard:
                if "id" in message and message["id"] == ident:
                    self.heard.remove(message)
                    return message
            data = os.read(self.stdout.fileno(), 1 << 16)
            assert data, "the supervisor is gone"
            self.heard += self._decoder.feed(data)

    def ended(self, seconds: float = 10.0) -> bool:
        """Whether it ends by itself, read or not."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        self.stdin.close()
        self.stdout.close()
        if not self.ended():
            life.kill(self.process)
            self.process.wait()


@pytest.fixture
def spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spoken]:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    made = Spoken()
    yield made
    made.close()


@pytest.mark.parametrize(
    "theirs", ["1.0", "1.1", "1.7", "1.999", "1", "0.9", "2.0", "2", "10.0", "", "one", "-1.0"]
)
def test_another_minor_version_is_spoken_with_and_another_major_one_refused(
    spoken: Spoken, theirs: str
) -> None:
    spoken.say(1, "hello", {"protocol": theirs})
    answer = spoken.answer(1)
    if theirs.split(".")[0] == "1":
        facts = answer["result"]
        assert facts["protocol"] == "1.0"
        assert facts["build"].startswith(facts["version"])
        assert {"score", "analyse", "generate", "models", "cancel", "preview"} <= set(facts["capabilities"])
        assert facts["pid"] == spoken.process.pid
        spoken.say(2, "ping", {})
        assert spoken.answer(2)["result"] == {}
    else:
        assert answer["error"]["message"] == (
            f"the engine speaks protocol 1.0, not '{theirs}': install both from one release"
        )
        assert answer["error"]["data"]["kind"] == "Protocol"
        assert spoken.ended()


def test_one_job_runs_eight_wait_and_the_tenth_is_refused(spoken: Spoken) -> None:
    for number in range(10):
        spoken.job(number, "listen" if number == 0 else "echo", text="x")
    assert spoken.answer(9)["error"]["data"]["kind"] == "busy"
    spoken.say("stop", "cancel", {"job": "job 0"})
    assert spoken.answer(0)["error"]["data"]["kind"] == "Cancelled"
    assert [spoken.answer(number)["result"] for number in range(1, 9)] == [{"echo": "x"}] * 8


def test_a_job_that_waits_is_cancelled_at_once_and_one_that_is_not_there_is_not_found(spoken: Spoken) -> None:
    spoken.job(0, "listen")
    spoken.job(1, "echo", text="x")
    spoken.say("a", "cancel", {"job": "job 1"})
    spoken.say("b", "cancel", {"job": "nobody's"})
    assert spoken.answer(1)["error"]["data"]["kind"] == "Cancelled"
    assert spoken.answer("a")["result"] == {"found": True}
    assert spoken.answer("b")["result"] == {"found": False}


def test_the_same_job_is_not_done_twice_at_once(spoken: Spoken) -> None:
    spoken.job(0, "listen")
    spoken.say(1, "score", {"job": "job 0", "do": "listen"})
    assert "being done already" in spoken.answer(1)["error"]["message"]


def test_no_result_is_lost_when_the_client_reads_late(spoken: Spoken) -> None:
    for number in range(8):
        spoken.job(number, "long", bytes=800_000)
    # Time for all of them to be done while nobody reads.
    time.sleep(2)
    assert all(len(spoken.answer(number)["result"]["text"]) == 800_000 for number in range(8))


def test_a_client_that_asks_and_never_reads_is_left_and_takes_little_memory(spoken: Spoken) -> None:
    # Each is answered with a sentence of some 400 bytes.
    many = encode({"jsonrpc": "2.0", "id": 1, "method": "x" * 200, "params": {}}) * 500
    peak = 0
    with pytest.raises(BrokenPipeError):
        for _ in range(200):
            spoken.raw(many)
            peak = max(peak, _resident(spoken.process.pid))
    assert spoken.ended()
    assert peak < 60_000_000


def _resident(pid: int) -> int:
    """Bytes; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def test_shutdown_is_answered_and_obeyed(spoken: Spoken) -> None:
    spoken.say(1, "shutdown", {})
    assert spoken.answer(1)["result"] == {}
    assert spoken.ended()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (MOST_BYTES + 1),
        b"\x00" * 600,
    ],
)
def test_what_is_no_message_is_told_and_ends_the_talk(spoken: Spoken, data: bytes) -> None:
    spoken.raw(data)
    answer = spoken.answer(None)
    assert (answer["error"]["code"], answer["error"]["data"]["kind"]) == (NOT_A_REQUEST, "FrameError")
    assert spoken.ended()


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["score", "hello", "cancel", "ping", "1.0", "x" * (MOST_NAME + 1)])
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.sampled_from(["job", "protocol", "do"]), st.none() | st.integers(), max_size=2)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ident=VALUES, method=VALUES.filter(lambda value: value != "hello"), params=VALUES)
def test_a_request_of_any_shape_is_answered_and_the_next_one_too(
    spoken: Spoken, ident: Any, method: Any, params: Any
) -> None:
    spoken.say(ident, method, params)
    spoken.say("after", "ping", {})
    assert spoken.answer("after")["result"] == {}


@pytest.mark.parametrize("escaped", [b'"\\ud800"', b'"' + b"x" * 900_000 + b'"', b"1e999"])
def test_names_that_cannot_be_written_back_harm_nobody(spoken: Spoken, escaped: bytes) -> None:
    """As the method: it is named in the refusal."""
    body = b'{"jsonrpc":"2.0","id":7,"method":%s,"params":{}}' % escaped
    spoken.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    if escaped == b"1e999":
        assert spoken.answer(None)["error"]["data"]["kind"] == "FrameError"
        return
    assert "error" in spoken.answer(7)
    spoken.say(8, "ping", {})
    assert spoken.answer(8)["result"] == {}


@pytest.mark.parametrize("job", ["", None, 5, "x" * (MOST_NAME + 1), "a\nb"])
def test_a_job_without_a_name_that_can_be_used_is_refused(spoken: Spoken, job: Any) -> None:
    spoken.say(1, "score", {"job": job, "do": "echo", "text": "x"})
    assert "a job needs an id" in spoken.answer(1)["error"]["message"]
