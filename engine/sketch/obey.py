"""An editor's wishes for stretches of a cue: what is written other than usual is put into the usual draft, so
that all outside a stretch stays as it was. A held note is cut where a stretch begins, and struck anew where
it ends.

What cannot be kept apart: a hit that the melody was to lead is led by others where it rests, and they breathe
before it and hold on after it, within a bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TypeVar

from ..plan.asked import covered_bars, unmoved
from ..types import Cue, Note, Plan
from ..wishes import SpanKind, Wishes
from .busy import rebusied, steps_of
from .draft import FIRST, Again, Draft
from .effects_plan import write_effects
from .form import Form
from .harmony import Span
from .instruments import INSTRUMENTS
from .melody import Statement
from .notes import Event
from .outer import Bendable, mend_wished
from .splice import Stretch, outside, spliced, spliced_spans

K = TypeVar("K")
# After the last bar.
_EVER = 10**9
_CHORDAL = ("bass", "harmony")


@dataclass(frozen=True, slots=True)
class Round:
    """Bars that are written as a whole in another way: `moved` to the energy that is wished, or anew."""

    bars: range
    moved: bool
    chords: int


@dataclass(frozen=True, slots=True)
class Obeyed:
    """What is played. `stops` are stretches of silence, in samples of the cue."""

    events: tuple[Event, ...]
    spans: tuple[Span, ...]
    statements: tuple[Statement, ...]
    effects: tuple[Note, ...]
    stops: tuple[tuple[int, int], ...]


def rounds_of(cue: Cue, plan: Plan, wishes: Wishes) -> tuple[Round, ...]:
    """The stretches that have chords of their own, in time."""
    keys = zip(_moved(plan), _times(cue, plan, wishes, ""), strict=True)
    return tuple(Round(run, *key) for key, run in _runs(list(keys)) if key != (False, 0))


def with_rounds(
    spans: Sequence[Span], form: Form, rounds: Sequence[Round], harmony: Callable[[Round], Sequence[Span]]
) -> tuple[Span, ...]:
    """The usual chords with those of the rounds."""
    out = tuple(spans)
    for one in rounds:
        out = spliced_spans(out, harmony(one), _stretch(form, one.bars))
    return out


def resting_bars(cue: Cue, plan: Plan, wishes: Wishes) -> frozenset[int]:
    """The bars in which the melody is wished to rest."""
    return frozenset(bar for run in _covered(cue, plan, wishes, "no_melody") for bar in run)


def obey(
    cue: Cue,
    wishes: Wishes,
    usual: Form,
    form: Form,
    tonic: int,
    write: Callable[[bool, Again], Draft],
) -> Obeyed:
    """The cue as it is wished. `form` is the plan's, `usual` the same without sections that were wished
    bigger or smaller; `write` makes a draft of the one (True) or the other."""
    write = cache(write)
    plan = form.plan
    base = write(False, FIRST)
    events, spans, statements = [replace(event) for event in base.events], base.spans, base.statements
    rounds = rounds_of(cue, plan, wishes)

    def draft_of(one: Round, stem: str = "", more: int = 0) -> Draft:
        return write(one.moved, Again(one.chords, stem, more))

    spans = with_rounds(spans, form, rounds, lambda one: draft_of(one).spans)
    bendable: list[Bendable] = []
    for one in rounds:
        events = spliced(events, draft_of(one).events, _stretch(form, one.bars))
        bendable.append((form.style.stems, _stretch(form, one.bars)))
        statements = _told(statements, draft_of(one).statements, one.bars)
    stems = sorted({span.stem for span in wishes.spans if span.kind == "redo" and span.stem})
    for stem in stems:
        keys = zip(
            _moved(plan),
            _times(cue, plan, wishes, ""),
            _times(cue, plan, wishes, stem),
            strict=True,
        )
        for (moved, chords, more), run in _runs(list(keys)):
            if more:
                other = draft_of(Round(run, moved, chords), stem, more)
                events = spliced(events, other.events, _stretch(form, run), (stem,))
                bendable.append(((stem,), _stretch(form, run)))
                if stem == "melody":
                    statements = _told(statements, other.statements, run)
                    _over_all(events, form, run)
    steps = steps_of(
        form,
        wishes.density,
        [
            (covered_bars(cue, plan.bars, span), span.amount * (1 if span.kind == "busier" else -1))
            for span in wishes.spans
            if span.kind in ("less_busy", "busier")
        ],
    )
    events = rebusied(events, form, spans, steps)
    bendable += [
        (_CHORDAL, _stretch(form, run)) for is_so, run in _runs([step != 0 for step in steps]) if is_so
    ]
    for run in _covered(cue, plan, wishes, "no_melody"):
        sung = [event for event in events if event.stem == "melody"]
        events = [event for event in events if event.stem != "melody"]
        events += outside(sung, _stretch(form, run), struck_anew=False)
        bendable.append((_CHORDAL, _stretch(form, run)))
        statements = tuple(
            one for one in statements if one.end_bar_exclusive <= run.start or one.start_bar >= run.stop
        )
    mend_wished(form, spans, events, base.letters, bendable)
    effects = _effects(cue, wishes, usual, form, tonic)
    stops: list[tuple[int, int]] = []
    for run in _covered(cue, plan, wishes, "stop"):
        start, end = _stretch(form, run)
        # Whatever is wished, the last chord sounds.
        end = min(end, form.ending_tick)
        if start < end:
            events = outside(events, (start, end))
            stops.append((form.clock.sample(start), form.clock.sample(end)))
    return Obeyed(tuple(events), spans, statements, tuple(_unstopped(effects, stops)), tuple(stops))


def _stretch(form: Form, bars: range) -> Stretch:
    """Ticks of some bars; what rings on after the last bar of all belongs to it."""
    last = bars.stop >= len(form.clock.bars)
    return form.clock.starts[bars.start], _EVER if last else form.clock.starts[bars.stop]


def _covered(cue: Cue, plan: Plan, wishes: Wishes, kind: SpanKind) -> list[range]:
    """The runs of bars that a kind of wish covers."""
    found = [False] * len(plan.bars)
    for span in wishes.spans:
        if span.kind == kind:
            for bar in covered_bars(cue, plan.bars, span):
                found[bar] = True
    return [run for is_so, run in _runs(found) if is_so]


def _moved(plan: Plan) -> list[bool]:
    """Whether each bar lies in a section that was wished bigger or smaller."""
    out = [False] * len(plan.bars)
    before = unmoved(plan).sections
    for section in plan.sections:
        own = next((one for one in reversed(before) if one.start_bar <= section.start_bar), section)
        for bar in range(section.start_bar, min(section.end_bar_exclusive, len(out))):
            out[bar] = own.energy != section.energy
    return out


def _times(cue: Cue, plan: Plan, wishes: Wishes, stem: str) -> list[int]:
    """How often each bar is wished anew: all of it with "", or one stem alone."""
    out = [0] * len(plan.bars)
    for span in wishes.spans:
        if span.kind == "redo" and span.stem == stem:
            for bar in covered_bars(cue, plan.bars, span):
                out[bar] += span.amount
    return out


def _runs(keys: Sequence[K]) -> Iterator[tuple[K, range]]:
    """Bars that follow each other and share a key."""
    at = 0
    for key, run in groupby(keys):
        length = len(list(run))
        yield key, range(at, at + length)
        at += length


def _over_all(events: Sequence[Event], form: Form, bars: range) -> None:
    """Takes the phrases of a melody that was written anew an octave up where they dip into chords that stand,
    as far as its voices reach."""
    chords = [event for event in events if event.stem in ("harmony", "pads")]
    phrases = [phrase for part in form.parts for phrase in part.phrases]
    for phrase in phrases:
        first, last = max(phrase.start_bar, bars.start), min(phrase.end_bar_exclusive, bars.stop)
        if first >= last:
            continue
        start, end = _stretch(form, range(first, last))
        sung = [event for event in events if event.stem == "melody" and start <= event.tick < end]
        dips = any(
            other.tick < note.end and other.end > note.tick and other.pitch > note.pitch
            for other in chords
            for note in sung
        )
        if dips and all(event.pitch + 12 <= INSTRUMENTS[event.voice].high for event in sung):
            for event in sung:
                event.pitch += 12


def _told(statements: Sequence[Statement], others: Sequence[Statement], bars: range) -> tuple[Statement, ...]:
    """The statements of the theme before and after some bars, and the others' that lie in them."""
    kept = [one for one in statements if one.end_bar_exclusive <= bars.start or one.start_bar >= bars.stop]
    new = [one for one in others if bars.start <= one.start_bar and one.end_bar_exclusive <= bars.stop]
    return tuple(sorted([*kept, *new], key=lambda one: one.start_bar))


def _effects(cue: Cue, wishes: Wishes, usual: Form, form: Form, tonic: int) -> list[Note]:
    """The effects, those of bars that are wished bigger, smaller or anew as these ask."""
    plan = form.plan
    moved = _moved(plan)
    chords, own = _times(cue, plan, wishes, ""), _times(cue, plan, wishes, "hits")
    again: Mapping[int, int] = {bar: chords[bar] + own[bar] for bar in range(len(moved))}

    def in_moved(note: Note) -> bool:
        at = note.start_sample + (0 if note.instrument == "fx:impact" else note.samples)
        bars = [bar.index for bar in plan.bars if bar.start_sample <= at]
        return bool(bars) and moved[bars[-1]]

    out = [note for note in write_effects(usual, tonic, again) if not in_moved(note)]
    if any(moved):
        out += [note for note in write_effects(form, tonic, again) if in_moved(note)]
    return out


def _unstopped(effects: Sequence[Note], stops: Sequence[tuple[int, int]]) -> Iterator[Note]:
    """The effects that neither begin in a stop nor lead through one."""
    for note in effects:
        end = note.start_sample + (0 if note.instrument == "fx:impact" else note.samples)
        if all(end < first or note.start_sample >= last for first, last in stops):
            yield note
