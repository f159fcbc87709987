"""Stems come in where sections begin (a number of gate 6)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import sounds
from hitpoint.engine.evaluate.gates.arc import arc
from hitpoint.engine.evaluate.gates.layers import entries
from hitpoint.engine.evaluate.gates.piece import Piece
from plans import make_plan

# Three sections of two bars of two seconds.
SECTIONS = tuple((label, 2, 0.5, 0.5) for label in "ABC")
HEAD_S = 0.5


def played(spans: Mapping[str, tuple[tuple[float, float], ...]], **plan: object) -> Piece:
    """Stems that play a note every half second in the given stretches of seconds."""
    made = make_plan(SECTIONS, bpm=120, **{"hit_bars": (), "must_bars": (), **plan})
    stems = {}
    for number, (name, stretches) in enumerate(spans.items()):
        sound = np.zeros((made.samples + round(HEAD_S * sounds.RATE), 2), np.float32)
        for start, end in stretches:
            for at in np.arange(start, end, 0.5):
                sounds.put(sound, sounds.tone(110.0 * (number + 1), 0.4), HEAD_S + float(at), 0.3)
        stems[name] = sound
    return Piece(made, stems, handles=(round(HEAD_S * sounds.RATE), 0))


def share(piece: Piece) -> float | None:
    return arc(piece)[2].value


def test_layers_that_enter_with_their_sections_pass():
    piece = played({"bass": ((0, 12),), "drums": ((4, 12),), "melody": ((3.5, 7), (8, 12))})
    assert [(entry.stem, round(entry.sample / 48_000, 1)) for entry in entries(piece)] == [
        ("bass", 0.0),
        ("melody", 3.5),
        ("drums", 4.0),
    ]
    assert share(piece) == 1.0


def test_layers_that_enter_anywhere_fail():
    piece = played({"bass": ((0, 12),), "drums": ((1.5, 12),), "melody": ((6, 12),)})
    verdict = arc(piece)[2]
    assert verdict.value is not None and not verdict.passed
    assert [entry.at_border for entry in entries(piece)] == [True, False, False]


def test_a_pause_is_no_entry_but_an_absence_is():
    away = played({"bass": ((0, 12),), "melody": ((0, 2), (10, 12))})
    assert [entry.stem for entry in entries(away)] == ["bass", "melody", "melody"]
    assert len(entries(played({"bass": ((0, 12),), "melody": ((0, 2), (4.5, 12))}))) == 2


def test_who_rests_for_speech_comes_back_when_it_ends():
    piece = played({"bass": ((0, 12),), "melody": ((0, 2), (10, 12))}, speech_s=((2.0, 9.5),))
    assert [entry.stem for entry in entries(piece)] == ["bass", "melody"]
    assert share(piece) == 1.0


def test_effects_and_a_single_stem_are_no_layers():
    assert entries(played({"bass": ((0, 12),), "hits": ((3, 4),)})) == ()
    assert share(played({"music": ((0, 12),)})) is None


def test_a_stem_that_is_hardly_there_is_no_layer():
    piece = played({"bass": ((0, 12),), "drums": ((4, 12),), "pads": ((2, 12),)})
    piece.stems["pads"][:] *= 1e-4
    assert [entry.stem for entry in entries(piece)] == ["bass", "drums"]
