"""Who leads each strong hit: one group of players at a time, never the same one twice running."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from .form import Accent, Form
from .instruments import INSTRUMENTS

Lead = Literal["drums", "bass", "harmony", "melody"]
Price = tuple[bool, int, int, int, int]
# What is heard as one: chords, whoever plays them.
STEMS_OF: Mapping[Lead, tuple[str, ...]] = {
    "drums": ("drums",),
    "bass": ("bass",),
    "harmony": ("harmony", "pads"),
    "melody": ("melody",),
}
# One line is not heard to strike through a band that goes on: for these it stops.
ALONE: frozenset[Lead] = frozenset({"melody", "bass"})
# Held instruments that speak as fast as struck ones.
_QUICK = frozenset({"saw", "square", "short_strings"})
# Of equals the first of these.
_RANK: tuple[Lead, ...] = ("drums", "harmony", "melody", "bass")


def leads(form: Form, palette: Mapping[str, str], resting: Collection[int] = frozenset()) -> dict[int, Lead]:
    """Tick of each accent before the ending -> who strikes it. `palette` names each stem's orchestration; in
    the bars `resting` the melody, if it was to lead, leaves that to another.

    At the climax the drums; else who enters there, since an entry is heard in any case; else whoever has not
    led for longest: the bass where no chord or tune is left, slow attacks where nothing quick is. Where one
    group alone plays it leads every time.
    """
    out: dict[int, Lead] = {}
    last: dict[Lead, int] = {}
    weak = {lead: _weakness(form, palette, lead) for lead in _RANK}
    for place, accent in enumerate(form.accents):
        if accent.tick >= form.ending_tick:
            continue
        here = _playing(form, accent, accent.bar)
        opens = accent.bar > 0 and accent.tick == form.clock.starts[form.part_at(accent.bar).start_bar]
        before = _playing(form, accent, accent.bar - 1) if opens else here
        climax = opens and form.part_at(accent.bar).climax
        # Where one group is left, who leaves at this border may leave with a stroke.
        ready = here if len(here) > 1 else tuple(dict.fromkeys((*here, *before)))

        def price(lead: Lead, at: int = place, old: tuple[Lead, ...] = before, top: bool = climax) -> Price:
            first = 0 if top and lead == "drums" else 1 if lead not in old and not weak[lead] else 2
            return last.get(lead) == at - 1, first, weak[lead], last.get(lead, -1), _RANK.index(lead)

        if ready:
            out[accent.tick] = min(ready, key=price)
            last[out[accent.tick]] = place
    for accent in form.accents:
        if accent.bar in resting and out.get(accent.tick) == "melody":
            others = [lead for lead in _playing(form, accent, accent.bar) if lead != "melody"]
            del out[accent.tick]
            if others:
                out[accent.tick] = min(others, key=lambda lead: (weak[lead], _RANK.index(lead)))
    return out


def stem_of(form: Form, lead: Lead) -> str:
    """The stem that a lead's stroke is written into."""
    return next(stem for stem in STEMS_OF[lead] if stem in form.style.stems)


def _weakness(form: Form, palette: Mapping[str, str], lead: Lead) -> int:
    """How badly a lead's stroke is heard through all that goes on: 1 as a bass, 2 as a slow attack."""
    if not any(stem in form.style.stems for stem in STEMS_OF[lead]):
        return 2
    stem = stem_of(form, lead)
    voice = form.style.part(stem, palette[stem]).accent
    if not (INSTRUMENTS[voice].struck or voice in _QUICK):
        return 2
    return int(lead == "bass")


def _playing(form: Form, accent: Accent, bar: int) -> tuple[Lead, ...]:
    stems = form.part_at(bar).stems
    return tuple(
        lead
        for lead in _RANK
        if any(stem in stems for stem in STEMS_OF[lead])
        and (lead != "melody" or not form.spoken[accent.bar])
        and (lead != "drums" or form.style.accent_lanes)
    )
