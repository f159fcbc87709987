"""What is heard in music whose tempo, key and form are known, and what in sounds that are no music."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from hitpoint.engine.audio.decode import SoundFile
from hitpoint.engine.audio.likeness import Heard, hear
from hitpoint.engine.plan.like import WHOLE
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.serial import from_json, to_json
from hitpoint.engine.sketch.composer import compose
from hitpoint.engine.sketch.harmony import is_bright
from hitpoint.engine.sketch.render import render
from hitpoint.engine.types import Plan
from plans import make_plan, make_request

Floats = npt.NDArray[np.float32]
RATE = 48_000
FORM = (("A", 3, 0.25, 0.6), ("B", 5, 0.85, 0.7))
# Style, beats a minute, tonic, seed.
PIECES = [
    ("piano", 90.0, 2, 1),
    ("piano", 102.0, 9, 2),
    ("folk", 112.0, 7, 1),
    ("folk", 122.0, 4, 2),
    ("electronic", 118.0, 0, 1),
    ("electronic", 126.0, 5, 2),
]


@cache
def played(style: str, bpm: float, tonic: int, seed: int, valence: float | None = None) -> Floats:
    """A short piece of the built-in composer: float32 [n, 2]."""
    request = make_request(plan_of(bpm, valence), style=style, seed=seed, tonic=tonic)
    piece = compose(request)
    with TemporaryDirectory() as folder:
        stems = render(
            piece.notes,
            piece.voices,
            samples=request.plan.samples,
            handle_samples=(0, 0),
            seed=seed,
            folder=Path(folder),
            stems=piece.stems,
            progress=silent,
            cancel=Cancel(),
        )
        sounds = [soundfile.read(stem.path, dtype="float32", always_2d=True)[0] for stem in stems]
    return np.asarray(np.sum(sounds, axis=0), np.float32)


def plan_of(bpm: float, valence: float | None = None) -> Plan:
    form = [(label, bars, energy, mood if valence is None else valence) for label, bars, energy, mood in FORM]
    return make_plan(form, bpm=bpm, hit_bars=(3,), must_bars=())


def heard(sound: Floats, block: int = RATE) -> Heard:
    return hear({WHOLE: (sound[at : at + block] for at in range(0, len(sound), block))})


@cache
def known(*piece: object) -> Heard:
    return heard(played(*piece))  # type: ignore[arg-type]


def noise(seconds: float, seed: int = 1) -> Floats:
    rng = np.random.Generator(np.random.PCG64(seed))
    return np.repeat(rng.normal(0, 0.1, (round(seconds * RATE), 1)), 2, axis=1).astype(np.float32)


@pytest.mark.parametrize(("style", "bpm", "tonic", "seed"), PIECES)
def test_tempo_and_key_of_our_own_music(style: str, bpm: float, tonic: int, seed: int) -> None:
    found = known(style, bpm, tonic, seed)
    assert found.music == "yes"
    assert found.bpm is not None and found.bpm_sure >= 0.3
    assert min(abs(found.bpm * octave / bpm - 1) for octave in (0.5, 1, 2)) < 0.04
    assert (found.tonic, found.minor) == (tonic, False)
    assert found.key_sure >= 0.25


def test_a_dark_piece_is_heard_as_minor() -> None:
    request = make_request(plan_of(126.0, 0.05), style="electronic", seed=3, tonic=2)
    assert not any(is_bright(part.mode) for part in compose(request).form.parts)
    found = known("electronic", 126.0, 2, 3, 0.05)
    assert (found.tonic, found.minor) == (2, True)


def test_the_curve_rises_where_the_music_does() -> None:
    curve = np.array(known(*PIECES[2]).curves[WHOLE], float)
    border = round(len(curve) * 3 / 8)
    assert np.nanmean(curve[border:-20]) > np.nanmean(curve[10:border]) + 0.1
    assert 0 <= np.nanmin(curve) <= np.nanmax(curve) <= 1


def test_drums_and_brightness_are_told_apart() -> None:
    machine, solo = known(*PIECES[4]), known(*PIECES[0])
    assert machine.drums == "yes" and solo.drums != "yes"
    assert machine.bass == "yes"
    sound = played(*PIECES[2])
    dull = sound - np.concatenate((np.zeros((1, 2), np.float32), sound[:-1]))  # each octave up gains 6 dB
    assert heard(dull).brightness > known(*PIECES[2]).brightness
    assert heard(dull).low_db < known(*PIECES[2]).low_db


def test_the_size_of_blocks_and_the_level_decide_nothing() -> None:
    sound = played(*PIECES[3])
    found = known(*PIECES[3])
    assert heard(sound, block=7_001) == found
    softer = heard(sound * np.float32(0.25))
    assert (softer.bpm, softer.tonic, softer.minor, softer.drums) == (
        found.bpm,
        found.tonic,
        found.minor,
        found.drums,
    )
    assert from_json(Heard, to_json(found)) == found


def test_silence_and_noise_are_no_music() -> None:
    assert heard(np.zeros((6 * RATE, 2), np.float32)).music == "silent"
    assert hear({}).music == "silent"
    assert heard(noise(12)).music == "noise"
    red = np.diff(np.cumsum(noise(12), axis=0), 2, axis=0) * 0.5 + noise(12)[2:] * 0.2
    assert heard(red.astype(np.float32)).music == "noise"
    assert heard(played(*PIECES[5])[: 3 * RATE]).music == "short"
    for sound in (np.zeros((6 * RATE, 2), np.float32), noise(6)):
        found = heard(sound)
        assert (found.bpm, found.tonic, found.curves) == (None, None, {})


def test_a_metronome_has_a_tempo_and_no_key() -> None:
    sound = np.zeros((14 * RATE, 2), np.float32)
    tick = noise(0.04) * np.exp(-np.arange(1920) / 300)[:, None].astype(np.float32)
    for at in range(0, len(sound) - 2000, 30_000):
        sound[at : at + 1920] += tick
    found = heard(sound)
    assert found.bpm == pytest.approx(96, rel=0.01)
    assert found.tonic is None


def test_silence_before_and_after_is_no_quiet_music() -> None:
    sound = played(*PIECES[2])
    pause = np.zeros((8 * RATE, 2), np.float32)
    found = heard(np.concatenate((pause, sound, pause)))
    plain = known(*PIECES[2])
    assert found.bpm == pytest.approx(plain.bpm, rel=0.02)
    assert (found.tonic, found.minor) == (plain.tonic, plain.minor)
    curve = found.curves[WHOLE]
    assert curve[0] is None and curve[-1] is None and curve[len(curve) // 2] is not None
    assert found.range_db == pytest.approx(plain.range_db, abs=3)


def test_what_is_no_number_is_silence() -> None:
    sound = played(*PIECES[5]).copy()
    sound[RATE : RATE + 50] = np.nan
    assert heard(sound).music == "yes"


def test_a_file_is_read_to_its_end_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "temp.wav"
    soundfile.write(path, noise(1.5), RATE)

    def blocks() -> Iterator[Floats]:
        with SoundFile(path) as file:
            yield from file.rest()

    assert sum(len(block) for block in blocks()) == round(1.5 * RATE)
