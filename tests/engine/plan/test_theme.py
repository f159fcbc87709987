"""Themes are many, singable, and the same for the same seed."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.plan.theme import make_theme
from hitpoint.engine.sketch.variation import alike, bars_of

SEEDS = st.integers(0, 2**64 - 1)


def test_a_thousand_seeds_give_a_thousand_themes():
    seeds = np.random.Generator(np.random.PCG64(7)).integers(0, 2**63, 1000)
    themes = [make_theme(int(seed)) for seed in seeds]
    assert len({theme.notes for theme in themes}) == 1000
    # Not only other rhythms: other tunes.
    assert len({tuple(note.degree for note in theme.notes) for theme in themes}) == 1000


def test_other_seeds_have_other_contours():
    themes = [bars_of(make_theme(seed))[:4] for seed in range(60)]
    likeness = [alike(a, b) for index, a in enumerate(themes) for b in themes[:index]]
    assert np.mean(likeness) < 0.2
    assert np.percentile(likeness, 60) < 0.4


@given(SEEDS)
def test_a_theme_is_singable(seed):
    notes = make_theme(seed).notes
    degrees = [note.degree for note in notes if note.degree is not None]
    assert max(degrees) - min(degrees) <= 9, "no wider than a tenth"
    assert degrees[-1] % 7 in (0, 2), "ends on a stable degree"
    leaps = [abs(b - a) for a, b in pairwise(degrees)]
    assert sum(leap > 2 for leap in leaps) <= max(2, len(leaps) / 4), "steps and a few leaps"
    assert len(degrees) >= 6


@given(SEEDS)
def test_a_theme_fills_whole_bars_and_answers_its_motif(seed):
    theme = make_theme(seed)
    beats = sum(note.beats for note in theme.notes)
    assert beats in (16, 32)
    bars = bars_of(theme)
    assert [(note.at, note.length) for note in bars[0]] == [(note.at, note.length) for note in bars[2]]


def test_the_same_seed_is_the_same_theme_in_another_process():
    code = "from hitpoint.engine.plan.theme import make_theme; print([make_theme(s) for s in range(20)])"
    here = [make_theme(seed) for seed in range(20)]
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == str(here)
