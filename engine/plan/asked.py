"""What an editor's wishes ask of the Score that a cue is made with, and of the energy of its bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import Problem
from ..serial import from_json, to_json
from ..style import Style
from ..types import Bar, Cue, Plan, Score, Section
from ..wishes import SpanWish, Wishes

Floats = npt.NDArray[np.float64]

# Where it is kept in a Score: {"tonic": bool, "tempo": bool, "mode": "major" | "minor" | ""}.
ASKED = "asked"
# Where a Plan keeps its sections as they were before any was wished bigger or smaller.
UNMOVED = "unmoved_sections"
# One step of "bigger" or "smaller": about a level of a style's five.
STEP = 0.2
BRIGHT_MODES = ("lydian", "ionian", "mixolydian")


def asked_of(score: Score, wishes: Wishes) -> Score:
    """The Score that a cue with these wishes is made with: tonic, mode and tempo as they ask for. Asked once
    more it stays as it is."""
    asked: dict[str, object] = {}
    if wishes.tonic is not None:
        score = replace(score, tonic=wishes.tonic)
        asked["tonic"] = True
    if wishes.tempo_bpm is not None:
        score = replace(score, tempo_family_bpm=wishes.tempo_bpm)
        asked["tempo"] = True
    if wishes.mode:
        asked["mode"] = wishes.mode
    return replace(score, extra={**score.extra, ASKED: asked}) if asked else score


def asked_mode(score: Score) -> Literal["", "major", "minor"]:
    """The kind of mode that an editor asks for; "" leaves it to the picture."""
    mode = _asked(score).get("mode")
    return "major" if mode == "major" else "minor" if mode == "minor" else ""


def asked_key(score: Score) -> bool:
    """Whether an editor asks for a tonic or a mode."""
    return _asked(score).get("tonic") is True or bool(asked_mode(score))


def asked_tempo(score: Score) -> bool:
    """Whether the family of tempi is an editor's own, which only a must may leave."""
    return _asked(score).get("tempo") is True


def _asked(score: Score) -> Mapping[str, object]:
    found = score.extra.get(ASKED, {})
    return found if isinstance(found, Mapping) else {}


def modes_like(style: Style, mode: str) -> tuple[tuple[float, str], ...]:
    """The style's modes that are "major" or "minor", as `Harmony.modes`: the last one goes down to the
    darkest. Empty where it has none."""
    modes = style.harmony.modes
    fitting = [(edge, name) for edge, name in modes if (name in BRIGHT_MODES) == (mode == "major")]
    return (*fitting[:-1], (0.0, fitting[-1][1])) if fitting else ()


def mode_at(style: Style, valence: float) -> str:
    """The mode that a style plays at a valence of 0..1."""
    modes = style.harmony.modes
    return next((mode for edge, mode in modes if valence > edge), modes[-1][1])


def unasked_mode(style: Style, wishes: Wishes) -> tuple[Problem, ...]:
    """A sentence where the style has no mode of the kind that is wished."""
    if not wishes.mode or modes_like(style, wishes.mode):
        return ()
    text = (
        f"the style {style.name} has no {wishes.mode} mode, so its own stays: choose another style, or leave "
        "the key to the picture"
    )
    return (Problem("mode-missing", text),)


def left_tempo(wishes: Wishes, bpm: float) -> tuple[Problem, ...]:
    """A sentence where the music's base tempo is not inside the range that is wished."""
    if wishes.tempo_bpm is None:
        return ()
    low, high = wishes.tempo_bpm
    if low - 0.5 <= bpm <= high + 0.5:
        return ()
    text = (
        f"the cue cannot be filled between {low:g} and {high:g} bpm with every must met, and is played at "
        f"{bpm:.0f}: widen the tempo's range, or make a must a 'would'"
    )
    return (Problem("tempo-left", text),)


def covered_bars(cue: Cue, bars: Sequence[Bar], span: SpanWish) -> range:
    """The whole bars that a wish works on, those whose middle lies inside; they follow each other."""
    start, end = cue.sample(span.in_frame), cue.sample(span.out_frame_exclusive)
    inside = [bar.index for bar in bars if start <= _middle(bar) < end]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def drawn_energy(cue: Cue, bars: Sequence[Bar], wishes: Wishes, energy: Floats) -> Floats:
    """The bars' energy, [bars] in 0..1: the drawn curve at their middles from its first point to its last, a
    lone point for its bar, every other bar as it was."""
    points = sorted(wishes.drawn, key=lambda point: point.frame)
    if not points:
        return energy
    at = [cue.sample(point.frame) for point in points]
    values = [min(max(point.value, 0.0), 1.0) for point in points]
    out = energy.copy()
    for bar in bars:
        middle = _middle(bar)
        alone = len(set(at)) == 1 and bar.start_sample <= at[0] < bar.end_sample_exclusive
        if alone or at[0] <= middle <= at[-1]:
            out[bar.index] = np.interp(middle, at, values)
    return out


def moved_energy(cue: Cue, bars: Sequence[Bar], wishes: Wishes, energy: Floats) -> Floats:
    """The energy of the bars that are wished bigger or smaller, a step up or down for each time."""
    out = energy.copy()
    for span in wishes.spans:
        if span.kind in ("bigger", "smaller"):
            covered = covered_bars(cue, bars, span)
            step = STEP * span.amount * (1 if span.kind == "bigger" else -1)
            out[covered.start : covered.stop] = np.clip(out[covered.start : covered.stop] + step, 0.0, 1.0)
    return out


def moved_sections(
    cue: Cue,
    bars: Sequence[Bar],
    wishes: Wishes,
    sections: Sequence[Section],
    energy: Floats,
    moved: Floats,
) -> tuple[Section, ...]:
    """The sections, divided where a stretch begins or ends that is wished bigger or smaller, each with what
    its bars' energy, [bars], was moved by. Their parts are the same music and keep its label.

    A border is left out where it would leave a single bar on its other side.
    """
    borders = {section.start_bar for section in sections} | {len(bars)}
    for span in wishes.spans:
        covered = covered_bars(cue, bars, span)
        if span.kind in ("bigger", "smaller") and covered:
            own = {covered.start, covered.stop}
            borders |= {bar for bar in own if all(abs(bar - other) != 1 for other in borders - own)}
    out: list[Section] = []
    for section in sections:
        inner = sorted(bar for bar in borders if section.start_bar < bar < section.end_bar_exclusive)
        for start, end in pairwise([section.start_bar, *inner, section.end_bar_exclusive]):
            shift = float((moved - energy)[start:end].mean())
            here = round(min(max(section.energy + shift, 0.0), 1.0), 4)
            out.append(replace(section, start_bar=start, end_bar_exclusive=end, energy=here))
    return tuple(out)


def with_unmoved(plan: Plan, sections: Sequence[Section]) -> Plan:
    """The plan that remembers its sections as they were before any was wished bigger or smaller."""
    return replace(plan, extra={**plan.extra, UNMOVED: to_json(tuple(sections))})


def unmoved(plan: Plan) -> Plan:
    """The plan with those sections, so that the rest of the music can stay as it was; itself without any."""
    kept = plan.extra.get(UNMOVED)
    if kept is None:
        return plan
    extra = {key: value for key, value in plan.extra.items() if key != UNMOVED}
    return replace(plan, sections=tuple(from_json(Section, one) for one in kept), extra=extra)


def _middle(bar: Bar) -> float:
    return (bar.start_sample + bar.end_sample_exclusive) / 2
