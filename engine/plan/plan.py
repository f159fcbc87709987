"""The Plan of one cue: hits, tempo map, sections, energy. Made once, given to every generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import Problem
from ..style import load_style
from ..timebase import SAMPLE_RATE, format_timecode
from ..types import Cue, Hit, Picture, Plan, Score
from ..wishes import wishes_of
from .asked import drawn_energy, left_tempo, moved_energy, moved_sections, unasked_mode, with_unmoved
from .energy import bar_energy, bar_valence
from .fitting import Fitted, fit_cue
from .hits import ration, settle, spot
from .like import followed_energy, likeness_of
from .mood import lift, mood_of
from .sections import divide
from .tempo import TOLERANCE_SAMPLES

# The last chord gets at least this long before the cue ends.
_ENDING_S = 1.3
# And this long where the style lets it fade.
_FADING_S = 2.6


def make_plan(cue: Cue, picture: Picture, score: Score) -> Plan:
    """Deterministic: nothing but the three arguments decides it."""
    hits = spot(cue, picture)
    return plan_on(cue, picture, score, hits, fit_cue(cue, hits, score))


def plan_on(cue: Cue, picture: Picture, score: Score, hits: tuple[Hit, ...], fitted: Fitted) -> Plan:
    """The Plan on a tempo map: `hits` as they were spotted, and what was fitted to them."""
    followed, mood = likeness_of(score), mood_of(score)
    segments = fitted.tempo_map.segments
    hits = settle(cue, picture, hits, fitted.tempo_map.downbeats())
    bare = Plan(cue.name, cue.samples, hits, segments, (), (), 0)
    wishes = wishes_of(cue)
    wished = {wish.frame for wish in wishes.hits}
    bare = replace(bare, hits=ration(picture, bare, load_style(score.style).accent_bars, wished))
    hits = bare.hits
    bars = bare.bars
    energy, valence = bar_energy(cue, picture, bars), bar_valence(cue, picture, bars)
    if followed is not None:
        energy = followed_energy(followed, cue, bars, energy)
    if mood is not None:
        energy, valence = lift(energy, mood.energy), lift(valence, mood.valence)
    energy = drawn_energy(cue, bars, wishes, energy)
    moved = moved_energy(cue, bars, wishes, energy)
    struck = _bars_on(bare, [hit for hit in hits if hit.struck])
    sections = divide(energy, valence, struck, fitted.borders)
    asked = moved_sections(cue, bars, wishes, sections, energy, moved)
    plan = Plan(
        cue=cue.name,
        samples=cue.samples,
        hits=hits,
        segments=segments,
        sections=asked,
        energy=tuple(round(float(value), 4) for value in moved),
        ending_bar=_ending_bar(
            bare,
            _bars_on(bare, [hit for hit in hits if hit.strong]),
            _FADING_S if load_style(score.style).ending == "fade" else _ENDING_S,
        ),
        speech=tuple(
            (cue.sample(span.in_frame), cue.sample(span.out_frame_exclusive)) for span in picture.speech
        ),
        problems=(
            *_unmet(cue, bare),
            *_bent(score, fitted),
            *left_tempo(wishes, fitted.tempo_map.base_bpm),
            *unasked_mode(load_style(score.style), wishes),
        ),
        fit=fitted.fit,
    )
    return plan if asked == sections else with_unmoved(plan, sections)


def _bars_on(plan: Plan, hits: Sequence[Hit]) -> frozenset[int]:
    """The bars that begin on one of the hits."""
    return frozenset(
        index
        for index, downbeat in enumerate(plan.downbeats)
        if any(abs(hit.sample - downbeat) <= TOLERANCE_SAMPLES for hit in hits)
    )


def _ending_bar(plan: Plan, hit_bars: frozenset[int], sounding_s: float) -> int:
    """The last bar that leaves its chord time to sound; a strong hit near the end is the ending itself."""
    latest = plan.samples - round(sounding_s * SAMPLE_RATE)
    inside = [bar for bar in plan.bars if 0 <= bar.start_sample < plan.samples]
    timely = [bar.index for bar in inside if bar.start_sample <= latest]
    on_hit = [bar.index for bar in inside if bar.index in hit_bars and bar.start_sample > latest]
    if on_hit:
        return on_hit[-1]
    return timely[-1] if timely else inside[0].index if inside else 0


def _unmet(cue: Cue, plan: Plan) -> tuple[Problem, ...]:
    """A sentence for every must that no downbeat meets, naming what stands in its way."""
    downbeats = np.array(plan.downbeats)
    problems = []
    for hit in plan.hits:
        if hit.kind != "must" or np.abs(downbeats - hit.sample).min() <= TOLERANCE_SAMPLES:
            continue
        rivals = [other for other in plan.hits if other is not hit and other.strong]
        rivals.sort(key=lambda other: (other.kind != "must", abs(other.frame - hit.frame)))
        against = f"the {_said(cue, rivals[0])}" if rivals else "the start of the cue"
        text = (
            f"the {_said(cue, hit)} cannot be met together with {against}: "
            "move one of them, or make one a 'would'"
        )
        problems.append(Problem("must-unmet", text))
    return tuple(problems)


def _bent(score: Score, fitted: Fitted) -> tuple[Problem, ...]:
    if fitted.fit == score.fit:
        return ()
    text = (
        "a must cannot be met in a steady groove: the music is fitted tight, with odd bars or steps of tempo"
    )
    return (Problem("groove-bent", text),)


def _said(cue: Cue, hit: Hit) -> str:
    at = format_timecode(hit.frame + cue.start_timecode_frame, cue.rate, drop=cue.drop_frame)
    what = "must" if hit.kind == "must" else "hit"
    return f"{what} '{hit.name}' at {at}" if hit.name else f"{what} at {at}"
