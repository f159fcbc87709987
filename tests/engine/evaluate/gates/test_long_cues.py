"""Gate 15: long music stays one piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

import sounds
from hitpoint.engine.evaluate.gates.long_cues import long_cues
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.pitches import of_notes, of_sound, unit_rows
from hitpoint.engine.types import Note, Plan
from plans import make_plan

from .scores import PUBLIC_DOMAIN

BAR_S = 2.0
AWAY, PER_MINUTE, COHERENCE = range(3)
# Roots over the tonic and the third's size: I vi IV V.
MAJOR_TURN = ((0, 4), (9, 3), (5, 4), (7, 4))
# i bVI bIII bVII, in the same scale as the relative major, and i iv i V.
MINOR_TURN = ((0, 3), (8, 4), (3, 4), (10, 4))
# i bVII IV bVII: the scale of the major key a tone below, around another tonic.
DORIAN_TURN = ((0, 3), (10, 4), (5, 4), (10, 4))


def song(tonics: Sequence[int], turn: Sequence[tuple[int, int]] = MAJOR_TURN, sections: int = 8) -> Piece:
    """One chord a bar; `tonics` has the key of each bar; sections of some bars."""
    borders = -(-len(tonics) // sections)
    lengths = [min(sections, len(tonics) - sections * place) for place in range(borders)]
    plan = make_plan(
        tuple((chr(65 + place % 26), bars, 0.5, 0.5) for place, bars in enumerate(lengths)),
        bpm=120,
        hit_bars=(),
        must_bars=(),
    )
    notes = []
    for bar, tonic in enumerate(tonics):
        root, third = turn[bar % len(turn)]
        start = plan.bars[bar].start_sample
        for step in (0, third, 7):
            notes.append(Note("harmony", start, 96_000, 60 + (tonic + root + step) % 12, 70))
        notes.append(Note("bass", start, 96_000, 36 + (tonic + root) % 12, 80))
        notes.append(Note("drums", start, 4_800, 61, 120))
    return Piece(plan, {}, notes=tuple(notes))


def values(piece: Piece) -> list[float | None]:
    return [verdict.value for verdict in long_cues(piece)]


@pytest.mark.parametrize("turn", (MAJOR_TURN, MINOR_TURN))
def test_five_minutes_in_one_key_pass(turn):
    verdicts = long_cues(song([2] * 150, turn))
    assert [verdict.value for verdict in verdicts[:2]] == [0, 0]
    assert verdicts[COHERENCE].value is not None and verdicts[COHERENCE].value > -0.02
    assert all(verdict.passed for verdict in verdicts)


def test_a_new_key_where_a_section_begins_passes():
    verdicts = long_cues(song([0] * 16 + [3] * 16 + [0] * 16))
    assert verdicts[AWAY].value == 0 and verdicts[PER_MINUTE].value == 2
    assert all(verdict.passed for verdict in verdicts)


def test_a_new_key_inside_a_section_fails():
    verdicts = long_cues(song([0] * 20 + [6] * 20))
    assert verdicts[AWAY].value == 1 and not verdicts[AWAY].passed


def test_a_key_for_every_section_is_too_many():
    verdict = long_cues(song([0] * 8 + [3] * 8 + [6] * 8 + [2] * 8))[PER_MINUTE]
    assert verdict.value == 3 and not verdict.passed


def test_minor_after_major_on_one_tonic_is_no_new_key():
    major, minor = song([0] * 16), song([0] * 16, MINOR_TURN)
    later = [
        Note(note.stem, note.start_sample + major.plan.samples, note.samples, note.pitch, note.velocity)
        for note in minor.notes
    ]
    both = Piece(song([0] * 32).plan, {}, tonic=0, notes=(*major.notes, *later))
    assert values(both)[:2] == [0, 0]


def test_a_mode_on_the_known_tonic_is_no_new_key_and_a_far_key_is_one():
    start, away = 20, 24
    minor = song([0] * (2 * start + away), MINOR_TURN)
    first, last = minor.plan.bars[start].start_sample, minor.plan.bars[start + away].start_sample

    def with_passage(other: Piece) -> Piece:
        passage = [replace(note, start_sample=note.start_sample + first) for note in other.notes]
        rest = [note for note in minor.notes if not first <= note.start_sample < last]
        return replace(minor, tonic=0, notes=(*rest, *passage))

    assert values(with_passage(song([0] * away, DORIAN_TURN)))[AWAY] == 0
    assert values(with_passage(song([6] * away, MINOR_TURN)))[AWAY] == 2


@pytest.mark.parametrize("score", PUBLIC_DOMAIN)
def test_scores_of_the_public_domain_keep_their_key(score):
    assert all(verdict.passed for verdict in long_cues(score())), [v.text for v in long_cues(score())]


def test_music_that_wanders_off_is_not_one_piece():
    tonics = [(7 * (bar // 12)) % 12 for bar in range(150)]
    verdict = long_cues(song(tonics, sections=12))[COHERENCE]
    assert verdict.value is not None and not verdict.passed, verdict.text


def test_several_musics_one_after_the_other_are_not_one_piece():
    tonics = [tonic for tonic in (0, 6, 1, 8, 3, 10) for _ in range(15)]
    verdict = long_cues(song(tonics, sections=15))[COHERENCE]
    assert verdict.value is not None and not verdict.passed, verdict.text


def test_a_long_cue_that_modulates_and_comes_back_is_one_piece():
    assert long_cues(song([0] * 64 + [5] * 32 + [0] * 54))[COHERENCE].passed


def test_short_cues_have_no_coherence_to_judge():
    assert values(song([0] * 16))[COHERENCE] is None


def sounding(piece: Piece, plan: Plan) -> sounds.Floats:
    out = np.zeros((plan.samples, 2), np.float32)
    for note in piece.notes:
        if note.stem != "drums":
            hertz = 440 * 2 ** ((note.pitch - 69) / 12)
            sounds.put(out, sounds.tone(hertz, 2.0, partials=4), note.start_sample / sounds.RATE, 0.1)
    return out


def test_sound_tells_what_its_notes_tell():
    written = song([0] * 3 + [5] * 3)
    edges = [0, 3 * 96_000, 6 * 96_000]
    heard = of_sound(sounding(written, written.plan), edges)
    alike = (unit_rows(heard) * unit_rows(of_notes(written.notes, edges))).sum(axis=1)
    assert (alike > 0.8).all()


def test_a_take_without_notes_is_judged_by_its_sound():
    written = song([0] * 6 + [6] * 6, sections=6)
    sound = sounding(written, written.plan)
    drums = np.tile(sounds.drum(3), 40)[: len(sound), None].repeat(2, axis=1)
    noise = np.zeros_like(sound)
    noise[: len(drums)] = drums
    heard = Piece(written.plan, {"other": sound, "drums": noise})
    assert values(heard)[:2] == [0, 1]
    inside = Piece(song([0] * 12, sections=12).plan, heard.stems)
    assert values(inside)[:2] == [1, 1]


def test_silence_and_drums_alone_have_no_key():
    plan = song([0] * 8).plan
    assert values(Piece(plan, {"drums": np.ones((plan.samples, 2), np.float32)})) == [None] * 3
    assert values(Piece(plan, {"music": np.zeros((plan.samples, 2), np.float32)})) == [None] * 3


def test_the_composer_keeps_its_key(sketched):
    assert long_cues(sketched("cinematic", 1))[AWAY].passed
