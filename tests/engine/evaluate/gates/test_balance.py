"""Gate 11: the mix's tones, its melody, its peaks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import sounds
from hitpoint.engine.audio.decode import audio_blocks
from hitpoint.engine.evaluate.gates.balance import CORRIDORS, balance, octaves_db
from hitpoint.engine.evaluate.gates.bands import OCTAVES_HZ
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.sampler import Sampler
from hitpoint.engine.sketch.soundfont import SoundFont
from hitpoint.engine.sketch.voices import Voice, bundled_font
from hitpoint.engine.types import Note
from judges import shared
from plans import make_plan

PLAN = make_plan((("A", 4, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
OCTAVES, MELODY, LIMITER, PEAK = range(4)
Floats = npt.NDArray[np.float32]


def shaped(levels_db: tuple[float, ...]) -> Floats:
    """8 s of stereo noise whose octaves have these levels."""
    white = sounds.random(4).standard_normal((8 * sounds.RATE, 2))
    spectrum = np.fft.rfft(white, axis=0)
    hertz = np.fft.rfftfreq(len(white), 1 / sounds.RATE)
    # The density that an octave's level asks for: octaves of white noise rise by 3 dB.
    density = np.interp(
        np.log2(np.maximum(hertz, 1)), np.log2(OCTAVES_HZ), levels_db - 10 * np.log10(OCTAVES_HZ)
    )
    out = np.fft.irfft(spectrum * 10 ** (density / 20)[:, None], len(white), axis=0)
    return (0.1 * out / np.sqrt(np.mean(out**2))).astype(np.float32)


def voice(name: str) -> Voice:
    return Voice(name, "pads", INSTRUMENTS[name].bank, INSTRUMENTS[name].program)


def piece(sound: Floats, style: str) -> Piece:
    return Piece(PLAN, {"music": sound}, style)


@pytest.mark.parametrize("style", ["electronic", "cinematic", "piano"])
def test_a_mix_along_its_styles_corridor_passes(style: str):
    verdict = balance(piece(shaped(CORRIDORS[style].middle_db), style))[OCTAVES]
    assert verdict.passed and verdict.value == pytest.approx(-6, abs=1)


@pytest.mark.parametrize(
    ("octave", "more_db"), [(0, 12.0), (1, 10.0), (4, 12.0), (7, 14.0), (7, -14.0), (6, -12.0)]
)
def test_an_octave_too_strong_or_too_weak_fails(octave: int, more_db: float):
    levels = list(CORRIDORS["cinematic"].middle_db)
    levels[octave] += more_db
    assert not balance(piece(shaped(tuple(levels)), "cinematic"))[OCTAVES].passed


def test_what_a_piano_may_lack_a_band_may_not():
    dull = shaped(CORRIDORS["piano"].middle_db)
    assert balance(piece(dull, "piano"))[OCTAVES].passed
    dull = shaped((0.0, 3.0, 3.0, 2.0, -2.0, -4.0, -14.0, -22.0))
    assert not balance(piece(dull, "rock"))[OCTAVES].passed


@pytest.mark.parametrize("name", ["slow_strings", "choir"])
def test_recorded_players_who_only_hold_pass_as_ambient_music(name: str):
    """Above the bass, which they have none of."""
    held = [
        player.note(player.note_key(name, pitch, 60, 4 * sounds.RATE))[: 4 * sounds.RATE]
        for player in [Sampler(SoundFont(bundled_font()), [voice(name)], 1)]
        for pitch in (52, 55, 60, 64, 67)
    ]
    levels = octaves_db(np.sum(held, axis=0))
    assert levels is not None

    def outside(style: str) -> float:
        corridor = CORRIDORS[style]
        return float((np.abs(levels - corridor.middle_db) - corridor.width_db)[-2:].max())

    assert outside("ambient") < 0 < outside("piano")


def test_every_style_has_a_corridor_and_others_are_not_judged():
    assert len(CORRIDORS) == 12
    assert not balance(piece(sounds.noise(8), ""))[OCTAVES].applies


def sung(melody_gain: float) -> Piece:
    """A line of plucked notes over chords that lie around it."""
    melody, chords = (np.zeros((PLAN.samples, 2), np.float32) for _ in range(2))
    notes = []
    for step in range(16):
        pitch = 69 + (0, 2, 3, 7)[step % 4]
        notes.append(Note("melody", 24_000 * step, 20_000, pitch, 80, "melody flute"))
        sounds.put(melody, sounds.tone(440 * 2 ** ((pitch - 69) / 12), 0.45), step / 2, melody_gain)
        for ratio in (0.5, 0.75, 1.0, 1.19, 1.5):
            sounds.put(chords, sounds.tone(440 * ratio, 0.5), step / 2, 0.05)
    return Piece(PLAN, {"melody": melody, "harmony": chords}, "piano", notes=tuple(notes))


def test_a_melody_over_its_chords_is_heard():
    verdict = balance(sung(0.2))[MELODY]
    assert verdict.value == 1.0 and verdict.passed


def test_a_melody_under_its_chords_fails():
    verdict = balance(sung(0.02))[MELODY]
    assert verdict.value is not None and not verdict.passed


def test_a_melody_that_lies_alone_in_its_bands_may_be_soft():
    melody = sung(0.2)
    rumble = np.zeros((PLAN.samples, 2), np.float32)
    for second in range(8):
        sounds.put(rumble, sounds.tone(55, 1.0, partials=1), second, 0.6)
    stems = {"melody": 0.05 * melody.stems["melody"], "bass": rumble}
    assert balance(Piece(PLAN, stems, "piano", notes=melody.notes))[MELODY].passed


def test_without_melody_notes_there_is_none_to_hear():
    assert not balance(Piece(PLAN, sung(0.2).stems, "piano"))[MELODY].applies


def test_the_limiters_depth_is_taken_from_the_finish():
    quiet = sung(0.2)
    assert balance(quiet, 1.9)[LIMITER].passed
    assert not balance(quiet, 2.6)[LIMITER].passed
    assert not balance(quiet)[LIMITER].applies


def test_crushed_music_fails_and_music_with_peaks_passes():
    sound = sum(sounds.stems(8, seed=2).values())
    assert balance(piece(sound, "rock"))[PEAK].passed
    crushed = np.tanh(30 * sound) * np.float32(0.5)
    assert not balance(piece(crushed, "rock"))[PEAK].passed


def test_nothing_is_said_of_silence():
    silent = np.zeros((PLAN.samples, 2), np.float32)
    assert octaves_db(silent) is None
    assert not any(verdict.applies for verdict in balance(piece(silent, "rock")))


@pytest.mark.shared
def test_a_films_soundtrack_passes():
    path = shared("footage/big_buck_bunny_0_30.webm")
    sound = np.concatenate(list(audio_blocks(path, samples=30 * sounds.RATE)))
    for style in ("cinematic", "comedy"):
        verdicts = balance(piece(sound, style))
        assert verdicts[OCTAVES].passed and verdicts[OCTAVES].applies
        assert verdicts[PEAK].passed and verdicts[PEAK].applies


def test_the_gate_runs_on_what_the_composer_wrote(sketched: Callable[[str, int], Piece]):
    verdicts = balance(sketched("cinematic", 1), 0.4)
    assert all(verdict.applies and verdict.passed for verdict in verdicts)
