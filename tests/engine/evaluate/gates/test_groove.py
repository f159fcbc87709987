"""Gate 2: tempo, odd bars and drums, each with a fault that must fail; a drummer's groove passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hitpoint.engine.evaluate.gates.groove import groove, usual_beats
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.verdict import Verdict
from hitpoint.engine.types import Note, Plan, Section, TempoSegment

from .scores import plan_of, variations_theme

TEMPO, ODD, ODD_INSIDE, LIKENESS, SPREAD = range(5)
BEAT = 24_000
KICK, SNARE, HAT, TOM, CRASH = 36, 38, 42, 45, 49
# Two four-bar phrases of a plain rock beat as a drummer plays it: the kick wanders, ghosts come and go, the
# fourth bar has a fill and the hat opens. Velocities are a tenth.
DRUMMER = (
    {CRASH: "9...............", KICK: "8.....7.8.......", SNARE: "....8..3....8..3", HAT: "7.5.6.5.7.5.6.5."},
    {KICK: "8.......8.7.....", SNARE: "....8.......8..3", HAT: "7.5.6.5.7.5.6.5."},
    {KICK: "8.....7.8.......", SNARE: "....8..3....8...", HAT: "7.5.6.5.7.5.6.6."},
    {KICK: "8.....7.8.......", SNARE: "....8...6767....", HAT: "7.5.6.5.........", TOM: "............7777"},
    {CRASH: "9...............", KICK: "8.......8.7.....", SNARE: "....8.......8..3", HAT: "7.5.6.5.7.5.6.5."},
    {KICK: "8.....7.8.......", SNARE: "....8..3....8...", HAT: "7.5.6.4.7.5.6.5."},
    {KICK: "8.......8.7.....", SNARE: "....8..3....8..3", HAT: "7.5.6.5.7.5.6.5."},
    {KICK: "8.....7.8.......", SNARE: "....8.......8.66", HAT: "7.5.6.5.7.5.6...", TOM: ".............7.."},
)


def played(
    bars: Sequence[dict[int, str]], plan: Plan, *, limbs_ms: float = 0.0, drift_ms: float = 4.0, seed: int = 1
) -> Piece:
    """The pattern on the plan's bars with one drift for the kit, and one for every limb."""
    rng = np.random.Generator(np.random.PCG64(seed))
    notes: list[Note] = []
    for bar, lanes in zip(plan.bars, bars, strict=True):
        sixteenth = (bar.end_sample_exclusive - bar.start_sample) / (4 * bar.beats)
        kit = rng.standard_normal(4 * bar.beats) * drift_ms * 48
        for drum, text in lanes.items():
            for step in range(4 * bar.beats):
                sign = text[step % len(text)]
                if sign == ".":
                    continue
                late = kit[step] + rng.standard_normal() * limbs_ms * 48
                start = round(bar.start_sample + step * sixteenth + late)
                velocity = 10 * int(sign) + int(rng.integers(-3, 4))
                notes.append(Note("drums", start, 2_400, drum, velocity, "kit"))
    return Piece(plan=plan, stems={}, style="rock", notes=tuple(notes))


def even_plan(bars: int = 8) -> Plan:
    plan = plan_of((4,) * bars, (("A", bars),), BEAT)
    return replace(plan, ending_bar=bars)


def judged(piece: Piece) -> tuple[Verdict, ...]:
    verdicts = groove(piece)
    assert len(verdicts) == 5
    return verdicts


def test_a_drummer_passes():
    verdicts = judged(played(DRUMMER, even_plan()))
    assert all(verdict.applies for verdict in verdicts)
    assert [verdict.text for verdict in verdicts if not verdict.passed] == []


def test_a_tempo_that_steps_inside_a_section_fails_and_between_sections_passes():
    segments = (TempoSegment(0, 16 * BEAT, (4,) * 4), TempoSegment(16 * BEAT, 32 * BEAT - 16_000, (4,) * 4))
    jumpy = replace(even_plan(), segments=segments)
    verdict = judged(played(DRUMMER, jumpy))[TEMPO]
    assert verdict.value == pytest.approx(384_000 / 368_000 - 1, rel=1e-3)
    assert not verdict.passed
    sections = (Section("A", 0, 4, 0.5, 0.5), Section("B", 4, 8, 0.5, 0.5))
    assert judged(played(DRUMMER, replace(jumpy, sections=sections)))[TEMPO].passed


def test_odd_bars_fail_when_many_and_when_they_stand_inside_a_section():
    plan = replace(plan_of((4, 4, 3, 4, 4, 4, 2, 4), (("A", 4), ("B", 4)), BEAT), ending_bar=8)
    verdicts = judged(played(DRUMMER, plan))
    assert usual_beats(plan) == 4
    assert verdicts[ODD].value == pytest.approx(2 / 8)
    assert not verdicts[ODD].passed
    assert verdicts[ODD_INSIDE].value == 2
    assert not verdicts[ODD_INSIDE].passed


def test_one_odd_bar_in_twenty_at_a_section_end_passes():
    plan = plan_of((*(4,) * 9, 3, *(4,) * 10), (("A", 10), ("B", 10)), BEAT)
    verdicts = judged(played((DRUMMER * 3)[:20], plan))
    assert verdicts[ODD].passed
    assert verdicts[ODD_INSIDE].value == 0


def test_who_chose_hits_over_groove_is_not_judged_by_odd_bars():
    plan = plan_of((4, 4, 3, 4, 4, 4, 2, 4), (("A", 4), ("B", 4)), BEAT)
    verdicts = groove(played(DRUMMER, plan), "tight")
    assert verdicts[ODD].passed and verdicts[ODD_INSIDE].passed
    assert verdicts[ODD].value == pytest.approx(2 / 8)


def test_drums_that_rest_do_not_make_an_odd_bar_worse():
    plan = plan_of((*(4,) * 9, 3, *(4,) * 14), (("A", 10), ("B", 14)), BEAT)
    piece = played((DRUMMER * 3)[:24], plan)
    late = plan.bars[14].start_sample
    resting = replace(piece, notes=tuple(note for note in piece.notes if note.start_sample < late))
    assert judged(resting)[ODD].value == judged(piece)[ODD].value == pytest.approx(1 / 24)
    assert judged(resting)[ODD].passed


def test_who_chose_hits_may_step_further_but_not_to_another_tempo():
    segments = (TempoSegment(0, 16 * BEAT, (4,) * 4), TempoSegment(16 * BEAT, 32 * BEAT - 16_000, (4,) * 4))
    jumpy = played(DRUMMER, replace(even_plan(), segments=segments))
    assert groove(jumpy, "tight")[TEMPO].passed and not groove(jumpy, "steady")[TEMPO].passed
    apart = (segments[0], TempoSegment(16 * BEAT, 32 * BEAT - 40_000, (4,) * 4))
    assert not groove(played(DRUMMER, replace(even_plan(), segments=apart)), "tight")[TEMPO].passed


def test_a_loop_fails():
    loop = [DRUMMER[1]] * 8
    verdict = judged(played(loop, even_plan()))[LIKENESS]
    assert verdict.value is not None and verdict.value > 0.97
    assert not verdict.passed


@pytest.mark.parametrize("seed", range(3))
def test_drums_without_a_pattern_fail(seed):
    rng = np.random.Generator(np.random.PCG64(seed))

    def bar() -> dict[int, str]:
        return {drum: "".join(rng.choice(list(".....678"), 16)) for drum in (KICK, SNARE, HAT)}

    verdict = judged(played([bar() for _ in range(8)], even_plan()))[LIKENESS]
    assert verdict.value is not None and verdict.value < 0.75
    assert not verdict.passed


def test_a_pattern_of_two_bars_is_a_pattern():
    pair = (
        {KICK: "8...8...8...8...", HAT: "..6...6...6...6."},
        {SNARE: "8..8..8..8..8.8.", TOM: "...7..7....7...7"},
    )
    value = judged(played(pair * 4, even_plan()))[LIKENESS].value
    assert value is not None and value > 0.97


def test_limbs_that_drift_apart_fail_and_a_kit_that_drifts_together_passes():
    assert judged(played(DRUMMER, even_plan(), drift_ms=8.0))[SPREAD].passed
    assert not judged(played(DRUMMER, even_plan(), limbs_ms=5.0))[SPREAD].passed


def test_without_drums_nothing_applies():
    assert not any(verdict.applies for verdict in judged(variations_theme()))
    assert not any(verdict.applies for verdict in judged(Piece(plan=even_plan(), stems={})))


def test_the_composer_keeps_its_groove(sketched):
    verdicts = judged(sketched("cinematic", 1))
    assert all(verdict.applies for verdict in verdicts)
    assert [verdict.text for verdict in verdicts if not verdict.passed] == []
