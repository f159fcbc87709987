"""The tempo map meets strong cuts within its limits, far above what one tempo can do."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cutlists
from hitpoint.engine.plan.bars import BarCosts, fill_bars
from hitpoint.engine.plan.tempo import TempoLimits, TempoMap, fit_tempo
from hitpoint.engine.types import Hit

TOLERANCE = 0.040 * 48000
FAMILY = TempoLimits().family_bpm


@cache
def fitted(mean_shot_s: float, lists: int = 12) -> tuple[tuple[cutlists.CutList, TempoMap], ...]:
    made = [cutlists.cut_list(seed, mean_shot_s) for seed in range(lists)]
    return tuple((cuts, fit_tempo(round(cuts.seconds * 48000), cuts.hits())) for cuts in made)


def share_met(pairs: tuple[tuple[cutlists.CutList, TempoMap], ...]) -> float:
    met = total = 0
    for cuts, found in pairs:
        lines = np.array(found.downbeats())
        met += sum(np.abs(lines - t * 48000).min() <= TOLERANCE for t in cuts.strong)
        total += len(cuts.strong)
    return met / total


@pytest.mark.parametrize("mean_shot_s", [2.0, 3.5, 6.0])
def test_strong_cuts_fall_on_downbeats(mean_shot_s: float) -> None:
    assert share_met(fitted(mean_shot_s)) >= 0.95


def test_one_constant_tempo_does_far_worse() -> None:
    pairs = fitted(2.0)
    constant = sum(cutlists.best_constant(cuts, *FAMILY) for cuts, _ in pairs)
    assert constant / sum(len(cuts.strong) for cuts, _ in pairs) < share_met(pairs) - 0.3


def check_limits(found: TempoMap, samples: int) -> None:
    """The limits of the product, whatever the hits were."""
    bars = [beats for segment in found.segments for beats in segment.beats_per_bar]
    assert set(bars) <= {2, 3, 4, 5}
    assert not any(a != 4 and b != 4 for a, b in itertools.pairwise(bars))
    assert sum(beats != 4 for beats in bars) <= 0.18 * len(bars)
    for one, two in itertools.pairwise(found.segments):
        assert one.end_sample_exclusive == two.start_sample
        assert max(one.bpm, two.bpm) / min(one.bpm, two.bpm) <= 1.06 + 1e-3
    assert found.segments[0].start_sample <= 0
    assert found.segments[-1].end_sample_exclusive >= samples


@pytest.mark.parametrize("mean_shot_s", [2.0, 3.5, 6.0])
def test_maps_keep_the_limits(mean_shot_s: float) -> None:
    for _, found in fitted(mean_shot_s):
        check_limits(found, 60 * 48000)
        assert all(len(segment.beats_per_bar) >= 2 for segment in found.segments)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(4 * 48000, 40 * 48000),
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["must", "would", "avoid"]), st.floats(0, 1)), max_size=9
    ),
)
def test_any_hits_give_a_map_within_the_limits(samples: int, drawn: list[tuple[float, str, float]]) -> None:
    hits = [Hit(0, int(place * samples), kind, strength) for place, kind, strength in drawn]  # type: ignore[arg-type]
    check_limits(fit_tempo(samples, hits), samples)


@given(st.floats(0.5, 59.5))
@settings(max_examples=25, deadline=None)
def test_a_lone_must_is_always_met(second: float) -> None:
    sample = round(second * 48000)
    found = fit_tempo(60 * 48000, [Hit(0, sample, "must", 1.0)])
    assert np.abs(np.array(found.downbeats()) - sample).min() <= TOLERANCE


def test_downbeats_leave_what_is_to_be_avoided() -> None:
    hits = cutlists.cut_list(5, 6.0).hits()
    found = fit_tempo(60 * 48000, hits)
    # A downbeat that meets no hit, forbidden: the next map goes around it.
    free = [line for line in found.downbeats()[2:-2] if min(abs(line - hit.sample) for hit in hits) > 48000]
    again = fit_tempo(60 * 48000, [*hits, Hit(0, free[0], "avoid", 1.0)])
    assert np.abs(np.array(again.downbeats()) - free[0]).min() > TOLERANCE


def test_the_same_hits_give_the_same_map() -> None:
    hits = cutlists.cut_list(3, 3.5).hits()
    assert fit_tempo(60 * 48000, hits) == fit_tempo(60 * 48000, list(reversed(hits)))


@given(st.integers(6, 64), st.lists(st.floats(0, 1), max_size=6), st.booleans())
def test_bars_fill_exactly_the_beats_they_are_given(beats: int, places: list[float], odd_first: bool) -> None:
    spots = np.array(places) * beats
    filled = fill_bars(beats, spots, np.ones(len(places)), (0.05, 0.08), BarCosts(), odd_first=odd_first)
    if filled is not None:
        assert sum(filled.bars) == beats
        assert odd_first or filled.bars[0] == 4
        assert not any(a != 4 and b != 4 for a, b in itertools.pairwise(filled.bars))
