"""Faults that were planted are the worst of what is found; where all agrees nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.audio.measure import HitMeasure
from hitpoint.engine.plan.agreement import Doubt, bar_loudness, doubts
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Hit, Picture, Plan, Section, Shot, Span, TempoSegment

RATE = Rate(25)
IN_FRAME = 1_000
BARS = 24
# 120 bpm: a bar is two seconds, fifty frames.
BAR = 96_000
FRAMES = 50 * BARS
SPOKEN_BARS = (15, 19)
STILL_BAR = 4
MUST_BAR = 8
DIALOGUE_LUFS = -20.0

cue = Cue("1m1", RATE, IN_FRAME, IN_FRAME + FRAMES, (Shot("all", IN_FRAME, IN_FRAME + FRAMES, "gap"),))


def energies() -> list[float]:
    """Rising and falling; one bar in the middle of it is still."""
    curve = 0.5 + 0.35 * np.sin(np.arange(BARS) * 1.7)
    curve[STILL_BAR] = 0.05
    return [round(float(value), 4) for value in curve]


def a_plan() -> Plan:
    hits = tuple(
        Hit(IN_FRAME + 50 * bar, BAR * bar, kind, strength, name)
        for bar, kind, strength, name in (
            (MUST_BAR, "must", 1.0, "door"), (3, "would", 0.8, "cut"), (21, "would", 0.2, "cut"),
        )
    )  # fmt: skip
    segment = TempoSegment(0, BAR * BARS, (4,) * BARS)
    speech = tuple(BAR * bar for bar in SPOKEN_BARS)
    return Plan(
        "1m1",
        BAR * BARS,
        hits,  # type: ignore[arg-type]
        (segment,),
        (Section("A", 0, BARS, 0.5, 0.5),),
        tuple(energies()),
        BARS - 1,
        speech=((speech[0], speech[1]),),
    )


def a_picture() -> Picture:
    curve = (0.5,) * FRAMES
    span = Span(*(IN_FRAME + 50 * bar for bar in SPOKEN_BARS))
    return Picture(
        RATE, IN_FRAME, curve, curve, curve, curve, curve, (), speech=(span,), dialogue_lufs=DIALOGUE_LUFS
    )


def measured(plan: Plan, *, missed: tuple[int, ...] = ()) -> list[HitMeasure]:
    return [
        HitMeasure(hit, False, None, "downbeat", "none", 0.0)
        if hit.frame in missed
        else HitMeasure(hit, True, 4.0, "downbeat", "drums", 3.0)
        for hit in plan.hits
    ]


def agreeing() -> list[float | None]:
    """As loud as the bar has energy, in order, and low enough under the speech."""
    return [-50.0 + 14 * value for value in energies()]


def under(doubt: Doubt, bar: int) -> bool:
    return doubt.in_frame <= IN_FRAME + 50 * bar < doubt.out_frame_exclusive


def test_where_all_agrees_there_is_no_doubt() -> None:
    plan = a_plan()
    assert doubts(cue, a_picture(), plan, agreeing(), measured(plan)) == []


def test_planted_faults_are_the_worst_found_and_others_are_not() -> None:
    plan = a_plan()
    levels = agreeing()
    levels[STILL_BAR] = -24.0
    for bar in range(16, 18):
        levels[bar] = DIALOGUE_LUFS - 2
    must = plan.hits[0].frame
    found = doubts(cue, a_picture(), plan, levels, measured(plan, missed=(must,)))
    worst = {doubt.kind: doubt for doubt in reversed(found[:3])}
    assert set(worst) == {"hit", "energy", "speech"}
    assert worst["hit"].in_frame == must
    assert under(worst["energy"], STILL_BAR)
    assert "loud" in worst["energy"].text
    assert under(worst["speech"], 16)
    assert under(worst["speech"], 17)
    assert worst["speech"].text == "the music is 2 LU under the speech"
    assert [doubt.badness for doubt in found] == sorted((doubt.badness for doubt in found), reverse=True)


def test_the_planted_bar_is_the_worst_only_while_its_level_lies_on_it() -> None:
    plan = replace(a_plan(), speech=())
    levels = agreeing()
    levels[STILL_BAR] = -24.0

    def is_worst(order: list[int]) -> bool:
        found = doubts(cue, a_picture(), plan, [levels[bar] for bar in order], measured(plan))
        return bool(found) and under(found[0], STILL_BAR) and found[0].badness > 0.95

    assert is_worst(list(range(BARS)))
    rng = np.random.Generator(np.random.PCG64(3))
    assert sum(is_worst(rng.permutation(BARS).tolist()) for _ in range(100)) < 25


@given(st.sampled_from([-0.2, -0.08, -0.03, 0.0, 0.03, 0.08, 0.2]))
@settings(max_examples=7, deadline=None)
def test_without_a_take_hits_are_judged_by_the_downbeats(off_s: float) -> None:
    plan = a_plan()
    moved = replace(plan.hits[0], sample=plan.hits[0].sample - round(off_s * 48_000))
    found = doubts(cue, a_picture(), replace(plan, hits=(moved, *plan.hits[1:])))
    assert [doubt.kind for doubt in found] == (["hit"] if abs(off_s) > 0.04 else [])
    if found:
        assert found[0].text.endswith("late" if off_s > 0 else "early")
        assert found[0].badness == pytest.approx(abs(off_s) / 0.25, abs=0.01)


def test_a_missed_must_is_worse_than_a_missed_would() -> None:
    plan = a_plan()
    found = doubts(cue, a_picture(), plan, None, measured(plan, missed=tuple(hit.frame for hit in plan.hits)))
    assert [doubt.in_frame for doubt in found] == [plan.hits[0].frame, plan.hits[1].frame]


def test_a_cue_that_is_level_is_not_ranked() -> None:
    plan = replace(a_plan(), speech=())
    rng = np.random.Generator(np.random.PCG64(2))
    levels = (-20 + 0.4 * rng.random(BARS)).tolist()
    assert doubts(cue, a_picture(), plan, levels, measured(plan)) == []


def test_loudness_of_bars_is_that_of_their_sound() -> None:
    plan = a_plan()
    head = 12_345
    rng = np.random.Generator(np.random.PCG64(1))
    sound = rng.standard_normal((head + BAR * BARS, 2)).astype(np.float32) * np.float32(0.05)
    quiet = slice(head + 5 * BAR, head + 6 * BAR)
    sound[quiet] *= np.float32(0.1)
    sound[head + 9 * BAR : head + 10 * BAR] = 0
    blocks = [sound[at : at + 50_001] for at in range(0, len(sound), 50_001)]
    levels = bar_loudness(blocks, plan, head_samples=head)
    assert len(levels) == BARS
    usual = levels[0]
    assert usual is not None
    assert levels[5] == pytest.approx(usual - 20, abs=0.3)
    # What rings on of the filters is all that is heard of silence.
    assert levels[9] is None or levels[9] < usual - 30
    assert all(levels[bar] == pytest.approx(usual, abs=0.3) for bar in range(BARS) if bar not in (5, 9))


def test_levels_of_another_plan_are_refused() -> None:
    with pytest.raises(ValueError, match="levels for"):
        doubts(cue, a_picture(), a_plan(), [-20.0])
