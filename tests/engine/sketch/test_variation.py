"""Variations keep what they say they keep."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.plan.theme import make_theme
from hitpoint.engine.sketch import variation as v

THEMES = st.integers(0, 10**9).map(make_theme).map(v.bars_of)


@given(THEMES)
def test_bars_hold_the_whole_theme(bars):
    assert len(bars) in (4, 8)
    for bar in bars:
        for note in bar:
            assert 0 <= note.at < 8
            assert note.at + note.length <= 8


@given(THEMES, st.integers(-7, 7))
def test_transposing_keeps_the_contour(bars, steps):
    if len({note.degree for bar in bars for note in bar}) > 1:
        assert v.alike(bars, v.transpose(bars, steps)) > 0.999


@given(THEMES)
def test_inverting_twice_gives_the_theme_back(bars):
    assert v.invert(v.invert(bars)) == tuple(bars)
    if len({note.degree for bar in bars for note in bar}) > 1:
        assert v.alike(bars, v.invert(bars)) < -0.999


@given(THEMES)
def test_augmenting_doubles_time_and_keeps_the_notes(bars):
    slow = v.augment(bars)
    assert len(slow) == 2 * len(bars)
    sung = [(8 * index + note.at, note.degree) for index, bar in enumerate(bars) for note in bar]
    assert [(8 * index + note.at, note.degree) for index, bar in enumerate(slow) for note in bar] == [
        (2 * at, degree) for at, degree in sung
    ]


@given(THEMES, st.integers(0, 1000))
def test_ornaments_keep_time_and_first_note(bars, seed):
    ornamented = v.ornament(bars, np.random.Generator(np.random.PCG64(seed)), 0.8)
    assert (ornamented[0][0].at, ornamented[0][0].degree) == (bars[0][0].at, bars[0][0].degree)
    for plain, rich in zip(bars, ornamented, strict=True):
        assert len(rich) >= len(plain)
        assert sum(n.length for n in rich) == sum(n.length for n in plain)
        times = [n.at for n in rich]
        assert times == sorted(times)


@given(THEMES)
def test_a_fragment_is_a_part_of_the_theme(bars):
    cut = v.fragment(bars, 8)
    for whole, part in zip(bars, cut, strict=True):
        assert set(part) <= set(whole)
    assert all(not bar for bar in cut[1::2])
