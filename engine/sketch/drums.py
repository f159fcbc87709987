"""The kit: grooves with ghost notes, fills into hits and phrases. Pattern characters, one a sixteenth:
X accented, x played, o soft, g a ghost that comes and goes, . nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..style import Groove
from .form import NEAR_SAMPLES, SIXTEENTH, TICKS, Form, Part, Phrase, in_tempo, stream
from .harmony import Span
from .instruments import INSTRUMENTS, TIMPANI
from .notes import Event, clamp
from .patterns import another, salted

_WEIGHT = {"X": 1.0, "x": 0.86, "o": 0.66, "g": 0.46}
_GHOST_CHANCE = 0.65
# Grooves with fewer strokes in a bar are meant to be bare.
_BARE = 5
# Lanes of which the first that plays is varied, at which sixteenths (none of them a beat), what is added
# where it is silent ("" for nothing), and the chance of it.
_VARIED = (
    (("kick", "taiko", "tom_low"), (3, 6, 7, 10, 11, 14), "o", 0.45),
    (("snare", "rim", "taiko_short", "clap"), (7, 9, 15), "g", 0.45),
    (("hat", "ride", "open", "shaker", "pedal", "tamb"), (2, 6, 10, 14), "", 0.35),
)
# Weights of the first lanes of an accent where a hit is only marked.
_MARK = (1.0, 0.8)
# Lanes that go on under speech.
_QUIET_LANES = ("kick", "shaker", "hat", "taiko")


def write_drums(form: Form, spans: Sequence[Span], part_name: str, seed: int, again: int = 0) -> list[Event]:
    kit = form.style.part("drums", part_name).voices[0][0]
    lanes = INSTRUMENTS[kit].lanes
    roots = {span.bar: span.chord.root for span in reversed(spans)}
    marked = _marked(form)
    events: list[Event] = []
    for part in form.parts:
        if "drums" not in part.stems:
            continue
        groove = _groove(form, part, seed, again)
        if groove is None:
            continue
        for phrase in part.phrases:
            for bar in range(phrase.start_bar, phrase.end_bar_exclusive):
                rng = stream(salted(seed, again), form.plan.cue, "drums", bar)
                fill_from = _fill_start(form, part, phrase, bar, rng)
                events += _play(form, groove, kit, lanes, bar, phrase, fill_from, roots.get(bar, 0), rng)
                events += _mark(form, kit, lanes, bar, marked, roots.get(bar, 0))
                if fill_from is not None:
                    events += _fill(form, part, kit, lanes, bar, fill_from, roots.get(bar, 0), rng)
    return events


def _groove(form: Form, part: Part, seed: int, again: int) -> Groove | None:
    fitting = [groove for groove in form.style.grooves if groove.low <= part.level <= groove.high]
    if not fitting:
        return None
    rng = stream(seed, form.plan.cue, "groove", part.section.label, part.level)
    index = int(rng.integers(len(fitting)))
    return another((*fitting[index:], *fitting[:index]), again)


def _marked(form: Form) -> frozenset[int]:
    """Beats on which a strong hit lies that nobody strikes."""
    left = [hit.sample for hit in form.plan.hits if hit.strong and not hit.accent]
    beats = range(0, form.clock.end, TICKS)
    samples = np.array([form.clock.sample(tick) for tick in beats])
    nearest = [(sample, int(np.abs(samples - sample).argmin())) for sample in left]
    return frozenset(
        beats[index] for sample, index in nearest if abs(samples[index] - sample) <= NEAR_SAMPLES
    )


def _mark(
    form: Form, kit: str, lanes: Mapping[str, int], bar: int, marked: frozenset[int], root: int
) -> list[Event]:
    """A strong hit that is not struck: its downbeat, played a little fuller, and nobody stops for it."""
    events: list[Event] = []
    for tick in range(form.clock.starts[bar], form.clock.bar_end(bar), TICKS):
        if tick in marked and not form.spoken[bar]:
            for lane, weight in zip(form.style.accent_lanes, _MARK, strict=False):
                key = lane_key(lanes, lane, root)
                if key is not None:
                    velocity = clamp(_base(form, bar) * weight)
                    events.append(Event("drums", kit, tick, SIXTEENTH * 2, key, velocity, "drum"))
    return events


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
    pattern: dict[str, list[str]] = {}
    for lane, written in groove.lanes.items():
        text = in_tempo(form, bar, written, ".")
        offset = 16 * ((bar - phrase.start_bar) % (len(text) // 16))
        pattern[lane] = [text[(offset + step) % len(text)] for step in range(beats * 4)]
    if bar > phrase.start_bar and not form.spoken[bar]:
        _vary(pattern, form.half_time[bar], rng)
    for lane, signs in pattern.items():
        key = lane_key(lanes, lane, root)
        if key is None or (form.spoken[bar] and lane not in _QUIET_LANES):
            continue
        for step, sign in enumerate(signs):
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


def _vary(pattern: dict[str, list[str]], half_time: bool, rng: np.random.Generator) -> None:
    """What a player does to a groove in every bar but a phrase's first: the low drum answers off the beat or
    leaves such a stroke out, a ghost comes by, the upper hand lets one stroke go. The beats stay."""
    if sum(sign not in ".g" for signs in pattern.values() for sign in signs) < _BARE:
        return
    stretch = 2 if half_time else 1
    for group, steps, sign, chance in _VARIED:
        lane = next((lane for lane in group if lane in pattern), None)
        wanted, place = rng.random() < chance, steps[int(rng.integers(len(steps)))]
        if lane is None or not wanted:
            continue
        signs, at = pattern[lane], place * stretch % 16
        if at >= len(signs):
            continue
        if signs[at] != ".":
            signs[at] = "."
        elif sign:
            signs[at] = sign


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
