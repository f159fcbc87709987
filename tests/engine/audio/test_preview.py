"""Previews: the cue's first seconds, whole, not too loud, and the same music as the stems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.audio.preview import FirstSeconds, write_preview
from hitpoint.engine.progress import Cancel, nobody, silent
from hitpoint.engine.sketch.generator import SketchGenerator
from hitpoint.engine.store.previews import keep_preview, lasting, previews_dir
from plans import make_plan, make_request

RATE = 48_000


@settings(max_examples=25, deadline=None)
@given(head=st.integers(0, 3 * RATE), length=st.integers(1, 8 * RATE), block=st.integers(RATE // 2, 5 * RATE))
def test_the_first_seconds_or_the_whole_cue_are_told_once(
    tmp_path_factory: pytest.TempPathFactory, head: int, length: int, block: int
) -> None:
    told: list[tuple[str, float, float]] = []
    path = tmp_path_factory.mktemp("preview") / "preview.wav"
    end, total = head + length, head + length + RATE
    first = FirstSeconds(path, head, end, lambda *one: told.append(one))
    ramp = np.linspace(0, 0.4, total, dtype=np.float32)
    stems = {name: np.stack([ramp, -ramp], axis=1) for name in ("a", "b")}
    for start in range(0, total, block):
        first.add(start, {name: sound[start : start + block] for name, sound in stems.items()})
    ((where, from_s, to_s),) = told
    assert (where, from_s) == (str(path), 0.0)
    frames = round(to_s * RATE)
    assert min(round(3.5 * RATE), length) <= frames <= min(4 * RATE + block, length)
    sound = soundfile.read(path, dtype="float32")[0]
    assert len(sound) == frames
    assert np.max(np.abs(sound[:, 0] - 2 * ramp[head : head + frames])) < 1e-4


def test_sound_that_is_too_loud_is_turned_down_as_a_whole(tmp_path: Path) -> None:
    sound = np.zeros((100, 2), np.float32)
    sound[3], sound[7] = 2.0, -1.0
    write_preview(tmp_path / "loud.wav", sound)
    found = soundfile.read(tmp_path / "loud.wav")[0]
    assert 0.9 < found[3, 0] <= 0.96
    assert found[7, 1] == pytest.approx(-found[3, 0] / 2, abs=1e-4)


def test_sketch_lets_its_first_seconds_be_heard_and_its_stems_stay_the_same(tmp_path: Path) -> None:
    request = make_request(make_plan((("A", 4, 0.6, 0.5),), bpm=100, hit_bars=(2,), must_bars=()))
    told: list[tuple[str, float, float]] = []
    takes = [
        SketchGenerator(tmp_path / name).generate(request, progress=silent, cancel=Cancel(), heard=heard)
        for name, heard in (("quiet", nobody), ("told", lambda *one: told.append(one)))
    ]
    assert [stem.sha256 for stem in takes[0].stems] == [stem.sha256 for stem in takes[1].stems]
    assert not (tmp_path / "quiet" / "preview.wav").exists()
    ((path, _, to_s),) = told
    assert 3.5 <= to_s < request.plan.samples / RATE
    frames, head = round(to_s * RATE), request.handle_samples[0]
    mixed = sum(soundfile.read(stem.path, dtype="float32")[0] for stem in takes[1].stems)
    assert isinstance(mixed, np.ndarray)
    part = mixed[head : head + frames]
    scale = min(1.0, 0.95 / float(np.max(np.abs(part))))
    assert np.max(np.abs(soundfile.read(path)[0] - scale * part)) < 1e-4


def test_a_preview_that_is_told_of_stays_when_the_runs_folder_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    path = tmp_path / "preview.wav"
    write_preview(path, np.zeros((10, 2), np.float32))
    told: list[tuple[str, float, float]] = []
    lasting(lambda *one: told.append(one))(str(path), 0.0, 4.0)
    ((kept, _, to_s),) = told
    assert Path(kept).parent == previews_dir()
    assert Path(kept).read_bytes() == path.read_bytes()
    assert keep_preview(path) == Path(kept), "the same sound lies there once"
    assert to_s == 4.0
    assert lasting(nobody) is nobody
