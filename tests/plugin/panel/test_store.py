"""What an editor did in the panel is kept whole: through damage, moves, kills and a second panel."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import InputError
from hitpoint.engine.serial import pretty
from hitpoint.engine.wishes import HitWish, Wishes
from hitpoint.plugin.panel.lock import OpenElsewhere
from hitpoint.plugin.panel.store import SessionStore, SessionUnreadable
from hitpoint.ui.session import Controls, CueState, Session, TakeEntry


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path: Path) -> str:
    folder = tmp_path / "film"
    folder.mkdir()
    (folder / "cut.otio").write_text("{}")
    return str(folder / "cut.otio")


def take(folder: str) -> TakeEntry:
    return TakeEntry(
        "t0001", "Take 1", "2026-01-01T00:00:00Z", folder, "sketch", "sketch", "piano", 7,
        (("keys", f"{folder}/stems/keys.wav", "00"),), 96000, 480000, -16.0, -1.5, "as asked", Wishes(),
        Controls(), mix=f"{folder}/mix.wav",
    )  # fmt: skip


def session(source: str, number: int = 0) -> Session:
    folder = str(Path(source).with_suffix(".hitpoint") / "session" / "takes" / "t0001")
    cue = CueState("1m1", 0, 240, Wishes(hits=(HitWish(48, "must"),)), takes=(take(folder),), heard="t0001")
    return Session(
        source, {"name": Path(source).name}, "ab", (cue,), "1m1", takes_made=number, extra={"later": [1]}
    )


def beside(source: str) -> Path:
    return Path(source).with_suffix(".hitpoint")


def test_a_session_comes_back_as_it_was(source: str) -> None:
    store = SessionStore()
    assert store.load(source) is None
    store.save(session(source, 3))
    store.close()
    assert json.loads((beside(source) / "session.json").read_text())["schema"] == "hitpoint.session.1"
    again = SessionStore()
    assert again.load(source) == session(source, 3)
    again.close()


def test_of_many_saves_the_newest_is_kept(source: str) -> None:
    store = SessionStore()
    store.load(source)
    for number in range(300):
        store.save(session(source, number))
    store.flush()
    assert json.loads((beside(source) / "session.json").read_text())["takes_made"] == 299
    store.close()


def test_saving_does_not_wait_for_the_disk(source: str) -> None:
    store = SessionStore()
    store.load(source)
    slowest = 0.0
    for number in range(100):
        begun = time.perf_counter()
        store.save(session(source, number))
        slowest = max(slowest, time.perf_counter() - begun)
    print(f"slowest save {slowest * 1000:.2f} ms")
    assert slowest < 0.5
    store.close()


DAMAGE = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 5000, b'{"schema": "hitpoint.cue.1"}',
          b'{"schema": "hitpoint.session.1", "source": "x", "input": []}']  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_session_is_put_aside_whole_and_a_new_one_begins(source: str, damage: bytes) -> None:
    beside(source).mkdir()
    (beside(source) / "session.json").write_bytes(damage)
    store = SessionStore()
    with pytest.raises(InputError, match=r"cut\.otio.*session\.damaged-1\.json"):
        store.load(source)
    assert (beside(source) / "session.damaged-1.json").read_bytes() == damage
    assert store.load(source) is None
    store.save(session(source))
    store.close()
    again = SessionStore()
    assert again.load(source) == session(source)
    again.close()


WHOLE = pretty(session("/film/cut.otio"))


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_session_with_any_byte_changed_is_read_or_put_aside(
    tmp_path_factory: pytest.TempPathFactory, where: int, byte: int
) -> None:
    source = str(tmp_path_factory.mktemp("film") / "cut.otio")
    changed = WHOLE[:where] + bytes([byte]) + WHOLE[where + 1 :]
    beside(source).mkdir()
    (beside(source) / "session.json").write_bytes(changed)
    store = SessionStore()
    try:
        store.load(source)
    except (InputError, SessionUnreadable):
        assert [file.read_bytes() for file in beside(source).iterdir()] == [changed]
    finally:
        store.close()


def test_a_session_of_a_newer_release_stays_where_it_is(source: str) -> None:
    beside(source).mkdir()
    newer = json.dumps({"schema": "hitpoint.session.99", "input": {"name": "cut.otio"}})
    (beside(source) / "session.json").write_text(newer)
    with pytest.raises(SessionUnreadable, match="newer Hitpoint"):
        SessionStore().load(source)
    assert (beside(source) / "session.json").read_text() == newer


def test_takes_are_found_when_the_film_was_moved(source: str, tmp_path: Path) -> None:
    store = SessionStore()
    store.load(source)
    store.save(session(source))
    store.close()
    (tmp_path / "film").rename(tmp_path / "moved")
    now = str(tmp_path / "moved" / "cut.otio")
    again = SessionStore()
    assert again.load(now) == session(now)
    again.close()


def test_where_the_folder_cannot_be_written_the_session_is_kept_apart_and_that_is_said(
    source: str, qtbot: QtBot, home: Path
) -> None:
    # A file stands where the folder would be.
    beside(source).write_text("mine")
    store = SessionStore()
    with qtbot.waitSignal(store.told) as told:
        assert store.load(source) is None
    assert "cannot be written" in told.args[0]
    assert str(home / "state" / "sessions") in told.args[0]
    store.save(session(source, 5))
    store.close()
    assert store.folder(source).is_relative_to(home)
    again = SessionStore()
    assert again.load(source) == session(source, 5)
    again.close()
    # Later it can be written: the work goes on from there.
    beside(source).unlink()
    store = SessionStore()
    assert store.load(source) == session(source, 5)
    store.save(session(source, 6))
    store.close()
    assert json.loads((beside(source) / "session.json").read_text())["takes_made"] == 6
    again = SessionStore()
    assert again.load(source) == session(source, 6)
    again.close()


def test_the_folder_of_another_timeline_is_left_alone(source: str, qtbot: QtBot) -> None:
    beside(source).mkdir()
    (beside(source) / "report.json").write_text('{"input": {"name": "cut.fcpxml"}}')
    store = SessionStore()
    with qtbot.waitSignal(store.told) as told:
        assert store.load(source) is None
    assert "cut.fcpxml" in told.args[0]
    store.save(session(source))
    store.close()
    assert [path.name for path in beside(source).iterdir()] == ["report.json"]


def test_a_disk_that_refuses_is_told_once_and_a_later_save_is_kept(
    source: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SessionStore()
    store.load(source)
    store.save(session(source, 1))
    store.flush()
    heard: list[str] = []
    store.told.connect(heard.append)
    (beside(source) / "session.json").rename(beside(source) / "kept")
    (beside(source) / "session.json").mkdir()
    (beside(source) / "session.json" / "in the way").write_text("")
    for number in (2, 3, 4):
        store.save(session(source, number))
        store.flush()
    qtbot.waitUntil(lambda: bool(heard))
    (beside(source) / "session.json" / "in the way").unlink()
    (beside(source) / "session.json").rmdir()
    store.save(session(source, 5))
    store.close()
    assert len(heard) == 1
    assert "session.json" in heard[0]
    again = SessionStore()
    assert again.load(source) == session(source, 5)
    again.close()


# --- Several processes

HOLD = """
import sys
from hitpoint.plugin.panel.store import SessionStore
store = SessionStore()
store.load(sys.argv[1])
store.flush()
print("open", flush=True)
sys.stdin.read()
"""


def test_a_second_panel_is_told_which_process_has_the_timeline(source: str, tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"open\n"
        (tmp_path / "link").symlink_to(tmp_path / "film")
        for path in (source, str(tmp_path / "link" / "cut.otio")):
            with pytest.raises(OpenElsewhere, match=rf"'cut\.otio'.*process {first.pid}\b"):
                SessionStore().load(path)
        first.kill()
    store = SessionStore()
    assert store.load(source) is None
    store.close()


def test_a_timeline_that_is_refused_leaves_the_one_that_is_open(source: str, tmp_path: Path) -> None:
    other = str(tmp_path / "film" / "other.otio")
    theirs, mine = SessionStore(), SessionStore()
    theirs.load(source)
    assert mine.load(other) is None
    with pytest.raises(OpenElsewhere):
        mine.load(source)
    with pytest.raises(OpenElsewhere):
        theirs.load(other)
    theirs.close()
    mine.close()


SAVE = """
import sys
from dataclasses import replace
from hitpoint.plugin.panel.store import SessionStore
store = SessionStore()
session = store.load(sys.argv[1])
number = session.takes_made
print(number, flush=True)
while True:
    number += 1
    store.save(replace(session, takes_made=number))
    if number % 7 == 0:
        store.flush()
        print(number, flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_whole_session_and_none_that_was_saved_is_lost(source: str) -> None:
    store = SessionStore()
    store.load(source)
    store.save(session(source))
    store.close()
    draw = random.Random(5)
    saved = 0
    for _ in range(30):
        process = subprocess.Popen([sys.executable, "-c", SAVE, source], stdout=subprocess.PIPE)
        with process:
            assert process.stdout is not None
            begun = int(process.stdout.readline())
            assert begun >= saved
            # The moment of the kill is what is drawn; nothing waits for it.
            time.sleep(draw.uniform(0.0, 0.08))
            process.kill()
            told = [int(line) for line in process.stdout.read().split(b"\n") if line.isdigit()]
        # The last line may be half a number.
        saved = max([begun, *told[:-1]])
    assert saved > 30
    final = SessionStore()
    found = final.load(source)
    final.close()
    assert found is not None
    assert replace(found, takes_made=0) == session(source)


# --- Recent timelines


def test_the_first_run_is_the_one_without_recent_timelines(source: str, tmp_path: Path) -> None:
    store = SessionStore()
    assert store.is_first_run()
    assert store.recent() == ()
    store.load(source)
    store.flush()
    other = str(tmp_path / "film" / "other.otio")
    Path(other).write_text("{}")
    store.load(other)
    store.flush()
    assert not store.is_first_run()
    assert store.recent() == (other, source)
    store.load(source)
    store.flush()
    assert store.recent() == (source, other)
    Path(other).unlink()
    assert store.recent() == (source,)
    store.close()


def test_a_list_of_recent_timelines_that_is_damaged_is_an_empty_one(source: str, home: Path) -> None:
    (home / "state").mkdir(parents=True)
    (home / "state" / "recent.json").write_bytes(b"[" * 9000)
    store = SessionStore()
    assert store.recent() == ()
    store.load(source)
    store.close()
    assert store.recent() == (source,)
