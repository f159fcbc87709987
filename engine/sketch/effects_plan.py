"""Where the made effects go: risers into musts, impacts on them, now and then one for another strong hit."""

from __future__ import annotations

from collections.abc import Mapping

from ..timebase import SAMPLE_RATE
from ..types import Note
from .form import Form

_LONGEST = round(3.2 * SAMPLE_RATE)
_SHORTEST = round(0.6 * SAMPLE_RATE)
_IMPACT = round(2.0 * SAMPLE_RATE)
# A hit that is no must gets an effect only from this strength.
_STRONG_ENOUGH = 0.7


def write_effects(form: Form, tonic: int, again: Mapping[int, int] | None = None) -> list[Note]:
    """Notes of the stem "hits", in samples: an impact begins on its hit, a riser ends there.

    Both are tuned to the tonic. `again` tells how often the effects of a bar are written anew.
    """
    again = again or {}
    on_grid = {accent.tick: accent for accent in form.accents}
    placed: list[tuple[int, float, int]] = []
    last_bar = -(10**6)
    ending = form.clock.sample(form.ending_tick)
    for hit in form.plan.hits:
        if not hit.struck or not 0 <= hit.sample < form.plan.samples:
            continue
        near = [
            tick for tick in on_grid if abs(form.clock.sample(tick) - hit.sample) <= round(0.04 * SAMPLE_RATE)
        ]
        sample = form.clock.sample(near[0]) if near else hit.sample
        if sample > ending:
            continue
        bar = form.clock.bar_at(near[0]) if near else _bar_of(form, sample)
        spoken = form.spoken[bar]
        if hit.kind != "must":
            every = form.style.effect_bars
            starts_part = form.part_at(bar).start_bar == bar
            if (
                not every
                or bar - last_bar < every
                or not starts_part
                or spoken
                or hit.strength < _STRONG_ENOUGH
            ):
                continue
        last_bar = bar
        placed.append((sample, hit.strength, bar))
    notes: list[Note] = []
    before = 0
    for index, (sample, strength, bar) in enumerate(sorted(placed)):
        size = max(30, min(120, round(48 + 42 * form.force[bar] + 26 * strength)))
        length = min(_LONGEST, sample - before - SAMPLE_RATE // 4 * (index > 0))
        if length >= _SHORTEST:
            rises = ("fx:riser", "fx:swell")[(index + form.parts[0].level + again.get(bar, 0)) % 2]
            notes.append(Note("hits", sample - length, length, 48 + tonic, max(20, size - 22), rises))
        notes.append(Note("hits", sample, _IMPACT, 36 + tonic, size, "fx:impact"))
        before = sample
    return notes


def _bar_of(form: Form, sample: int) -> int:
    bars = form.clock.bars
    return max(
        index for index, bar in enumerate(bars) if bar.start_sample <= max(sample, bars[0].start_sample)
    )
