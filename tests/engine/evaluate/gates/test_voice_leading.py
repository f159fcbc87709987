"""Gate 1: every fault is heard in a score that has it, none in scores that keep the rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hitpoint.engine.evaluate.gates.piece import Chord, Piece
from hitpoint.engine.evaluate.gates.verdict import Verdict
from hitpoint.engine.evaluate.gates.voice_leading import voice_leading
from hitpoint.engine.types import Note

from .scores import PUBLIC_DOMAIN, chorale, variations_theme

PARALLELS, CROSSINGS, THIRDS, NINTHS, CHORD_TONES, CADENCES = range(6)


def judged(piece: Piece) -> tuple[Verdict, ...]:
    verdicts = voice_leading(piece)
    assert len(verdicts) == 6
    return verdicts


def with_notes(piece: Piece, *stems: str, by: list[Note]) -> Piece:
    """The piece with other notes in `stems`."""
    kept = [note for note in piece.notes if note.stem not in stems]
    return replace(piece, notes=tuple(kept + by))


@pytest.mark.parametrize("score", PUBLIC_DOMAIN)
def test_public_domain_scores_pass(score):
    assert [verdict.text for verdict in judged(score()) if not verdict.passed] == []
    assert all(verdict.applies for verdict in judged(score()))


def test_parallel_octaves_of_bass_and_top_fail():
    piece = chorale()
    under = [
        replace(note, stem="bass", pitch=note.pitch - 24) for note in piece.notes if note.stem == "melody"
    ]
    verdict = judged(with_notes(piece, "bass", by=under))[PARALLELS]
    assert not verdict.passed
    assert verdict.value is not None and verdict.value > 0.5


def test_parallel_fifths_of_blocks_fail_where_nobody_sings_and_power_chords_are_free():
    roots = (0, 2, 4, 5, 7, 5, 4, 2)
    chords = tuple(
        Chord(i * 48_000, (i + 1) * 48_000, tuple((root + s) % 12 for s in (0, 4, 7)), root)
        for i, root in enumerate(roots)
    )
    notes = [
        Note(stem, i * 48_000, 48_000, pitch + root, 70, stem)
        for i, root in enumerate(roots)
        for stem, pitch in (("bass", 40), ("pads", 52), ("pads", 56), ("pads", 59))
    ]
    piece = replace(chorale(), chords=chords, notes=tuple(notes))
    assert not judged(piece)[PARALLELS].passed
    assert judged(replace(piece, style="rock"))[PARALLELS].value is None


def test_contrary_motion_into_a_fifth_passes():
    piece = chorale()
    chords = tuple(Chord(i * 48_000, (i + 1) * 48_000, (pc, pc), pc) for i, pc in enumerate((0, 7)))
    line = ((48, 67), (43, 74))
    notes = [
        Note(stem, i * 48_000, 48_000, pitches[k], 70, stem)
        for i, pitches in enumerate(line)
        for k, stem in enumerate(("bass", "melody"))
    ]
    assert judged(replace(piece, chords=chords, notes=tuple(notes)))[PARALLELS].value == 0


def test_a_note_under_the_bass_fails():
    piece = chorale()
    lower = [replace(n, pitch=n.pitch - 24) for n in piece.notes if n.stem == "harmony"]
    assert not judged(with_notes(piece, "harmony", by=lower))[CROSSINGS].passed


def test_a_pad_over_the_melody_fails():
    piece = chorale()
    held = [Note("pads", 0, piece.plan.samples, 81, 60, "pads")]
    assert not judged(with_notes(piece, by=held))[CROSSINGS].passed


def test_a_bass_that_leaps_to_its_octave_crosses_nothing():
    piece = chorale()
    notes = [
        Note("bass", 0, 20_000, 40, 70, "bass"),
        Note("bass", 20_000, 20_000, 52, 70, "bass"),
        Note("harmony", 0, 40_000, 47, 70, "harmony"),
    ]
    chords = (Chord(0, 40_000, (4, 8, 11), 4),)
    assert judged(replace(piece, notes=tuple(notes), chords=chords))[CROSSINGS].value == 0


def test_thirds_below_c3_fail():
    piece = chorale()
    muddy = [replace(n, stem="pads", pitch=n.pitch + 4) for n in piece.notes if n.stem == "bass"]
    assert not judged(with_notes(piece, by=muddy))[THIRDS].passed


def test_minor_ninths_over_the_bass_fail():
    piece = chorale()
    harsh = [replace(n, stem="pads", pitch=n.pitch + 13) for n in piece.notes if n.stem == "bass"]
    assert not judged(with_notes(piece, by=harsh))[NINTHS].passed


def test_a_suspension_that_resolves_is_no_ninth():
    piece = chorale()
    chords = (Chord(0, 80_000, (4, 7, 11), 4), Chord(80_000, 240_000, (4, 7, 11), 4))
    held = [
        Note("bass", 0, 80_000, 41, 70, "bass"),
        Note("bass", 80_000, 160_000, 40, 70, "bass"),
        Note("melody", 0, 160_000, 65, 70, "melody"),
        Note("melody", 160_000, 80_000, 64, 70, "melody"),
    ]
    resolved = replace(piece, notes=tuple(held), chords=chords)
    assert judged(resolved)[NINTHS].value == 0
    assert judged(replace(resolved, notes=tuple(held[:-1])))[NINTHS].value == 1


@pytest.mark.parametrize("seed", range(4))
def test_random_notes_in_the_scale_fail(seed):
    piece = variations_theme()
    rng = np.random.Generator(np.random.PCG64(seed))
    scale = [pitch for pitch in range(64, 86) if pitch % 12 in (9, 11, 1, 2, 4, 6, 8)]
    aimless = [replace(note, pitch=int(rng.choice(scale))) for note in piece.notes if note.stem == "melody"]
    assert not judged(with_notes(piece, "melody", by=aimless))[CHORD_TONES].passed


def test_sections_that_stop_anywhere_fail():
    piece = chorale()
    mediant = tuple(replace(chord, pcs=(1, 4, 8), bass=1) for chord in piece.chords)
    verdict = judged(replace(piece, chords=mediant))[CADENCES]
    assert verdict.value == 0
    assert not verdict.passed


def test_the_andalusian_cadence_is_one():
    """Am G F E, the ground of flamenco and of laments: home is E, reached from a semitone above."""
    piece = chorale()
    section = replace(piece.plan.sections[0], start_bar=0, end_bar_exclusive=len(piece.plan.bars))
    roots = ((9, 3), (7, 4), (5, 4), (4, 4))
    step = piece.plan.samples // len(roots)
    chords = tuple(
        Chord(i * step, (i + 1) * step, (root, (root + third) % 12, (root + 7) % 12), root)
        for i, (root, third) in enumerate(roots)
    )
    ground = replace(piece, plan=replace(piece.plan, sections=(section,)), chords=chords, tonic=4)
    assert judged(ground)[CADENCES].value == 1
    stops = (*chords[:2], replace(chords[2], pcs=(8, 11, 3)), chords[3])
    assert judged(replace(ground, chords=stops))[CADENCES].value == 0


def test_sound_alone_is_not_judged():
    piece = replace(chorale(), notes=(), chords=(), tonic=None)
    assert not any(verdict.applies for verdict in judged(piece))


@pytest.mark.parametrize("style", ["cinematic", "electronic"])
def test_the_composer_leads_its_voices_well(sketched, style):
    verdicts = judged(sketched(style, 1))
    for kind in (PARALLELS, CROSSINGS, THIRDS, NINTHS, CHORD_TONES):
        assert verdicts[kind].passed, verdicts[kind].text
