"""What the panel knows of its program without waiting for it: how it stands, what changed, if it is gone."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes import made_host
from fakes.made_host import TITLE, MadeHost

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.engine.worker.frames import Decoder, Message, encode
from hitpoint.plugin.hosts.base import HostError, Landing
from hitpoint.plugin.hosts.door import Door
from hitpoint.plugin.hosts.files import FilesHost
from hitpoint.plugin.hosts.piped import GONE, PipedHost
from hitpoint.plugin.hosts.program import HostProgram
from hitpoint.plugin.hosts.serving import Answering
from hitpoint.plugin.hosts.wire import END, RAISE_WINDOW, answer


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


FIRST = sha256(b"first")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until it is so."""
    over = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < over, "it did not come"
        time.sleep(0.005)


@dataclass
class Far:
    """The program's side in this process: `serve` answers until `reads` ends."""

    folder: Path
    host: MadeHost = field(init=False)
    # Held by who lets the program answer.
    free: threading.Lock = field(default_factory=threading.Lock)
    hello: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False

    def __post_init__(self) -> None:
        self.host = MadeHost(self.folder)
        self.reads, their_end = os.pipe()
        mine, self.writes = os.pipe()
        self.ends = mine, their_end
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        decoder = Decoder()
        while data := os.read(self.reads, 1 << 16):
            for message in decoder.feed(data):
                with self.free:
                    self.say(answer(self.host, message, hello=self.hello))
        os.close(self.reads)
        self.end()

    def say(self, message: Message) -> None:
        with self.lock:
            if not self.ended:
                os.write(self.writes, encode(message))

    def end(self) -> None:
        """As when its process dies."""
        with self.lock:
            if not self.ended:
                self.ended = True
                os.close(self.writes)


@pytest.fixture
def far(tmp_path: Path) -> Far:
    return Far(tmp_path)


@pytest.fixture
def panel(far: Far) -> Iterator[PipedHost]:
    host = PipedHost("resolve", *far.ends, glance_s=0.02)
    yield host
    host.close()


def test_it_is_a_host_program(panel: PipedHost) -> None:
    program: HostProgram = panel
    assert program.name == "resolve"
    assert program.known_facts().title == TITLE
    assert program.standing().how == "live"
    assert program.offered() == ""
    assert program.next_step("/x/scored.otio") == FilesHost().next_step("/x/scored.otio")


def test_a_program_that_does_not_answer_is_waited_for_in_words_and_answers_in_the_end(
    far: Far, panel: PipedHost
) -> None:
    told: list[int | None] = []
    with far.free:
        asked = threading.Thread(target=lambda: told.append(panel.playhead()))
        asked.start()
        until(lambda: panel.standing().how == "waiting")
        assert panel.standing().text == f"waiting for {TITLE}: is a dialog open there?"
        assert panel.change("/nowhere/x.otio", "") == "gone"
        assert told == []
    asked.join(20)
    assert told == [0]
    until(lambda: panel.standing().how == "live")
    assert panel.standing().text == ""


def test_a_call_that_takes_seconds_in_the_programs_process_is_waited_for(tmp_path: Path) -> None:
    words = [sys.executable, "-I", made_host.__file__, str(tmp_path), json.dumps({"hangs_s": 2.5})]
    panel = PipedHost.attached("resolve", words)
    told: list[int | None] = []
    asked = threading.Thread(target=lambda: told.append(panel.playhead()))
    asked.start()
    until(lambda: panel.standing().how == "waiting")
    asked.join(20)
    assert told == [0]
    panel.close()


def test_glances_do_not_queue_up_behind_a_program_that_does_not_answer(far: Far, panel: PipedHost) -> None:
    until(lambda: "glance" in far.host.calls)
    with far.free:
        far.host.calls.clear()
        asked = threading.Thread(target=panel.playhead)
        asked.start()
        until(lambda: panel.standing().how == "waiting")
    asked.join(20)
    assert (
        len([call for call in far.host.calls[: far.host.calls.index("playhead") + 1] if call == "glance"])
        <= 1
    )


def test_an_edit_there_is_seen_and_reading_again_settles_it(far: Far, panel: PipedHost) -> None:
    far.host.otio = b"first"
    read = panel.read()
    assert panel.change(read.path, FIRST) == "same"
    far.host.edit()
    until(lambda: panel.change(read.path, FIRST) == "changed")
    far.host.otio = b"second"
    panel.read()
    # Whoever still holds the first one is told that it is old.
    assert panel.change(read.path, FIRST) == "changed"
    assert panel.change(read.path, sha256(b"second")) == "same"


def test_another_timeline_that_is_opened_there_is_a_change(far: Far, panel: PipedHost) -> None:
    far.host.otio = b"first"
    read = panel.read()
    assert panel.change(read.path, FIRST) == "same"
    far.host.ident = "timeline-2"
    until(lambda: panel.change(read.path, FIRST) == "changed")
    assert panel.glance().ident == "timeline-2"


def test_what_we_change_there_ourselves_is_no_edit(far: Far, panel: PipedHost) -> None:
    far.host.otio = b"first"
    read = panel.read()
    before = panel.glance()
    stem = Placement("Stem: pads", "1m1", "pads", "/pads.wav", "0" * 64, 0, 24, 0, 24)
    panel.place(Landing("a", "sketch", Rate(24), (stem,), timeline=read.ident, seen=read.seen))
    assert panel.glance() != before
    assert panel.change(read.path, FIRST) == "same"
    far.host.otio = b"first, and ours"
    assert panel.read() == read
    assert panel.change(read.path, FIRST) == "same"
    far.host.edit()
    until(lambda: panel.change(read.path, FIRST) == "changed")


def test_a_program_that_cannot_glance_is_read_and_nothing_is_known_of_changes(
    far: Far, panel: PipedHost
) -> None:
    far.host.otio = b"first"
    far.host.refuses["glance"] = "refused"
    read = panel.read()
    assert panel.change(read.path, FIRST) == "unknown"
    assert panel.change(read.path, sha256(b"other")) == "changed"
    panel.place(Landing("a", "sketch", Rate(24), (), timeline=read.ident, seen=read.seen))
    assert panel.standing().how == "live"


def test_a_file_that_the_program_did_not_write_is_watched_as_a_file(panel: PipedHost, tmp_path: Path) -> None:
    path = tmp_path / "own.otio"
    path.write_bytes(b"first")
    until(lambda: panel.change(str(path), FIRST) == "same")
    path.write_bytes(b"longer than that")
    until(lambda: panel.change(str(path), FIRST) == "changed")


def test_a_program_that_ends_is_gone_in_words_and_its_timelines_are_files(far: Far, panel: PipedHost) -> None:
    told: list[str] = []
    panel.heed(told.append)
    far.host.otio = b"first"
    read = panel.read()
    far.end()
    until(lambda: panel.standing().how == "gone")
    assert panel.standing().text == (
        f"{TITLE} has ended, or let go of the panel: what was made stays here; to go on with it there, open "
        "the panel from there again"
    )
    until(lambda: told == [GONE])
    with pytest.raises(HostError, match="has ended") as refused:
        panel.playhead()
    assert refused.value.kind == "gone"
    until(lambda: panel.change(read.path, FIRST) == "same")
    assert panel.known_facts().title == TITLE


def test_a_call_that_waits_when_the_program_ends_is_refused_as_gone(far: Far, panel: PipedHost) -> None:
    kinds: list[str] = []

    def ask() -> None:
        try:
            panel.read()
        except HostError as error:
            kinds.append(error.kind)

    with far.free:
        asked = threading.Thread(target=ask)
        asked.start()
        far.end()
        asked.join(20)
        assert kinds == ["gone"]


def test_a_program_that_says_it_is_gone_is_let_go_of(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-I",
        made_host.__file__,
        str(tmp_path),
        json.dumps({"refuses": {"read": "gone"}}),
    ]
    panel = PipedHost.attached("resolve", words)
    with pytest.raises(HostError, match="does not read now") as refused:
        panel.read()
    assert refused.value.kind == "gone"
    assert panel.standing().how == "gone"
    panel.close()


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n" * 30, b"Content-Length: 3\r\n\r\n[1]", b"\0" * 700]
)
def test_a_program_that_babbles_is_gone_with_what_to_do(far: Far, panel: PipedHost, garbage: bytes) -> None:
    os.write(far.writes, garbage)
    until(lambda: panel.standing().how == "gone")
    assert "makes no sense: run 'hitpoint hosts install resolve'" in panel.standing().text


@pytest.mark.parametrize(
    "message",
    [
        {"id": 10**9, "result": {}},
        {"id": "x", "error": {}},
        {"id": None},
        {"method": 7},
        {"method": "unheard of", "params": []},
        {},
    ],
)
def test_words_that_nobody_waits_for_change_nothing(
    far: Far, panel: PipedHost, message: dict[str, object]
) -> None:
    far.say(message)
    assert panel.playhead() == 0


def test_notices_are_heard_also_those_that_came_before_anybody_listened(far: Far, panel: PipedHost) -> None:
    told: list[str] = []
    for what in (RAISE_WINDOW, END):
        far.say({"jsonrpc": "2.0", "method": what, "params": {}})
        # Answered after it, so heard after it.
        assert panel.playhead() == 0
        panel.heed(told.append)
    assert told == [RAISE_WINDOW, END]


def test_a_listener_that_fails_does_not_stop_the_listening(far: Far, panel: PipedHost) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("not now")

    panel.heed(fail)
    far.say({"jsonrpc": "2.0", "method": RAISE_WINDOW, "params": {}})
    assert panel.playhead() == 0


def test_calls_from_many_threads_get_each_their_own_answer(far: Far, panel: PipedHost) -> None:
    wrong: list[object] = []

    def ask(kind: int) -> None:
        for _ in range(20):
            told = panel.playhead() if kind else panel.selected().rule
            if told != (0 if kind else "nothing is selected: the whole timeline"):
                wrong.append(told)

    threads = [threading.Thread(target=ask, args=(number % 2,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_program_that_never_says_hello_is_told_of_and_its_pipes_are_closed(far: Far) -> None:
    with far.free, pytest.raises(HostError, match=r"did not answer within 0\.05 s") as refused:
        PipedHost("resolve", *far.ends, hello_s=0.05)
    assert refused.value.kind == "busy"
    far.thread.join(20)
    assert not far.thread.is_alive()


def test_a_process_that_cannot_attach_is_heard_with_its_own_sentence() -> None:
    says = "import sys; sys.exit('hitpoint: no Resolve Studio answers: start it')"
    with pytest.raises(HostError, match=r"^no Resolve Studio answers: start it$") as refused:
        PipedHost.attached("resolve", [sys.executable, "-I", "-c", says])
    assert refused.value.kind == "gone"
    with pytest.raises(HostError, match="could not be started"):
        PipedHost.attached("resolve", ["/nowhere/python"])


def test_a_process_that_does_not_answer_in_time_is_told_as_that_and_ended() -> None:
    sleeps = "import time; time.sleep(60)"
    with pytest.raises(HostError, match=r"DaVinci Resolve did not answer within 0\.2 s: close") as refused:
        PipedHost.attached("resolve", [sys.executable, "-I", "-c", sleeps], hello_s=0.2)
    assert refused.value.kind == "busy"


def test_closing_ends_the_process_that_attached_and_whoever_waits(tmp_path: Path) -> None:
    panel = PipedHost.attached(
        "resolve", [sys.executable, "-I", made_host.__file__, str(tmp_path), json.dumps({"hangs_s": 60})]
    )
    kinds: list[str] = []

    def ask() -> None:
        try:
            panel.read()
        except HostError as error:
            kinds.append(error.kind)

    asked = threading.Thread(target=ask)
    asked.start()
    panel.close()
    panel.close()
    asked.join(20)
    assert kinds == ["gone"]
    assert panel._child is not None
    with pytest.raises(ProcessLookupError):
        os.kill(panel._child.pid, 0)


def test_a_panel_without_its_program_ends_when_another_takes_its_place(tmp_path: Path) -> None:
    with Door("resolve") as door:
        assert door.take()
        door.tell(2**22 + 1)
        far = Far(tmp_path, hello={"note": str(door.note), "token": door.token})
        panel = PipedHost("resolve", *far.ends, glance_s=0.02)
        told: list[str] = []
        panel.heed(told.append)
        far.end()
        until(lambda: told == [GONE])
        door.close()
        assert Door("resolve").take()
        until(lambda: told == [GONE, END])
        panel.close()


def test_answering_ends_with_the_pipe(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    out, into = os.pipe()
    serving = Answering(MadeHost(tmp_path), reads, into)
    assert serving.step()
    os.close(writes)
    serving.serve_forever()
    assert not serving.alive
    assert not serving.step()
    assert os.read(out, 1) == b""
    os.close(out)
