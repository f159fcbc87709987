"""From ticks to samples: swing, one slow drift for each group of players, uneven velocities.

Downbeats and accents are never moved. The whole kit shares one drift, so that its limbs stay together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..timebase import SAMPLE_RATE
from ..types import Note
from .accents import ordinary_limit
from .form import SIXTEENTH, TICKS, Form, stream
from .notes import Event, clamp

# No player strays further than this.
_MOST_MS = 12.0
_GROUPS = {"drums": "kit", "bass": "rhythm", "harmony": "rhythm", "melody": "melody", "pads": "pads"}
_MEMORY = 0.85
# The player's note cache tells velocities this far apart; neighbours on one drum shall differ by it.
_VELOCITY_STEP = 5


def perform(
    events: Sequence[Event],
    form: Form,
    names: dict[tuple[str, str], str],
    seed: int,
    usual: tuple[Sequence[Event], Form] | None = None,
) -> list[Note]:
    """Notes in samples, sorted. `names` gives the voice's name of each (stem, instrument). Where a cue is not
    played as `usual`, what stays of that is played as it would be there.
    """
    events = _tidy(events)
    drifts = {group: _drift(form, seed, group) for group in sorted(set(_GROUPS.values()))}
    downbeats = set(form.clock.starts)
    still = downbeats | {accent.tick for accent in form.accents}
    velocities = _velocities(events, form, seed, usual)
    swing = round(form.style.feel.swing * TICKS / 2)
    notes: list[Note] = []
    for event, velocity in zip(events, velocities, strict=True):
        tick = event.tick
        start = form.clock.sample(tick)
        end = form.clock.sample(event.end)
        if tick not in still and event.kind not in ("accent", "final"):
            if swing and tick % TICKS == TICKS // 2:
                start = form.clock.sample(tick + swing)
            start += int(drifts[_GROUPS[event.stem]][min(tick // SIXTEENTH, form.clock.end // SIXTEENTH)])
        start = max(0, start)
        length = max(480, end - start)
        notes.append(Note(event.stem, start, length, event.pitch, velocity, names[event.stem, event.voice]))
    return notes


def _velocities(
    events: Sequence[Event], form: Form, seed: int, usual: tuple[Sequence[Event], Form] | None
) -> list[int]:
    """How loud each event is played."""
    if usual is None:
        rng = stream(seed, form.plan.cue, "velocity")
        return _uneven(events, form, rng.standard_normal(len(events)), {})
    before = _tidy([replace(event) for event in usual[0]])
    known = dict(zip(map(_name, before), _velocities(before, usual[1], seed, None), strict=True))
    jitter = np.zeros(len(events))
    bars: dict[int, list[int]] = {}
    for index, event in enumerate(events):
        if _name(event) not in known:
            bars.setdefault(form.clock.bar_at(event.tick), []).append(index)
    for bar, new in bars.items():
        jitter[new] = stream(seed, form.plan.cue, "velocity", bar).standard_normal(len(new))
    return _uneven(events, form, jitter, known)


def _name(event: Event) -> tuple[str, str, int, int, int, str]:
    """What tells an event from all others, and from itself when it is played in another way."""
    return event.stem, event.voice, event.tick, event.pitch, event.velocity, event.kind


def _uneven(
    events: Sequence[Event],
    form: Form,
    jitter: npt.NDArray[np.float64],
    known: Mapping[tuple[str, str, int, int, int, str], int],
) -> list[int]:
    """Velocities moved by `jitter`, [events], in the style's measure; those that are `known` are kept."""
    out: list[int] = []
    last: dict[tuple[str, int], int] = {}
    for event, uneven in zip(events, jitter * form.style.feel.velocity, strict=True):
        velocity = event.velocity
        if event.kind in ("line", "drum", "fill"):
            most = ordinary_limit(form, form.clock.bar_at(event.tick))
            velocity = clamp(min(velocity + float(np.clip(uneven, -8, 8)), most))
        if event.kind in ("drum", "fill"):
            velocity = _unlike(velocity, last.get((event.voice, event.pitch)))
        velocity = known.get(_name(event), velocity)
        if event.kind in ("drum", "fill"):
            last[event.voice, event.pitch] = velocity
        out.append(velocity)
    return out


def _unlike(velocity: int, before: int | None) -> int:
    """The same drum twice running is never the same sample twice: the cache keys differ by a step."""
    if before is None or round(velocity / _VELOCITY_STEP) != round(before / _VELOCITY_STEP):
        return velocity
    return velocity + _VELOCITY_STEP if velocity < before or velocity < 40 else velocity - _VELOCITY_STEP


def _drift(form: Form, seed: int, group: str) -> npt.NDArray[np.int64]:
    """Samples by which a group is late or early at each sixteenth: a slow wandering around zero."""
    count = form.clock.end // SIXTEENTH + 1
    rng = stream(seed, form.plan.cue, "drift", group)
    white = rng.standard_normal(count)
    out = np.empty(count)
    level = 0.0
    for index in range(count):
        level = _MEMORY * level + float(np.sqrt(1 - _MEMORY**2)) * float(white[index])
        out[index] = level
    out += 0.35 * rng.standard_normal(count)
    spread = form.style.feel.timing_ms * (0.6 if group == "rhythm" else 1.0)
    milliseconds = np.clip(out * spread, -_MOST_MS, _MOST_MS)
    return np.rint(milliseconds * SAMPLE_RATE / 1000).astype(np.int64)


def _tidy(events: Sequence[Event]) -> list[Event]:
    """Sorted; one voice never strikes one pitch twice at once, and lets go before it strikes it again."""
    ordered = sorted(events, key=lambda e: (e.tick, e.stem, e.voice, e.pitch, -e.velocity, -e.ticks))
    out: list[Event] = []
    sounding: dict[tuple[str, str, int], Event] = {}
    for event in ordered:
        key = (event.stem, event.voice, event.pitch)
        before = sounding.get(key)
        if before is not None:
            if before.tick == event.tick:
                before.ticks = max(before.ticks, event.ticks)
                continue
            if before.end > event.tick and event.stem != "drums":
                before.ticks = event.tick - before.tick
        sounding[key] = event
        out.append(event)
    return out
