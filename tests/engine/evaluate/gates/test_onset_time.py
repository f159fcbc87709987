"""Gate 4: notes are heard to begin when they were written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

import sounds
from hitpoint.engine.evaluate.gates.onset_time import onset_time, preset_attack_s
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.presets import presets
from hitpoint.engine.types import Note
from plans import make_plan

PLAN = make_plan((("A", 6, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
Floats = npt.NDArray[np.float32]


def rising(attack: float, seconds: float = 1.5, hertz: float = 330.0) -> Floats:
    """A tone whose amplitude grows in a straight line for `attack` s, then holds, and stops in 50 ms."""
    time = np.arange(round(seconds * sounds.RATE)) / sounds.RATE
    shape = np.clip(time / max(attack, 1e-4), 0, 1) * np.clip((seconds - time) / 0.05, 0, 1)
    return (np.sin(2 * np.pi * hertz * time) * shape).astype(np.float32)


def test_every_preset_has_an_attack_and_the_bowed_ones_are_slow():
    attacks = {name: preset_attack_s(name) for name in presets()}
    assert all(0 <= attack < 0.4 for attack in attacks.values())
    assert attacks["slow_strings"] > 0.06 > attacks["violins"] > 0.02 > attacks["piano"]


def strings(early_s: float, *, gap_s: float = 3.0, instrument: str = "slow strings") -> Piece:
    """Single notes of 1.5 s with an attack of 200 ms, played early by so much."""
    sound = np.zeros((PLAN.samples, 2), np.float32)
    notes = []
    for step in range(3):
        second = 0.5 + gap_s * step
        notes.append(Note("pads", round(second * sounds.RATE), 72_000, 64, 70, f"pads {instrument}"))
        sounds.put(sound, rising(0.2), second - early_s, 0.2)
    return Piece(PLAN, {"pads": sound}, notes=tuple(notes))


def test_strings_played_early_by_their_attack_pass():
    (verdict,) = onset_time(strings(0.063))
    assert verdict.value is not None and verdict.value < 3 and verdict.passed


@pytest.mark.parametrize("early_s", [0.0, 0.15])
def test_strings_that_are_heard_late_or_early_fail(early_s: float):
    (verdict,) = onset_time(strings(early_s))
    assert verdict.value == pytest.approx(1000 * abs(0.063 - early_s), abs=4) and not verdict.passed


def test_handles_before_the_cue_are_counted():
    early = strings(0.063)
    sound = np.concatenate((np.zeros((9_600, 2), np.float32), early.stems["pads"]))
    moved = Piece(PLAN, {"pads": sound}, notes=early.notes, handles=(9_600, 0))
    assert onset_time(moved) == onset_time(early)


def test_notes_that_flow_into_each_other_and_struck_ones_are_not_judged():
    assert not onset_time(strings(0.0, instrument="piano"))[0].applies
    legato = strings(0.0, gap_s=1.45)
    notes = legato.notes[1:]
    assert not onset_time(Piece(PLAN, legato.stems, notes=notes))[0].applies


def test_two_onsets_are_too_few_to_tell():
    late = strings(0.0)
    assert not onset_time(Piece(PLAN, late.stems, notes=late.notes[:2]))[0].applies


def test_instruments_with_few_onsets_are_judged_together():
    late = strings(0.0)
    names = ("slow strings", "choir", "cello")
    mixed = tuple(
        replace(note, instrument=f"pads {name}") for note, name in zip(late.notes, names, strict=True)
    )
    assert onset_time(Piece(PLAN, late.stems, notes=mixed)) == onset_time(late)


def test_a_struck_note_in_the_same_chord_hides_the_strings():
    late = strings(0.0)
    struck = tuple(Note("pads", note.start_sample, note.samples, 52, 70, "pads piano") for note in late.notes)
    assert not onset_time(Piece(PLAN, late.stems, notes=late.notes + struck))[0].applies


def test_a_note_in_a_silent_stem_has_no_onset():
    silent = {"pads": np.zeros((PLAN.samples, 2), np.float32)}
    assert not onset_time(Piece(PLAN, silent, notes=strings(0.0).notes))[0].applies


def test_the_gate_runs_on_what_the_composer_wrote(sketched: Callable[[str, int], Piece]):
    assert onset_time(sketched("cinematic", 1))[0].applies
