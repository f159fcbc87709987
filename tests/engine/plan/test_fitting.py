"""A steady groove and a tight one: what each keeps to, what it meets, and which hits are struck."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import cutlists
from hitpoint.engine.plan.fitting import groove_curve
from hitpoint.engine.plan.hits import ration
from hitpoint.engine.plan.limits import REACHES, TempoLimits
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.plan.tempo import fit_tempo, section_borders
from hitpoint.engine.style import style_names
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Fit, Marker, Picture, Plan, Shot

RATE = Rate(24)
FRAMES = 24 * 60


def film(*cuts: Cut, markers: tuple[Marker, ...] = ()) -> tuple[Cue, Picture]:
    flat = (0.4,) * FRAMES
    here = Cue("1m1", RATE, 0, FRAMES, (Shot("all", 0, FRAMES, "gap"),), markers=markers)
    return here, Picture(RATE, 0, flat, flat, flat, flat, flat, cuts)


def random_film(seed: int) -> tuple[Cue, Picture]:
    made = cutlists.cut_list(seed, 3.5)
    return film(*(Cut(round(24 * t), 0.85 if t in made.strong else 0.25) for t in made.cuts))


def planned(cue: Cue, picture: Picture, *, style: str = "rock", fit: Fit | None = None) -> Plan:
    return make_plan(cue, picture, make_score(seed=1, style=style, cues=[cue], fit=fit))


@pytest.mark.parametrize("seed", range(4))
def test_a_steady_map_keeps_its_groove_inside_sections(seed: int) -> None:
    limits = TempoLimits().reaching("steady")
    segments = fit_tempo(60 * 48_000, cutlists.cut_list(seed, 3.5).hits(), limits).segments
    bars = [beats for segment in segments for beats in segment.beats_per_bar]
    assert sum(beats != 4 for beats in bars) <= 0.05 * len(bars)
    borders = sorted(section_borders(segments, limits))
    at = 0
    for before, after in itertools.pairwise(segments):
        at += len(before.beats_per_bar)
        if at not in borders:
            assert abs(after.bpm / before.bpm - 1) <= 0.021
    assert all(index + 1 in {*borders, len(bars)} for index, beats in enumerate(bars) if beats != 4)
    assert all(b - a >= 4 for a, b in itertools.pairwise([0, *borders]))


@pytest.mark.parametrize("seed", range(3))
def test_odd_bars_and_steps_of_a_steady_plan_are_borders_of_its_sections(seed: int) -> None:
    plan = planned(*random_film(seed), fit="steady")
    assert plan.fit == "steady"
    ends = {section.end_bar_exclusive for section in plan.sections}
    assert section_borders(plan.segments, TempoLimits().reaching("steady")) <= ends
    assert all(bar.index + 1 in ends for bar in plan.bars if bar.beats != 4)


def test_tighter_meets_more_and_costs_groove() -> None:
    met = dict.fromkeys(REACHES, 0)
    odd = dict.fromkeys(REACHES, 0)
    for seed in range(4):
        hits = cutlists.cut_list(seed, 3.5).hits()
        strong = np.array([hit.sample for hit in hits if hit.strong])
        for reach in REACHES:
            found = fit_tempo(60 * 48_000, hits, TempoLimits().reaching(reach))
            lines = np.array(found.downbeats())
            met[reach] += int((np.abs(lines - strong[:, None]).min(axis=1) <= 1_920).sum())
            odd[reach] += sum(b != 4 for segment in found.segments for b in segment.beats_per_bar)
    assert met["steady"] <= met["between"] <= met["tight"]
    assert odd["steady"] < odd["tight"]


def test_the_curve_marks_the_plan_and_says_what_the_other_fit_would_meet() -> None:
    cue, picture = random_film(2)
    curves = {}
    for fit in ("steady", "tight"):
        score = make_score(seed=1, style="rock", cues=[cue], fit=fit)  # type: ignore[arg-type]
        points = groove_curve(cue, picture, score, make_plan(cue, picture, score))
        assert [point.reach for point in points if point.chosen] == [fit]
        curves[fit] = {point.reach: (point.met, point.odd_bars, point.step) for point in points}
    assert curves["steady"] == curves["tight"]


def test_a_film_without_strong_hits_has_no_curve() -> None:
    cue, picture = film()
    score = make_score(seed=1, style="rock", cues=[cue])
    assert groove_curve(cue, picture, score, make_plan(cue, picture, score)) == ()


def test_a_must_goes_before_a_steady_groove_and_that_is_said() -> None:
    musts = tuple(Marker(f"m{frame}", frame, frame, hit="must") for frame in (200, 267, 340, 417))
    plan = planned(*film(markers=musts), fit="steady")
    lines = np.array(plan.downbeats)
    met = [np.abs(lines - hit.sample).min() <= 1_920 for hit in plan.hits]
    assert all(met)
    assert plan.fit == "tight" or not plan.problems
    assert (plan.fit == "tight") == any(problem.kind == "groove-bent" for problem in plan.problems)


@pytest.mark.parametrize("style", style_names())
def test_a_score_says_its_fit_and_the_style_is_the_default(style: str) -> None:
    own = make_score(seed=1, style=style, cues=[])
    assert own.fit == ("tight" if style in TIGHT else "steady")
    assert make_score(seed=1, style=style, cues=[], fit="tight").fit == "tight"


TIGHT = {"trailer", "comedy", "cinematic", "tension", "piano", "ambient"}


def places(plan: Plan) -> list[float]:
    lines = plan.downbeats
    return [float(np.interp(hit.sample, lines, range(len(lines)))) for hit in plan.hits if hit.struck]


def test_of_crowded_cuts_one_in_four_bars_is_struck() -> None:
    crowd = film(*(Cut(240 + 60 * place, 0.8 + 0.01 * place) for place in range(5)), Cut(1_000, 0.9))
    plan = planned(*crowd)
    struck = places(plan)
    assert struck
    assert all(b - a >= 3.95 for a, b in itertools.pairwise(struck))
    assert sum(hit.strong for hit in plan.hits) > len(struck)
    # A trailer strikes them all, as far as a beat meets them.
    assert len(places(planned(*crowd, style="trailer"))) > len(struck)


def test_what_an_editor_marked_is_struck_beside_anything() -> None:
    marked = tuple(Marker(f"m{frame}", frame, frame, hit="would", strength=0.9) for frame in (480, 528, 576))
    plan = planned(*film(Cut(504, 0.95), markers=marked))
    assert [hit.struck for hit in plan.hits if hit.name.startswith("m")] == [True] * 3
    assert not any(hit.struck for hit in plan.hits if hit.name == "cut")


def test_a_hit_that_no_beat_meets_is_not_struck() -> None:
    cue, picture = random_film(1)
    plan = planned(cue, picture, fit="steady")
    beats = np.array(plan.beats)
    for hit in ration(picture, plan, 0):
        if hit.struck:
            assert np.abs(beats - hit.sample).min() <= 1_920
