"""Gate 8: louder is brighter, held notes live, no stroke twice the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

import sounds
from hitpoint.engine.audio.decode import audio_blocks
from hitpoint.engine.evaluate.gates.dynamics import centroid_hz, centroid_rise, dynamics
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.presets import (
    instrument_of,
    key_of,
    note_alone,
    presets,
    same_sample,
)
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.types import Note
from judges import shared
from plans import make_plan

PLAN = make_plan((("A", 6, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
RISE, SWELL, STROKES, SPREAD = range(4)
Floats = npt.NDArray[np.float32]
SILENT = np.zeros((PLAN.samples, 2), np.float32)


def piece(notes: list[Note], stems: dict[str, Floats] | None = None) -> Piece:
    return Piece(PLAN, stems or {"harmony": SILENT}, notes=tuple(notes))


def line(velocities: list[int], *, stem: str = "harmony", instrument: str = "piano") -> list[Note]:
    return [
        Note(stem, 12_000 * step, 10_000, 60, velocity, f"{stem} {instrument}")
        for step, velocity in enumerate(velocities)
    ]


def test_a_player_whose_loud_notes_are_brighter_passes():
    assert dynamics(piece(line([60, 90])), lambda instrument: 0.3)[RISE].passed


def test_the_dullest_instrument_of_the_piece_decides():
    notes = line([60, 90]) + line([60, 90], instrument="clarinet")
    rises = {"piano": 0.3, "clarinet": 0.02}
    verdict = dynamics(piece(notes), rises.__getitem__)[RISE]
    assert verdict.value == 0.02 and not verdict.passed


def test_our_players_piano_gets_brighter():
    assert centroid_rise("piano") > 0.15
    assert dynamics(piece(line([60, 90])))[RISE].passed


def test_a_centroid_does_not_hear_how_loud_a_sound_is():
    tone = sounds.tone(220, 1.0)
    assert centroid_hz(tone) == pytest.approx(centroid_hz(tone * np.float32(0.1)), rel=1e-5)
    assert centroid_hz(sounds.tone(220, 1.0, partials=12)) > 1.2 * centroid_hz(tone)
    assert centroid_hz(sounds.tone(1000, 1.0, partials=1)) == pytest.approx(1000, rel=0.03)
    assert centroid_hz(np.zeros(100, np.float32)) == 0.0


def held(swell_db: float, *, instrument: str = "slow strings", decays: bool = False) -> Piece:
    """Four chords of 3 s that grow and fall again by so much, or die away."""
    notes, sound = [], SILENT.copy()
    time = np.arange(3 * sounds.RATE) / sounds.RATE
    shape = np.exp(-time) if decays else 10 ** (swell_db / 20 * (np.sin(np.pi * time / 3) - 1))
    for bar in range(4):
        for pitch, hertz in ((60, 261.6), (64, 329.6), (67, 392.0)):
            notes.append(Note("pads", 144_000 * bar, 144_000, pitch, 70, f"pads {instrument}"))
            sounds.put(sound, (np.sin(2 * np.pi * hertz * time) * shape).astype(np.float32), 3 * bar, 0.1)
    return piece(notes, {"pads": sound})


def test_chords_that_swell_pass():
    verdict = dynamics(held(9))[SWELL]
    assert verdict.value is not None and verdict.passed


def test_chords_that_lie_there_like_an_organ_fail():
    verdict = dynamics(held(0))[SWELL]
    assert verdict.value is not None and not verdict.passed


def test_a_sound_that_dies_away_does_not_swell():
    verdict = dynamics(held(0, decays=True))[SWELL]
    assert verdict.value == pytest.approx(0, abs=0.1)


def test_struck_instruments_are_not_asked_to_swell():
    assert not dynamics(held(9, instrument="piano"))[SWELL].applies


def drums(velocities: list[int], gap: int = 12_000) -> list[Note]:
    return [
        Note("drums", gap * step, 6_000, 42, velocity, "drums kit")
        for step, velocity in enumerate(velocities)
    ]


def test_a_drummer_who_never_strikes_twice_alike_passes():
    verdict = dynamics(piece(drums([60, 72, 64, 78] * 5), {"drums": SILENT}))[STROKES]
    assert verdict.value == 0.0 and verdict.passed


def test_flat_velocity_is_a_machine_gun():
    verdicts = dynamics(piece(drums([80] * 20) + line([70] * 20)))
    assert verdicts[STROKES].value == 1.0 and not verdicts[STROKES].passed
    assert verdicts[SPREAD].value == 0.0 and not verdicts[SPREAD].passed


def test_a_crash_every_eight_bars_is_no_machine_gun():
    assert not dynamics(piece(drums([80] * 12, gap=120_000)))[STROKES].applies


def test_velocities_that_the_player_rounds_to_one_are_one_sample():
    first, near, far = drums([80, 81, 90])
    assert same_sample(first, near) and not same_sample(first, far)
    assert not same_sample(first, replace(near, pitch=38))
    unknown = [replace(note, instrument="gong") for note in (first, near)]
    assert not same_sample(*unknown) and same_sample(unknown[0], unknown[0])


def test_lines_with_accents_pass_and_short_ones_are_not_judged():
    assert dynamics(piece(line([60, 75, 66, 82] * 3)))[SPREAD].passed
    assert not dynamics(piece(line([60, 75, 66])))[SPREAD].applies


def beaten(strokes: list[Floats]) -> Piece:
    sound = SILENT.copy()
    for step, stroke in enumerate(strokes):
        sounds.put(sound, stroke, 0.2 + step / 4, 0.5)
    return Piece(PLAN, {"drums": sound})


def test_a_machine_gun_is_heard_without_notes():
    one = sounds.drum(1)
    verdict = dynamics(beaten([one] * 24))[STROKES]
    assert verdict.value is not None and verdict.value > 0.8 and not verdict.passed


def test_strokes_that_differ_pass_without_notes():
    verdict = dynamics(beaten([sounds.drum(seed) for seed in range(24)]))[STROKES]
    assert verdict.value is not None and verdict.value < 0.1 and verdict.passed


@pytest.mark.shared
def test_in_a_films_soundtrack_nothing_is_played_twice():
    path = shared("footage/big_buck_bunny_0_30.webm")
    sound = np.concatenate(list(audio_blocks(path, samples=30 * sounds.RATE)))
    verdicts = dynamics(Piece(PLAN, {"drums": sound}))
    assert verdicts[STROKES].applies and verdicts[STROKES].passed
    assert not any(verdict.applies for verdict in (verdicts[RISE], verdicts[SWELL], verdicts[SPREAD]))


def test_effects_and_foreign_instruments_are_none_of_ours():
    assert instrument_of(Note("melody", 0, 1, 60, 60, "melody slow strings")) == "slow_strings"
    assert instrument_of(Note("hits", 0, 1, 60, 60, "fx:impact")) is None
    assert instrument_of(Note("melody", 0, 1, 60, 60, "melody kazoo")) is None
    assert len(presets()) == sum(facts.bank >= 0 for facts in INSTRUMENTS.values())


def test_one_note_is_as_long_as_it_is_held_and_rings_on():
    sound = note_alone("slow_strings", key_of("slow_strings", 0.5), 80, 48_000)
    assert sound.ndim == 1 and len(sound) > 48_000 and np.abs(sound).max() > 0
    assert key_of("kit", 0.1) == key_of("kit", 0.9) == INSTRUMENTS["kit"].lanes["snare"]


def test_the_gate_runs_on_what_the_composer_wrote(sketched: Callable[[str, int], Piece]):
    verdicts = dynamics(sketched("cinematic", 1))
    assert all(verdict.applies for verdict in verdicts)
    assert verdicts[STROKES].passed and verdicts[SPREAD].passed
