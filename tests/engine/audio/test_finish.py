"""Finished stems add up to the mix in integers, at the loudness asked for, under the ceiling, the same
every time.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import sounds
from hitpoint.engine.audio.finish import EFFECTS, FULL_SCALE, MUSIC, Finished, Under, finish
from hitpoint.engine.audio.loudness import Level
from hitpoint.engine.audio.wav import WorkWriter
from hitpoint.engine.errors import Cancelled, EngineFault
from hitpoint.engine.progress import Cancel
from hitpoint.engine.types import Stem

HANDLES = (24_000, 48_000)


class Kept:
    """A sink that keeps everything in memory."""

    def __init__(self) -> None:
        self.levels: dict[str, Level] = {}
        self.data: dict[str, np.ndarray] = {}

    @contextmanager
    def open(self, name: str, samples: int, level: Level) -> Iterator[Callable[[np.ndarray], None]]:
        self.levels[name] = level
        parts: list[np.ndarray] = []
        yield parts.append
        self.data[name] = np.concatenate(parts)
        assert self.data[name].shape == (samples, 2) and self.data[name].dtype == np.int32


def stem_files(folder: Path, parts: dict[str, sounds.Floats], *, rate: int = 48_000) -> list[Stem]:
    out = []
    for name, data in parts.items():
        data = data if data.ndim == 2 else data[:, None]
        with WorkWriter(folder / f"{name}.wav", len(data), channels=data.shape[1], sample_rate=rate) as file:
            file.write(data)
        out.append(Stem(name, str(folder / f"{name}.wav"), file.sha256, len(data), HANDLES, rate))
    return out


def run(
    folder: Path, parts: dict[str, sounds.Floats], target: float | None = -16.0, **options: object
) -> tuple[Finished, Kept]:
    kept = Kept()
    samples = max(len(data) for data in parts.values()) - sum(HANDLES)
    finished = finish(
        stem_files(folder, parts), samples=samples, handle_samples=HANDLES, target_lufs=target, sink=kept,
        folder=folder, **options,
    )  # fmt: skip
    return finished, kept


def test_the_mix_is_the_exact_integer_sum_of_the_stems(tmp_path: Path) -> None:
    _, kept = run(tmp_path, sounds.stems(5))
    stems = [kept.data[name] for name in kept.data if name != "mix"]
    assert np.array_equal(np.sum(stems, axis=0), kept.data["mix"])
    assert max(np.abs(stem).max() for stem in stems) < FULL_SCALE


@pytest.mark.parametrize("target", [-23.0, -16.0, -14.0])
def test_the_cue_without_handles_has_the_loudness_asked_for(target: float, tmp_path: Path) -> None:
    parts = sounds.stems(8)
    for data in parts.values():
        data[: HANDLES[0]] *= 0.05
    finished, kept = run(tmp_path, parts, target)
    assert finished.cue.lufs == pytest.approx(target, abs=0.05)
    assert finished.problems == ()
    inside = kept.data["mix"][HANDLES[0] : -HANDLES[1]] / FULL_SCALE
    import pyloudnorm

    assert pyloudnorm.Meter(48_000).integrated_loudness(inside) == pytest.approx(target, abs=0.1)


@pytest.mark.judge
def test_ffmpeg_reads_what_the_sink_was_told_before_the_first_sample(tmp_path: Path) -> None:
    _, kept = run(tmp_path, sounds.stems(12, seed=4), -14.0)
    for name, data in kept.data.items():
        soundfile.write(tmp_path / "out.wav", data << 8, 48_000, subtype="PCM_24")
        judge, level = sounds.ebur128(tmp_path / "out.wav"), kept.levels[name]
        assert level.lufs == pytest.approx(judge["I"], abs=0.1), name
        assert level.true_peak_dbtp == pytest.approx(judge["Peak"], abs=0.1), name


def test_the_ceiling_holds_when_the_mix_is_driven_hard(tmp_path: Path) -> None:
    parts = {name: data * np.float32(0.3) for name, data in sounds.stems(6, seed=2).items()}
    finished, kept = run(tmp_path, parts, -11.0)
    assert finished.limited_db > 3
    over = soxr.resample(kept.data["mix"] / FULL_SCALE, 48_000, 384_000, quality="HQ")
    assert sounds.decibels(np.abs(over).max()) <= -1.0
    assert finished.mix.true_peak_dbtp <= -1.0


def test_limiting_takes_the_same_gain_from_every_stem(tmp_path: Path) -> None:
    parts = sounds.stems(5)
    finished, kept = run(tmp_path, parts, -12.0)
    assert finished.limited_db > 1
    gains = []
    for name in ("drums", "harmony"):
        # The tips of peaks are taken from the stems that make them, not from all alike.
        loud = (np.abs(parts[name]) > 0.02) & (np.abs(sum(parts.values())) < 0.25)
        gains.append(np.where(loud, kept.data[name] / FULL_SCALE / np.where(loud, parts[name], 1), np.nan))
    both = ~np.isnan(gains[0]) & ~np.isnan(gains[1])
    assert both.sum() > 1_000
    np.testing.assert_allclose(gains[0][both], gains[1][both], rtol=1e-4)


def test_a_loudness_that_the_peaks_forbid_is_told(tmp_path: Path) -> None:
    clicks = np.zeros((48_000 * 4, 2), np.float32)
    clicks[::24_000] = 0.5
    finished, _ = run(tmp_path, {"drums": clicks}, -9.0)
    assert [problem.kind for problem in finished.problems] == ["loudness"]
    assert finished.mix.true_peak_dbtp <= -1.0


def test_under_speech_the_whole_mix_is_turned_down_as_far_as_it_takes(tmp_path: Path) -> None:
    parts = sounds.stems(8)
    spans = ((48_000, 144_000), (168_000, 216_000))
    head = HANDLES[0]
    for data in parts.values():
        for start, end in spans:
            data[head + start : head + end] *= 0.4
    finished, kept = run(tmp_path, parts, -16.0, under=Under(spans, -35.0))
    inside = kept.data["mix"][head : -HANDLES[1]] / FULL_SCALE
    import pyloudnorm

    # Three seconds of speech: one stretch of two, and one of one.
    spoken = np.concatenate([inside[start:end] for start, end in spans])
    meter = pyloudnorm.Meter(48_000, block_size=3.0)
    assert meter.integrated_loudness(spoken) == pytest.approx(-35, abs=0.1)
    assert finished.cue.lufs is not None and finished.cue.lufs > -33
    assert finished.problems == ()


def test_music_that_is_soft_enough_under_speech_keeps_its_own_level(tmp_path: Path) -> None:
    parts = sounds.stems(6)
    for data in parts.values():
        data[HANDLES[0] + 48_000 : HANDLES[0] + 144_000] *= 0.02
    finished, _ = run(tmp_path, parts, -16.0, under=Under(((52_000, 144_000),), -35.0))
    assert finished.cue.lufs == pytest.approx(-16.0, abs=0.05)


def test_silent_stems_are_written_and_told(tmp_path: Path) -> None:
    finished, kept = run(tmp_path, {"pads": np.zeros((96_000, 2), np.float32)})
    assert [problem.kind for problem in finished.problems] == ["silence"]
    assert finished.cue.lufs is None and not kept.data["mix"].any()


def test_stems_that_cancel_each_other_are_not_clipped(tmp_path: Path) -> None:
    loud = sounds.noise(3)
    quiet = sounds.noise(3, seed=1) * np.float32(0.05)
    finished, kept = run(tmp_path, {"bass": loud, "pads": quiet - loud}, -16.0)
    assert max(np.abs(kept.data[name]).max() for name in kept.data) < FULL_SCALE
    assert any("quieter" in problem.text for problem in finished.problems)
    np.testing.assert_array_equal(kept.data["bass"] + kept.data["pads"], kept.data["mix"])


def test_a_generators_own_rate_and_mono_become_48_khz_stereo_in_place(tmp_path: Path) -> None:
    seconds = 3
    time = np.arange(32_000 * seconds) / 32_000
    pulse = 0.5 * np.exp(-(((time - 1.5) / 0.01) ** 2)) * np.sin(2 * np.pi * 440 * time)
    stems = stem_files(tmp_path, {"melody": pulse.astype(np.float32)}, rate=32_000)
    kept = Kept()
    finish(
        stems, samples=48_000 * seconds - 72_000, handle_samples=HANDLES, target_lufs=None, sink=kept,
        folder=tmp_path,
    )  # fmt: skip
    out = kept.data["melody"] / FULL_SCALE
    time = np.arange(48_000 * seconds) / 48_000
    expected = 0.5 * np.exp(-(((time - 1.5) / 0.01) ** 2)) * np.sin(2 * np.pi * 440 * time)
    np.testing.assert_allclose(out, np.stack([expected, expected], axis=1), atol=2e-3)


def test_short_stems_are_filled_and_long_ones_cut(tmp_path: Path) -> None:
    parts = sounds.stems(4)
    parts["drums"] = parts["drums"][:100_000]
    parts["hits"] = np.concatenate((parts["hits"], parts["hits"]))
    kept = Kept()
    finish(
        stem_files(tmp_path, parts), samples=192_000 - 72_000, handle_samples=HANDLES, target_lufs=-20.0,
        sink=kept, folder=tmp_path,
    )  # fmt: skip
    assert {len(data) for data in kept.data.values()} == {192_000}
    assert not kept.data["drums"][100_000:].any()


def test_sound_that_is_not_finite_is_our_fault_and_named(tmp_path: Path) -> None:
    parts = sounds.stems(2)
    parts["melody"][50_000, 1] = np.nan
    with pytest.raises(EngineFault, match="melody"):
        run(tmp_path, parts)


def test_cancelling_stops_and_leaves_no_work_file(tmp_path: Path) -> None:
    cancel = Cancel()

    def stop(_: object) -> None:
        cancel.set()

    with pytest.raises(Cancelled):
        run(tmp_path, sounds.stems(4), cancel=cancel, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "drums.wav",
        "harmony.wav",
        "hits.wav",
        "melody.wav",
    ]


def test_the_work_folder_holds_nothing_of_ours_afterwards(tmp_path: Path) -> None:
    before = set(sounds.stems(2))
    run(tmp_path, sounds.stems(2), -10.0)
    assert {path.stem for path in tmp_path.iterdir()} == before


def test_the_curves_of_music_leave_the_effects_out(tmp_path: Path) -> None:
    finished, _ = run(tmp_path, sounds.stems(6))
    boom = finished.onsets[EFFECTS].at(3 * 48_000)
    assert finished.onsets[EFFECTS].strength[boom - 2 : boom + 4].max() > 5
    assert set(finished.onsets) == {"drums", "harmony", "melody", EFFECTS, MUSIC}
    alone = {name: data for name, data in sounds.stems(6).items() if name != EFFECTS}
    without, _ = run(tmp_path, alone)
    ours = finished.onsets[MUSIC].strength
    assert np.corrcoef(ours, without.onsets[MUSIC].strength)[0, 1] > 0.99


def _digest(folder: Path) -> str:
    _, kept = run(folder, sounds.stems(4, seed=7), -12.0)
    return hashlib.sha256(b"".join(kept.data[name].tobytes() for name in sorted(kept.data))).hexdigest()


def test_the_same_stems_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = "import sys, pathlib, test_finish; print(test_finish._digest(pathlib.Path(sys.argv[1])))"
    here = Path(__file__)
    digests = {_digest(tmp_path)}
    for seed, threads in (("1", "1"), ("2", "2")):
        folder = tmp_path / seed
        folder.mkdir()
        paths = os.pathsep.join((str(here.parent), str(here.parents[2])))
        environment = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "PYTHONPATH": paths}
        result = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
        digests.add(result.stdout.strip())
    assert len(digests) == 1
