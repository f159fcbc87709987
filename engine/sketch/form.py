"""The form of a cue: which level every section plays at, its phrases, and where the accents lie.

Music is written in ticks (48 to the beat, counted from the first downbeat) and becomes samples at the end.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ..plan.asked import mode_at, unmoved
from ..style import HALF_TIME, LEVELS, Style
from ..timebase import SAMPLE_RATE
from ..types import Hit, Plan, Section

TICKS = 48
SIXTEENTH = TICKS // 4
# A hit this near to a beat is meant by it.
NEAR_SAMPLES = round(0.040 * SAMPLE_RATE)
# A bar belongs to speech when this share of it is spoken over.
_SPOKEN_SHARE = 0.2


def stream(*keys: object) -> np.random.Generator:
    """A generator of its own for every decision, named by `keys`: one choice never moves another."""
    digest = hashlib.sha256("\x1f".join(str(key) for key in keys).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


class Clock:
    """Ticks to samples along the plan's bars; beyond them the last tempo goes on."""

    def __init__(self, plan: Plan) -> None:
        self.bars = plan.bars
        self.starts: list[int] = []
        tick = 0
        for bar in self.bars:
            self.starts.append(tick)
            tick += bar.beats * TICKS
        self.end = tick
        self._samples: dict[int, int] = {}

    def sample(self, tick: int) -> int:
        known = self._samples.get(tick)
        if known is None:
            index = max(0, bisect_right(self.starts, tick) - 1)
            known = self.bars[index].sample(Fraction(tick - self.starts[index], TICKS))
            self._samples[tick] = known
        return known

    def bar_at(self, tick: int) -> int:
        return max(0, bisect_right(self.starts, tick) - 1)

    def bar_end(self, bar: int) -> int:
        return self.starts[bar] + self.bars[bar].beats * TICKS


@dataclass(frozen=True, slots=True)
class Accent:
    """A strong hit that the band strikes: at `tick`, on the downbeat of its bar when `downbeat`."""

    tick: int
    bar: int
    downbeat: bool
    strength: float
    must: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """Bars sung in one breath. `leads` tells that a section, a hit or the ending follows."""

    start_bar: int
    end_bar_exclusive: int
    accented: bool
    leads: bool

    @property
    def bars(self) -> int:
        return self.end_bar_exclusive - self.start_bar


@dataclass(frozen=True, slots=True)
class Part:
    """A section as it is played: its level 0..4, whether it is the climax, which coming of its label it is"""

    index: int
    section: Section
    start_bar: int
    end_bar_exclusive: int
    level: int
    climax: bool
    coming: int
    mode: str
    phrases: tuple[Phrase, ...]
    # Stems that play here.
    stems: tuple[str, ...]

    @property
    def bars(self) -> range:
        return range(self.start_bar, self.end_bar_exclusive)


@dataclass(frozen=True, slots=True)
class Form:
    plan: Plan
    style: Style
    clock: Clock
    parts: tuple[Part, ...]
    accents: tuple[Accent, ...]
    # Ticks that a hit of kind `avoid` forbids to stress.
    avoided: tuple[int, ...]
    # One entry a bar.
    spoken: tuple[bool, ...]
    part_of_bar: tuple[int, ...]
    # 0..1 for each bar: the energy that the playing follows, smooth inside a section.
    force: tuple[float, ...]
    # One entry a bar: beats pass so fast that the feel is half of them.
    half_time: tuple[bool, ...]
    ending_bar: int

    def part_at(self, bar: int) -> Part:
        return self.parts[self.part_of_bar[bar]]

    def meets(self, hit: Hit) -> bool:
        """Whether an accent, or the last chord, falls on `hit`."""
        ticks = [self.ending_tick, *(accent.tick for accent in self.accents)]
        return any(abs(self.clock.sample(tick) - hit.sample) <= NEAR_SAMPLES for tick in ticks)

    @property
    def ending_tick(self) -> int:
        return self.clock.starts[self.ending_bar]

    def accent_at(self, tick: int) -> Accent | None:
        for accent in self.accents:
            if accent.tick == tick:
                return accent
        return None


def in_tempo(form: Form, bar: int, text: str, rest: str) -> str:
    """Pattern text as it is played in `bar`: at a rush every step lasts twice as long (half time), and two
    bars of the plan share one of the pattern. `rest` fills what the longer steps leave open."""
    return "".join(step + (step if step in "-." else rest) for step in text) if form.half_time[bar] else text


def make_form(plan: Plan, style: Style) -> Form:
    clock = Clock(plan)
    bars = len(clock.bars)
    ending_bar = min(max(plan.ending_bar, 0), bars - 1)
    sections = _sections(plan, bars)
    accents = _accents(plan.hits, clock, clock.starts[ending_bar])
    energies, levels, climax = _forces(plan, sections, style)
    struck = {accent.bar for accent in accents if accent.downbeat}
    parts: list[Part] = []
    comings: dict[str, int] = {}
    for index, section in enumerate(sections):
        coming = comings.get(section.label, 0)
        comings[section.label] = coming + 1
        end = min(section.end_bar_exclusive, max(ending_bar, section.start_bar))
        parts.append(
            Part(
                index,
                section,
                section.start_bar,
                section.end_bar_exclusive,
                levels[index],
                index == climax,
                coming,
                mode_at(style, section.valence),
                _phrases(section.start_bar, end, struck),
                tuple(stem for stem in style.stems if style.enter[stem] <= levels[index]),
            )
        )
    part_of_bar = [0] * bars
    for part in parts:
        for bar in part.bars:
            part_of_bar[bar] = part.index
    return Form(
        plan=plan,
        style=style,
        clock=clock,
        parts=tuple(parts),
        accents=accents,
        avoided=tuple(hit.sample for hit in plan.hits if hit.kind == "avoid"),
        spoken=tuple(_is_spoken(plan, bar.start_sample, bar.end_sample_exclusive) for bar in clock.bars),
        part_of_bar=tuple(part_of_bar),
        force=_force(parts, energies, bars),
        half_time=tuple(bar.segment.bpm > style.tempo_bpm[1] * HALF_TIME for bar in clock.bars),
        ending_bar=ending_bar,
    )


def _sections(plan: Plan, bars: int) -> tuple[Section, ...]:
    """The plan's sections, made to cover every bar exactly once."""
    out: list[Section] = []
    at = 0
    for section in plan.sections:
        end = min(section.end_bar_exclusive, bars)
        if end > at:
            out.append(Section(section.label, at, end, section.energy, section.valence))
            at = end
    if not out:
        energy = float(np.mean(plan.energy)) if plan.energy else 0.5
        return (Section("A", 0, bars, energy, 0.5),)
    last = out[-1]
    out[-1] = Section(last.label, last.start_bar, bars, last.energy, last.valence)
    return tuple(out)


def _forces(plan: Plan, sections: Sequence[Section], style: Style) -> tuple[list[float], list[int], int]:
    """Energy and level of each section, and the index of the climax, -1 for none. Where some are wished
    bigger or smaller, the others stay as they are without that."""
    before = _sections(unmoved(plan), sum(len(segment.beats_per_bar) for segment in plan.segments))
    energies = [_energy(section, before) for section in before]
    levels, climax = _levels(energies, before, style)
    if before == sections:
        return energies, levels, climax
    out: list[float] = []
    heights: list[int] = []
    peak = -1
    for index, section in enumerate(sections):
        of = max(place for place, one in enumerate(before) if one.start_bar <= section.start_bar)
        here, level = energies[of], levels[of]
        if section.energy != before[of].energy:
            here = min(max(_energy(section, before), 0.0), 1.0)
            level += bisect_right(style.levels, here) - bisect_right(style.levels, energies[of])
        out.append(here)
        heights.append(min(max(level, 0), LEVELS - 1))
        if of == climax and heights[-1] >= 2:
            peak = index
    return out, heights, peak


def _energy(section: Section, sections: Sequence[Section]) -> float:
    """Energy as it is and as it stands among the others: a quiet film has its climax, too."""
    low, high = min(s.energy for s in sections), max(s.energy for s in sections)
    if high - low < 0.08:
        return section.energy
    spread = min(1.0, (high - low) / 0.4)
    relative = (section.energy - low) / (high - low)
    return (1 - 0.4 * spread) * section.energy + 0.4 * spread * relative


def _levels(energies: Sequence[float], sections: Sequence[Section], style: Style) -> tuple[list[int], int]:
    """A level for each section and the index of the climax, -1 when the cue is too short for one."""
    levels = [bisect_right(style.levels, energy) for energy in energies]
    if len(sections) < 2:
        return [min(levels[0], LEVELS - 2)], -1
    # The later of equals: a climax is arrived at.
    climax = max(range(len(sections)), key=lambda i: (round(energies[i], 2), i))
    top = levels[climax]
    for index in range(len(sections)):
        if index != climax:
            levels[index] = min(levels[index], max(0, top if top < LEVELS - 1 else top - 1))
    # Opening with everything leaves nothing to add.
    if climax != 0 and levels[0] >= 3 and max(levels) == levels[0]:
        levels[0] -= 1
    return levels, climax if top >= 2 else -1


def _accents(hits: Sequence[Hit], clock: Clock, ending_tick: int) -> tuple[Accent, ...]:
    """Strong hits on the grid: the nearest downbeat, else beat, else sixteenth within 40 ms."""
    found: dict[int, Accent] = {}
    for hit in hits:
        if not hit.struck or hit.sample < 0:
            continue
        tick = _tick_near(hit.sample, clock)
        if tick is None or tick > ending_tick:
            continue
        bar = clock.bar_at(tick)
        known = found.get(tick)
        found[tick] = Accent(
            tick,
            bar,
            tick == clock.starts[bar],
            max(hit.strength, known.strength if known else 0.0),
            hit.kind == "must" or (known is not None and known.must),
        )
    return tuple(found[tick] for tick in sorted(found))


def _tick_near(sample: int, clock: Clock) -> int | None:
    downbeats = [bar.start_sample for bar in clock.bars]
    index = bisect_right(downbeats, sample)
    near = [i for i in (index - 1, index) if 0 <= i < len(downbeats)]
    best = min(near, key=lambda i: abs(downbeats[i] - sample))
    if abs(downbeats[best] - sample) <= NEAR_SAMPLES:
        return clock.starts[best]
    inside = max(0, index - 1)
    bar = clock.bars[inside]
    for unit in (TICKS, SIXTEENTH):
        ticks = range(clock.starts[inside], clock.bar_end(inside), unit)
        tick = min(ticks, key=lambda t: abs(clock.sample(t) - sample))
        if (
            abs(clock.sample(tick) - sample) <= NEAR_SAMPLES
            and sample < bar.end_sample_exclusive + NEAR_SAMPLES
        ):
            return tick
    return None


def _phrases(start: int, end: int, struck: set[int]) -> tuple[Phrase, ...]:
    """Four bars each, begun anew where a hit strikes; a lone bar left over joins its neighbour."""
    borders = [start]
    bar = start + 1
    while bar < end:
        if bar in struck or bar - borders[-1] == 4:
            borders.append(bar)
        bar += 1
    borders.append(end)
    index = 1
    while index < len(borders) - 1:
        alone = borders[index + 1] - borders[index] == 1
        if alone and borders[index] not in struck and borders[index] - borders[index - 1] <= 4:
            del borders[index]
        else:
            index += 1
    out: list[Phrase] = []
    for first, last in pairwise(borders):
        if last > first:
            out.append(Phrase(first, last, first in struck, last in struck or last == end))
    return tuple(out)


def _is_spoken(plan: Plan, start: int, end: int) -> bool:
    covered = sum(max(0, min(end, b) - max(start, a)) for a, b in plan.speech)
    return covered > _SPOKEN_SHARE * (end - start)


def _force(parts: Sequence[Part], energies: Sequence[float], bars: int) -> tuple[float, ...]:
    """A section's energy at its every bar; the last two bars grow towards a stronger section."""
    force = [0.0] * bars
    for part in parts:
        here = energies[part.index]
        after = energies[part.index + 1] if part.index + 1 < len(parts) else here
        for bar in part.bars:
            left = part.end_bar_exclusive - bar
            rise = max(0.0, after - here) * (0.5 if left == 1 else 0.2 if left == 2 else 0.0)
            # Within the section the line swells towards the middle of each four bars.
            swell = (0.0, 0.02, 0.04, 0.01)[(bar - part.start_bar) % 4]
            force[bar] = float(min(1.0, max(0.0, here + rise + swell)))
    return tuple(force)
