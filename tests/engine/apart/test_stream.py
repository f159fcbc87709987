"""A file may kill, fill or stall its reader: it is refused with a sentence, and nothing else is lost."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.apart import pool as pools
from hitpoint.engine.apart import readers
from hitpoint.engine.apart.pool import Pool
from hitpoint.engine.apart.stream import Stream
from hitpoint.engine.errors import Cancelled, EngineFault, InputError
from hitpoint.engine.progress import Cancel
from hitpoint.engine.worker.life import is_alive

FAKE = (sys.executable, "-I", str(Path(__file__).parents[2] / "fakes" / "media_reader.py"))


@pytest.fixture(scope="module")
def module_pool() -> Iterator[Pool]:
    pool = Pool(FAKE)
    yield pool
    pool.close()


@pytest.fixture(autouse=True)
def pool(module_pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setattr(pools, "_pool", module_pool)
    return module_pool


def opened(folder: Path, name: str, *, count: int = 20, at: int = 5, share: bool = False) -> Stream:
    return Stream("frames", folder / name, {"count": count, "at": at}, share=share)


def rest(stream: Stream) -> list[int]:
    found = []
    while (item := stream.next()) is not None:
        found.append(int(item[1][0].flat[0]))
    return found


def test_items_come_in_order_and_then_none(tmp_path: Path) -> None:
    with opened(tmp_path, "good.mov") as good:
        assert rest(good) == list(range(20))
        assert good.next() is None


@pytest.mark.parametrize("name", ["crash.mov", "bomb.mov", "fault.mov", "garbage.mov"])
@pytest.mark.parametrize("share", [False, True])
def test_a_file_that_makes_its_reader_fail_is_refused_by_name(tmp_path: Path, name: str, share: bool) -> None:
    bad = opened(tmp_path, name, at=3, share=share)
    assert [bad.next() is not None for _ in range(3)] == [True] * 3
    with pytest.raises(InputError, match=rf"'{name}' made its reader fail: export it again, or relink it"):
        bad.next()
    with opened(tmp_path, "good.mov") as good:
        assert rest(good) == list(range(20))


def test_a_file_that_stalls_its_reader_is_refused_and_the_reader_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "STALL_S", 1.0)
    with opened(tmp_path, "good.mov") as good:
        rest(good)
    (*_, pid) = pools.pool().pids()
    bad = opened(tmp_path, "stall.mov", at=0)
    with pytest.raises(InputError, match=r"'stall.mov' kept its reader waiting"):
        bad.next()
    assert not is_alive(pid)


def test_a_reader_at_work_is_not_taken_for_a_stalled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It says every second that packets are being read.
    monkeypatch.setattr(readers, "STALL_S", 3.0)
    cancel = Cancel()
    timer = threading.Timer(4.5, cancel.set)
    timer.start()
    with pytest.raises(Cancelled):
        Stream("frames", tmp_path / "busy.mov", {"count": 9, "at": 0}, cancel=cancel).next()


def test_cancel_is_heard_while_a_reader_is_silent_and_the_reader_is_not_used_again(tmp_path: Path) -> None:
    cancel = Cancel()
    cancel.set()
    with opened(tmp_path, "good.mov") as good:
        rest(good)
    (*_, pid) = pools.pool().pids()
    with pytest.raises(Cancelled):
        Stream("frames", tmp_path / "stall.mov", {"count": 9, "at": 0}, cancel=cancel).next()
    assert not is_alive(pid)


def test_a_stream_closed_in_the_middle_of_its_work_gives_its_reader_back(tmp_path: Path) -> None:
    busy = opened(tmp_path, "busy.mov", at=1)
    assert busy.next() is not None
    before = set(pools.pool().pids())
    busy.close()
    assert len(set(pools.pool().pids()) - before) == 1
    with opened(tmp_path, "good.mov") as good:
        assert rest(good) == list(range(20))


def test_a_refused_file_costs_no_reader(tmp_path: Path) -> None:
    with opened(tmp_path, "good.mov") as good:
        rest(good)
    before = pools.pool().pids()
    with pytest.raises(InputError, match=r"'refused.mov' is no film"):
        rest(opened(tmp_path, "refused.mov"))
    assert pools.pool().pids() == before


@pytest.mark.parametrize("share", [False, True])
def test_a_reader_killed_for_another_ones_sake_costs_nothing(tmp_path: Path, share: bool) -> None:
    (tmp_path / "crash-once.mov").touch()
    with opened(tmp_path, "crash-once.mov", share=share) as stream:
        assert rest(stream) == list(range(20))
    assert (tmp_path / "crash-once.died").exists()


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    good=st.integers(1, 8),
    bad=st.lists(st.tuples(st.sampled_from(["crash.wav", "fault.wav"]), st.integers(0, 19)), max_size=2),
)
def test_of_sounds_that_share_readers_only_the_bad_ones_are_lost(
    tmp_path: Path, good: int, bad: list[tuple[str, int]]
) -> None:
    streams = [opened(tmp_path, "good.wav", share=True) for _ in range(good)]
    streams += [opened(tmp_path, name, at=at, share=True) for name, at in bad]
    found: list[list[int]] = [[] for _ in streams]
    ended: dict[int, str] = {}
    while len(ended) < len(streams):
        for index, one in enumerate(streams):
            if index in ended:
                continue
            try:
                item = one.next()
            except InputError as error:
                ended[index] = str(error)
                continue
            if item is None:
                ended[index] = ""
            else:
                found[index].append(int(item[1][0].flat[0]))
    assert found == [list(range(20))] * good + [list(range(at)) for _, at in bad]
    assert [ended[index] == "" for index in range(len(streams))] == [True] * good + [False] * len(bad)


def test_many_sounds_share_few_readers_and_pictures_have_one_each(tmp_path: Path) -> None:
    sounds = [opened(tmp_path, "good.wav", share=True) for _ in range(30)]
    pictures = [opened(tmp_path, "good.mov") for _ in range(3)]
    used = {one._reader.pid for one in sounds if one._reader}
    alone = [one._reader.pid for one in pictures if one._reader]
    assert len(used) <= 2
    assert len({*alone, *used}) == len(used) + 3
    for one in [*sounds, *pictures]:
        one.close()
    assert len(pools.pool().pids()) == 2
    assert {pid for pid in (*used, *alone) if is_alive(pid)} == set(pools.pool().pids())


def test_readers_outlive_the_thread_that_wanted_the_first_one(tmp_path: Path) -> None:
    pools.pool().close()
    found: list[list[int]] = []

    def work() -> None:
        with opened(tmp_path, "good.mov") as good:
            found.append(rest(good))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    before = pools.pool().pids()
    work()
    assert found == [list(range(20))] * 2
    assert pools.pool().pids() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_has_readers_of_its_own(tmp_path: Path) -> None:
    with opened(tmp_path, "good.mov") as good:
        rest(good)
    mine = pools.pool().pids()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            pools._pool = Pool(FAKE)
            with opened(tmp_path, "good.mov") as good:
                code = 0 if rest(good) == list(range(20)) and not set(pools.pool().pids()) & set(mine) else 2
            pools.pool().close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    with opened(tmp_path, "good.mov") as good:
        assert rest(good) == list(range(20))
    assert pools.pool().pids() == mine


def test_a_reader_that_cannot_start_is_our_fault_not_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ((str(tmp_path / "no-such-python"),), (sys.executable, "-I", str(tmp_path / "none.py"))):
        monkeypatch.setattr(pools, "_pool", Pool(words))
        with pytest.raises(EngineFault, match="the media reader could not be started"):
            opened(tmp_path, "good.mov").next()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_killed_process_leaves_no_reader_behind(tmp_path: Path) -> None:
    import signal
    import subprocess

    # The reader's decoder sleeps in the middle of an item: it cannot look at its stdin.
    code = (
        "import sys, time; from pathlib import Path\n"
        "from hitpoint.engine.apart import pool as pools\n"
        "from hitpoint.engine.apart.stream import Stream\n"
        f"pools._pool = pools.Pool({FAKE!r})\n"
        f"stream = Stream('frames', Path({str(tmp_path / 'stall.mov')!r}), {{'count': 9, 'at': 1}})\n"
        "stream.next()\n"
        "print(stream._reader.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    pid = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < end and not _zombie(pid):
        time.sleep(0.02)
    assert not is_alive(pid) or _zombie(pid)


def _zombie(pid: int) -> bool:
    """Dead, and waited for by nobody: in containers whose first process does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
