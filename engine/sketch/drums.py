"""The kit: grooves with ghost notes, fills into hits and phrases. Pattern characters, one a sixteenth:
X accented, x played, o soft, g a ghost that comes and goes, . nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..style import Groove
from .form import SIXTEENTH, TICKS, Form, Part, Phrase, in_tempo, stream
from .harmony import Span
from .instruments import INSTRUMENTS, TIMPANI
from .notes import Event, clamp

_WEIGHT = {"X": 1.0, "x": 0.86, "o": 0.66, "g": 0.46}
_GHOST_CHANCE = 0.65
# Lanes that go on under speech.
_QUIET_LANES = ("kick", "shaker", "hat", "taiko")


def write_drums(form: Form, spans: Sequence[Span], part_name: str, seed: int) -> list[Event]:
    kit = form.style.part("drums", part_name).voices[0][0]
    lanes = INSTRUMENTS[kit].lanes
    roots = {span.bar: span.chord.root for span in reversed(spans)}
    events: list[Event] = []
    for part in form.parts:
        if "drums" not in part.stems:
            continue
        groove = _groove(form, part, seed)
        if groove is None:
            continue
        for phrase in part.phrases:
            for bar in range(phrase.start_bar, phrase.end_bar_exclusive):
                rng = stream(seed, form.plan.cue, "drums", bar)
                fill_from = _fill_start(form, part, phrase, bar, rng)
                events += _play(form, groove, kit, lanes, bar, phrase, fill_from, roots.get(bar, 0), rng)
                if fill_from is not None:
                    events += _fill(form, part, kit, lanes, bar, fill_from, roots.get(bar, 0), rng)
    return events


def _groove(form: Form, part: Part, seed: int) -> Groove | None:
    fitting = [groove for groove in form.style.grooves if groove.low <= part.level <= groove.high]
    if not fitting:
        return None
    rng = stream(seed, form.plan.cue, "groove", part.section.label, part.level)
    return fitting[int(rng.integers(len(fitting)))]


def lane_key(lanes: Mapping[str, int], lane: str, root: int) -> int | None:
    """The key of a lane; timpani sound the chord's root."""
    if lane == "timp":
        low, high = TIMPANI
        return (
            next((key for key in range(low, high + 1) if key % 12 == root), low) if "taiko" in lanes else None
        )
    return lanes.get(lane)


def _base(form: Form, bar: int) -> float:
    softest, loudest = form.style.velocity
    return softest + 12 + (loudest - softest - 8) * form.force[bar]


def _play(
    form: Form,
    groove: Groove,
    kit: str,
    lanes: Mapping[str, int],
    bar: int,
    phrase: Phrase,
    fill_from: int | None,
    root: int,
    rng: np.random.Generator,
) -> list[Event]:
    start, beats = form.clock.starts[bar], form.clock.bars[bar].beats
    last_of_phrase = bar == phrase.end_bar_exclusive - 1
    events: list[Event] = []
    base = _base(form, bar)
    for lane, written in groove.lanes.items():
        text = in_tempo(form, bar, written, ".")
        key = lane_key(lanes, lane, root)
        if key is None or (form.spoken[bar] and lane not in _QUIET_LANES):
            continue
        offset = 16 * ((bar - phrase.start_bar) % (len(text) // 16))
        for step in range(beats * 4):
            sign = text[(offset + step) % len(text)]
            chance = rng.random()
            at = start + step * SIXTEENTH
            if form.spoken[bar] and step % 4 and lane in ("shaker", "hat"):
                continue
            if sign == "." or (sign == "g" and (chance > _GHOST_CHANCE or form.spoken[bar])):
                # A phrase's last bar may answer with a ghost of its own.
                if not (
                    sign == "." and last_of_phrase and lane in ("kick", "snare", "taiko") and chance < 0.06
                ):
                    continue
                sign = "g"
            if sign == "o" and step % 4 and chance < 0.08:
                continue
            if fill_from is not None and at >= fill_from and lane not in ("kick", "hat", "shaker"):
                continue
            velocity = base * _WEIGHT[sign] - (10 if form.spoken[bar] else 0)
            events.append(Event("drums", kit, at, SIXTEENTH * 2, key, clamp(velocity), "drum"))
    return events


def _fill_start(form: Form, part: Part, phrase: Phrase, bar: int, rng: np.random.Generator) -> int | None:
    """Where the fill of this bar begins: before hits and sections, sometimes at a phrase's end."""
    if bar != phrase.end_bar_exclusive - 1 or form.spoken[bar]:
        return None
    ends_form = phrase.end_bar_exclusive == form.ending_bar
    wanted = phrase.leads and not ends_form
    if not wanted and rng.random() >= form.style.fills:
        return None
    beats = form.clock.bars[bar].beats
    length = 3 if part.level >= 4 and beats >= 4 and wanted else 2
    return form.clock.bar_end(bar) - length * TICKS


def _fill(
    form: Form,
    part: Part,
    kit: str,
    lanes: Mapping[str, int],
    bar: int,
    fill_from: int,
    root: int,
    rng: np.random.Generator,
) -> list[Event]:
    """A run down the fill's lanes that grows, and stops short so that the hit has air."""
    keys = [key for lane in form.style.fill_lanes if (key := lane_key(lanes, lane, root)) is not None]
    if not keys:
        return []
    end = form.clock.bar_end(bar) - TICKS * 3 // 4
    step = SIXTEENTH if part.level >= 3 else SIXTEENTH * 2
    places = list(range(fill_from, end, step))
    base = _base(form, bar)
    events: list[Event] = []
    for index, at in enumerate(places):
        if index and rng.random() < 0.15:
            continue
        place = index / max(1, len(places))
        key = keys[min(len(keys) - 1, int(place * len(keys)))]
        velocity = base * (0.58 + 0.28 * place) + 3 * (index % 2 == 0)
        events.append(Event("drums", kit, at, SIXTEENTH * 2, key, clamp(velocity), "fill"))
    return events
