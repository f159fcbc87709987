"""A plan solved around a moved hit is the whole search's in all that an editor asked for, and elsewhere the
plan of before."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cutlists
from hitpoint.engine.plan import around
from hitpoint.engine.plan.around import changed_samples, solve_around
from hitpoint.engine.plan.fitting import Fitted
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Fit, Hit, Picture, Plan, Score, Shot
from hitpoint.engine.wishes import HitWish, Wishes, wishes_of, with_wishes

RATE = Rate(24)
SECONDS = 32
FRAMES = 24 * SECONDS
TOLERANCE = 1_920


def film(seed: int, mean_shot_s: float = 2.0) -> tuple[Cue, Picture]:
    made = cutlists.cut_list(seed, mean_shot_s, seconds=SECONDS)
    cuts = tuple(Cut(round(24 * t), 0.85 if t in made.strong else 0.25) for t in made.cuts)
    rng = np.random.Generator(np.random.PCG64(seed))
    curve = tuple(np.repeat(rng.random(SECONDS // 4), 96).tolist())
    cue = Cue("1m1", RATE, 0, FRAMES, (Shot("all", 0, FRAMES, "gap"),))
    return cue, Picture(RATE, 0, curve, curve, curve, curve, curve, cuts)


def with_hits(cue: Cue, *hits: HitWish, removed: tuple[int, ...] = ()) -> Cue:
    return with_wishes(cue, Wishes(hits=tuple(sorted(hits, key=lambda hit: hit.frame)), removed=removed))


def score_of(cue: Cue, fit: Fit = "tight") -> Score:
    return make_score(seed=3, style="cinematic", cues=[cue], fit=fit)


def told(plan: Plan) -> list[tuple[int, str, str]]:
    return [(hit.frame, hit.kind, hit.name) for hit in plan.hits]


def is_met(plan: Plan, hit: Hit) -> bool:
    return bool(np.abs(np.array(plan.downbeats) - hit.sample).min() <= TOLERANCE)


def musts_met(plan: Plan) -> dict[int, bool]:
    return {hit.frame: is_met(plan, hit) for hit in plan.hits if hit.kind == "must"}


@cache
def unmoved(seed: int, fit: Fit) -> tuple[Cue, Picture, Score, Plan]:
    cue, picture = film(seed)
    score = score_of(cue, fit)
    return cue, picture, score, make_plan(cue, picture, score)


def dragged(seed: int, pick: float, by: int, fit: Fit) -> tuple[Cue, Picture, Score, Plan]:
    """The cue after a strong cut became a must and was dragged, and the plan of before that."""
    cue, picture, score, before = unmoved(seed, fit)
    strong = [cut.frame for cut in picture.cuts if cut.strength > 0.5]
    frame = strong[int(pick * (len(strong) - 1))]
    to = min(max(frame + by, 30), FRAMES - 30)
    return with_hits(cue, HitWish(to, "must"), removed=(frame,)), picture, score, before


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 4),
    st.floats(0, 1),
    st.integers(-72, 72),
    st.lists(st.integers(100, FRAMES - 100), max_size=1),
    st.sampled_from(["tight", "steady"]),
)
def test_hits_and_met_musts_are_those_of_the_whole_search(
    seed: int, pick: float, by: int, others: list[int], fit: Fit
) -> None:
    cue, picture, score, before = dragged(seed, pick, by, fit)
    cue = with_hits(cue, *wishes_of(cue).hits, *(HitWish(other, "must") for other in set(others)))
    quick, whole = solve_around(cue, picture, score, before), make_plan(cue, picture, score)
    assert told(quick) == told(whole)
    assert musts_met(quick) == musts_met(whole)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 4), st.floats(0, 1), st.integers(-72, 72))
def test_a_dragged_hit_moves_only_the_bars_around_it(seed: int, pick: float, by: int) -> None:
    cue, picture, score, before = dragged(seed, pick, by, "tight")
    after = solve_around(cue, picture, score, before)
    moved = {hit.sample for hit in after.hits} ^ {hit.sample for hit in before.hits}
    changed = changed_samples(before, after)
    if changed is not None and moved:
        assert changed[0] >= min(moved) - 40 * 48_000
        assert changed[1] <= max(moved) + 40 * 48_000


@pytest.mark.parametrize("fit", ["tight", "steady"])
def test_the_map_around_a_change_keeps_the_limits(fit: Fit) -> None:
    for seed in range(4):
        cue, picture, score, before = dragged(seed, 0.5, 31, fit)
        after = solve_around(cue, picture, score, before)
        bars = [beats for segment in after.segments for beats in segment.beats_per_bar]
        assert set(bars) <= {2, 3, 4, 5}
        assert not any(a != 4 and b != 4 for a, b in pairwise(bars))
        assert sum(beats != 4 for beats in bars) <= (0.18 if after.fit == "tight" else 0.05) * len(bars)
        for one, two in pairwise(after.segments):
            assert one.end_sample_exclusive == two.start_sample
            assert max(one.bpm, two.bpm) / min(one.bpm, two.bpm) <= 1.06 + 1e-3
        assert after.segments[0].start_sample <= 0
        assert after.segments[-1].end_sample_exclusive >= cue.samples


def test_without_a_change_the_plan_stays() -> None:
    cue, picture = film(4)
    before = make_plan(cue, picture, score_of(cue))
    assert solve_around(cue, picture, score_of(cue), before) == before


def test_most_drags_need_no_whole_search(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[Cue] = []
    whole = around.fit_cue

    def counted(cue: Cue, hits: tuple[Hit, ...], score: Score) -> Fitted:
        searches.append(cue)
        return whole(cue, hits, score)

    monkeypatch.setattr(around, "fit_cue", counted)
    for seed in range(5):
        solve_around(*dragged(seed, 0.4, 20 - 9 * seed, "tight"))
    assert len(searches) <= 1


def test_another_cue_or_tempo_is_searched_whole() -> None:
    cue, picture = film(6)
    score = score_of(cue)
    before = make_plan(cue, picture, score)
    shorter = replace(before, samples=before.samples - 48_000)
    assert solve_around(cue, picture, score, shorter) == before
    faster = replace(score, tempo_family_bpm=(2.1 * before.segments[0].bpm, 2.3 * before.segments[0].bpm))
    assert solve_around(cue, picture, faster, before) == make_plan(cue, picture, faster)


def test_a_must_that_conflicts_is_met_or_missed_as_by_the_whole_search() -> None:
    cue, picture = film(9)
    score = score_of(cue)
    first = with_hits(cue, HitWish(300, "must"), HitWish(500, "must"))
    before = make_plan(first, picture, score)
    # Nine frames apart no two bars fit between.
    crowded = with_hits(cue, HitWish(300, "must"), HitWish(309, "must"))
    quick, whole = solve_around(crowded, picture, score, before), make_plan(crowded, picture, score)
    assert musts_met(quick) == musts_met(whole)
    assert not all(musts_met(quick).values())
    assert any(problem.kind == "must-unmet" for problem in quick.problems)
    # Far from them a hit is moved: they are missed as before.
    again = with_hits(cue, HitWish(300, "must"), HitWish(309, "must"), HitWish(650, "must"))
    assert musts_met(solve_around(again, picture, score, quick)) == musts_met(
        make_plan(again, picture, score)
    )
