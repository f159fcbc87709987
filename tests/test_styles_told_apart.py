"""Twelve styles are twelve musics: held-out seeds go to their own style's mean, by their notes alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hitpoint.engine.style import style_names
from tools.classify_styles import Floats, described, nearest, shuffled
from tools.gate_takes import LONG, written
from tools.style_features import note_features

LEARNED, ASKED = 3, 2


@pytest.fixture(scope="module")
def rows() -> Floats:
    """[styles, seeds, features]"""
    seeds = range(1, LEARNED + ASKED + 1)
    return np.array([[described((style, seed, False)) for seed in seeds] for style in style_names()])


def test_four_of_five_held_out_seeds_go_to_their_own_style(rows: Floats) -> None:
    known, asked = (part.reshape(-1, rows.shape[2]) for part in (rows[:, :LEARNED], rows[:, LEARNED:]))
    labels, truth = (np.repeat(np.arange(len(rows)), count) for count in (LEARNED, ASKED))
    assert (nearest(known, labels, asked) == truth).mean() >= 0.8
    chance = [(nearest(known, shuffled(labels, seed), asked) == truth).mean() for seed in range(20)]
    assert np.mean(chance) == pytest.approx(1 / len(rows), abs=0.06)


def test_features_know_neither_tempo_nor_names_of_instruments() -> None:
    piece = written("cinematic", 1, scenes=LONG)
    slower = replace(
        piece,
        plan=replace(
            piece.plan,
            segments=tuple(
                replace(s, start_sample=2 * s.start_sample, end_sample_exclusive=2 * s.end_sample_exclusive)
                for s in piece.plan.segments
            ),
        ),
        notes=tuple(
            replace(note, start_sample=2 * note.start_sample, samples=2 * note.samples, instrument="kazoo")
            for note in piece.notes
        ),
    )
    assert note_features(slower) == pytest.approx(note_features(piece), abs=0.02)
