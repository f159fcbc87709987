"""Made pairs: one picture a second beside their music; whole files on disk, whoever makes them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from hitpoint.engine import spread
from hitpoint.engine.errors import Cancelled, InputError
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.train.corpus import store
from hitpoint.engine.train.corpus.film import Film
from hitpoint.engine.train.corpus.pairs import Pair, make_pair
from hitpoint.engine.train.corpus.store import make_corpus, pairs_in, read_pair, write_pair


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make_pair("test", 3)


def test_a_pair_holds_what_is_on_screen_at_every_second(pair: Pair) -> None:
    scenario = pair.scenario
    assert pair.frames.dtype == np.uint8
    assert pair.frames.shape == (-(-scenario.frames // 24), 90, 160, 3)
    film = Film(scenario)
    for second in (0, 5, len(pair.frames) - 1):
        assert np.array_equal(pair.frames[second], film.picture(24 * second))


def test_a_pair_s_parts_are_of_one_length(pair: Pair) -> None:
    assert len(pair.sound) == round(32_000 * pair.scenario.frames / 24)
    assert pair.cue.frames == pair.scenario.frames == len(pair.picture.motion)
    assert pair.chords[0].start_sample <= 0
    assert pair.chords[-1].end_sample_exclusive >= pair.plan.downbeats[-1]
    assert pair.facts.mode == ("major" if pair.scenario.bright else "minor")


def test_a_stored_pair_comes_back(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "one.pair"
    write_pair(path, pair)
    again = read_pair(path)
    assert again.facts == pair.facts
    assert np.array_equal(again.frames, pair.frames)
    assert again.sound.dtype == np.float32
    assert np.abs(again.sound - pair.sound).max() <= 0.51 / 32_767


@pytest.mark.parametrize("kept", [0, 3, 1000, -100])
def test_a_broken_pair_says_what_to_do(kept: int, pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "one.pair"
    write_pair(path, pair)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"'one\.pair' cannot be read: delete it"):
        read_pair(path)


def test_processes_make_the_same_bytes_and_keep_what_is_there(pair: Pair, tmp_path: Path) -> None:
    told: list[Step] = []
    here = tmp_path / "here.pair"
    write_pair(here, pair)
    folder = tmp_path / "corpus"
    paths = make_corpus(folder, "test", 2, first_seed=3, processes=2, progress=told.append, cancel=Cancel())
    assert pairs_in(folder) == paths
    assert _digest(paths[0]) == _digest(here)
    assert [read_pair(path).scenario.seed for path in paths] == [3, 4]
    assert (told[0].done, told[-1].done, told[-1].total) == (0, 2, 2)
    before = [path.stat().st_mtime_ns for path in paths]
    assert (
        make_corpus(folder, "test", 2, first_seed=3, processes=2, progress=silent, cancel=Cancel()) == paths
    )
    assert [path.stat().st_mtime_ns for path in paths] == before


def test_a_cancelled_corpus_keeps_whole_pairs_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancel = Cancel()

    def stop(step: Step) -> None:
        if step.done:
            cancel.set()

    # Threads in place of processes, and pairs that cost nothing: how work is stopped is what is looked at.
    monkeypatch.setattr(spread, "ProcessPoolExecutor", _threads)
    monkeypatch.setattr(store, "_make", lambda split, job: (job[0].write_bytes(b"whole"), None)[1])
    with pytest.raises(Cancelled):
        make_corpus(tmp_path, "test", 40, first_seed=0, processes=1, progress=stop, cancel=cancel)
    made = pairs_in(tmp_path)
    assert 1 <= len(made) < 10
    assert not list(tmp_path.glob("*.part"))


def test_no_pairs_are_found_where_nothing_was_made(tmp_path: Path) -> None:
    assert pairs_in(tmp_path / "none") == []


def _threads(processes: int, mp_context: object, **_: object) -> object:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(processes)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
