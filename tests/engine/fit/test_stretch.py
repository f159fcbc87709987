from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from clicks import click_music
from hitpoint.engine.audio.onset import onset_curve
from hitpoint.engine.errors import EngineFault
from hitpoint.engine.fit.beats import find_beats
from hitpoint.engine.fit.match import Warp, warped
from hitpoint.engine.fit.stretch import stretched
from hitpoint.engine.timebase import SAMPLE_RATE

SECOND = SAMPLE_RATE


def _reader(sound: np.ndarray, asked: list[int] | None = None) -> Callable[[int, int], np.ndarray]:
    def read(start: int, stop: int) -> np.ndarray:
        if asked is not None:
            asked.append(stop - start)
        out = np.zeros((stop - start, sound.shape[1]), np.float32)
        first, last = max(start, 0), min(stop, len(sound))
        if last > first:
            out[first - start : last - start] = sound[first:last]
        return out

    return read


def _run(sound: np.ndarray, warp: Warp) -> np.ndarray:
    return np.concatenate(list(stretched(_reader(sound), warp)))


def _warp_at_beats(beats: np.ndarray, length: int, seed: int) -> Warp:
    """Anchors on random beats more than 1.2 s apart, pieces stretched by up to 4 %."""
    random = np.random.Generator(np.random.PCG64(seed))
    warp = [(0, 0)]
    for beat in [*beats[3:-3:3], length]:
        source, target = warp[-1]
        if beat - source > 1.2 * SECOND:
            warp.append((int(beat), target + round((int(beat) - source) * random.uniform(0.961, 1.039))))
    return tuple(warp)


def _attacks(sound: np.ndarray, at: np.ndarray) -> np.ndarray:
    """How long after each of `at` a sound within 25 ms rises above a third of its peak, in samples."""
    level = np.abs(sound[:, 0])
    out = []
    for sample in at:
        near = level[max(0, sample - 1200) : sample + 1200]
        out.append(int(np.argmax(near > 0.3 * near.max())) - min(1200, sample))
    return np.array(out)


@pytest.mark.parametrize("seed", range(4))
def test_clicks_lie_where_the_warp_says_and_none_is_doubled_or_lost(seed: int) -> None:
    music = click_music(seed, 30, off_beats=seed % 2 == 0, channels=2 if seed < 2 else 1)
    warp = _warp_at_beats(music.beats, len(music.sound), seed)
    assert len(warp) > 6
    out = _run(music.sound, warp)
    assert out.shape == (warp[-1][1], music.sound.shape[1]) and out.dtype == np.float32
    late = _attacks(out, warped(music.beats, warp)) - _attacks(music.sound, music.beats)
    assert np.abs(late).max() <= 0.005 * SECOND
    before, after = find_beats(onset_curve(music.sound)), find_beats(onset_curve(out))
    clear = before.clear / 2
    assert (after.strengths >= clear).sum() == (before.strengths >= clear).sum()


def test_a_straight_warp_is_a_copy_to_the_bit() -> None:
    sound = click_music(1, 8).sound
    assert np.array_equal(
        _run(sound, ((4_800, 0), (4_800 + 7 * SECOND, 7 * SECOND))), sound[4_800:][: 7 * SECOND]
    )
    # Also where a border divides it: both sides are the same sound.
    halves = _run(sound, ((0, 0), (3 * SECOND, 3 * SECOND), (8 * SECOND, 8 * SECOND)))
    assert np.abs(halves - sound).max() < 1e-6


@pytest.mark.parametrize("hertz", [(220.0, 331.0), (440.0,), (97.0, 1_733.0)])
def test_a_tone_keeps_its_level_over_every_border(hertz: tuple[float, ...]) -> None:
    time = np.arange(16 * SECOND) / SECOND
    sound = sum(0.2 * np.sin(2 * np.pi * f * time) for f in hertz).astype(np.float32)[:, None]
    warp = (
        (0, 0),
        (4 * SECOND, round(4.12 * SECOND)),
        (8 * SECOND, 8 * SECOND),
        (16 * SECOND, round(15.5 * SECOND)),
    )
    out = _run(sound, warp)[SECOND // 10 : -SECOND // 10]
    power = np.convolve(np.square(out[:, 0]), np.ones(4_800) / 4_800, "valid")
    level_db = 10 * np.log10(power / np.median(power))
    assert np.abs(level_db).max() < 1.5


def test_pitch_stays() -> None:
    time = np.arange(10 * SECOND) / SECOND
    sound = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[:, None]
    out = _run(sound, ((0, 0), (5 * SECOND, round(5.2 * SECOND)), (10 * SECOND, 10 * SECOND)))
    for part in (out[SECOND : 4 * SECOND, 0], out[6 * SECOND : 9 * SECOND, 0]):
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        assert abs(spectrum.argmax() * SECOND / len(part) - 440) < 0.5


def test_music_past_its_end_is_silence() -> None:
    sound = np.full((2 * SECOND, 2), 0.25, np.float32)
    out = _run(sound, ((0, 0), (4 * SECOND, 4 * SECOND)))
    assert len(out) == 4 * SECOND and not out[2 * SECOND :].any()


def test_long_pieces_are_read_in_bounded_parts() -> None:
    asked: list[int] = []
    sound = np.zeros((200 * SECOND, 1), np.float32)
    warp = ((0, 0), (200 * SECOND, 196 * SECOND))
    total = sum(len(block) for block in stretched(_reader(sound, asked), warp))
    assert total == 196 * SECOND and max(asked) < 32 * SECOND


def test_a_warp_that_does_not_run_forward_is_our_fault() -> None:
    with pytest.raises(EngineFault, match="does not run forward"):
        _run(np.zeros((SECOND, 1), np.float32), ((0, 0), (1_000, 500), (900, 600)))
