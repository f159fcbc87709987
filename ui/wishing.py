"""Every change of what is wished of a cue, as a pure function of Wishes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from ..engine.types import HitKind
from ..engine.wishes import LEAST_BPM, MOST_BPM, Drawn, HitWish, SpanKind, SpanWish, Wishes
from .ports import Choice, HitRow

# Engine's rule: a cut or marker this near to a hit of the editor's is spoken for.
SAME_FRAMES = 3
# Names of hits that the picture gave (`Cut.kind`).
_FOUND = ("cut", "dissolve", "fade")
# Of a drawn curve, 0..1: less than a hand can mean.
_STRAIGHT = 0.01


# --- Hits


def add_hit(wishes: Wishes, frame: int, kind: HitKind) -> Wishes:
    """A hit of full strength at `frame`, in place of one that was set there."""
    return set_hit(wishes, HitWish(frame, kind))


def set_hit(wishes: Wishes, wish: HitWish) -> Wishes:
    """That hit, in place of one that was set at its frame."""
    others = [one for one in wishes.hits if one.frame != wish.frame]
    return replace(wishes, hits=tuple(sorted((*others, wish), key=lambda one: one.frame)))


def move_hit(wishes: Wishes, row: HitRow, to: int) -> Wishes:
    """The hit at `to`. One that was found in the picture becomes the editor's: whoever puts it on a frame by
    hand means that frame, so that the music must meet it; at the old frame there is none any more."""
    return move_hits(wishes, [(row, to)])


def move_hits(wishes: Wishes, moves: Sequence[tuple[HitRow, int]]) -> Wishes:
    """Each hit at its new frame, all at once: one may come to where another one was."""
    moved = []
    for row, to in moves:
        if to == row.frame:
            continue
        wish = next((one for one in wishes.hits if one.frame == row.frame), None)
        kind: HitKind = "must" if row.kind == "would" else row.kind
        # What the picture calls it is true of the old frame alone.
        name = "" if row.name in _FOUND else row.name
        moved.append(replace(wish, frame=to) if wish else HitWish(to, kind, 1.0, name))
        wishes = _without(wishes, row.frame)
    for one in moved:
        wishes = set_hit(wishes, one)
    return wishes


def change_hit(
    wishes: Wishes,
    row: HitRow,
    *,
    kind: HitKind | None = None,
    strength: float | None = None,
    name: str | None = None,
) -> Wishes:
    """The hit at its frame, changed. One whose kind is said by the editor has full strength."""
    wish = next((one for one in wishes.hits if one.frame == row.frame), None)
    if wish is None:
        wish = HitWish(row.frame, row.kind, 1.0 if kind is not None else row.strength, row.name)
        # Or the cut would be a hit again when this one is moved away.
        wishes = _without(wishes, row.frame)
    return set_hit(
        wishes,
        replace(
            wish,
            kind=wish.kind if kind is None else kind,
            strength=wish.strength if strength is None else min(1.0, max(0.0, strength)),
            name=wish.name if name is None else " ".join(name.split()),
        ),
    )


def delete_hit(wishes: Wishes, frame: int, underneath: Iterable[int]) -> Wishes:
    """No hit at `frame`; nor at the cuts and markers `underneath` that the editor's hit spoke for."""
    near = {one for one in underneath if abs(one - frame) <= SAME_FRAMES}
    removed = sorted({*wishes.removed, frame, *near})
    return replace(_without(wishes, frame), removed=tuple(removed))


def _without(wishes: Wishes, frame: int) -> Wishes:
    """Without the hit at `frame`: the editor's, or one found in the picture."""
    hits = tuple(one for one in wishes.hits if one.frame != frame)
    if len(hits) < len(wishes.hits):
        return replace(wishes, hits=hits)
    return replace(wishes, removed=tuple(sorted({*wishes.removed, frame})))


# --- Intensity and stretches


def draw(wishes: Wishes, points: Sequence[tuple[int, float]]) -> Wishes:
    """Intensity drawn over what was drawn there before; points outside the new stretch stay. One value a
    frame, the last one said; values are brought to 0..1. Points that a straight line goes through anyway are
    left out: a hand draws hundreds."""
    if not points:
        return wishes
    new = sorted({frame: min(1.0, max(0.0, value)) for frame, value in points}.items())
    first, last = new[0][0], new[-1][0]
    kept = [(one.frame, one.value) for one in wishes.drawn if not first <= one.frame <= last]
    return replace(wishes, drawn=tuple(Drawn(*point) for point in sorted([*kept, *_thinned(new)])))


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Without points nearer than _STRAIGHT to the line between those that stay (Douglas and Peucker, 1973, by
    height)."""
    keep = {0, len(points) - 1}
    stretches = [(0, len(points) - 1)]
    while stretches:
        first, last = stretches.pop()
        (begin, low), (end, high) = points[first], points[last]
        farthest, most = 0, _STRAIGHT
        for index in range(first + 1, last):
            frame, value = points[index]
            off = abs(value - (low + (high - low) * (frame - begin) / (end - begin)))
            if off > most:
                farthest, most = index, off
        if farthest:
            keep.add(farthest)
            stretches += [(first, farthest), (farthest, last)]
    return [points[index] for index in sorted(keep)]


def clear_drawn(wishes: Wishes) -> Wishes:
    return replace(wishes, drawn=())


def add_span(wishes: Wishes, kind: SpanKind, in_frame: int, out_frame: int, stem: str = "") -> Wishes:
    """A wish for a stretch. The same wish for the same stretch again counts a step more; its opposite takes
    one back."""
    opposite = _OPPOSITE.get(kind)
    spans: list[SpanWish] = []
    done = False
    for span in wishes.spans:
        here = (span.in_frame, span.out_frame_exclusive, span.stem) == (in_frame, out_frame, stem)
        if here and span.kind == kind and not done:
            done = True
            # Silence and a melody that rests know no steps.
            spans.append(span if kind in _ONCE else replace(span, amount=span.amount + 1))
        elif here and span.kind == opposite and not done:
            done = True
            if span.amount > 1:
                spans.append(replace(span, amount=span.amount - 1))
        else:
            spans.append(span)
    if not done:
        spans.append(SpanWish(kind, in_frame, out_frame, 1, stem))
    return replace(wishes, spans=tuple(spans))


_OPPOSITE: dict[SpanKind, SpanKind] = {
    "bigger": "smaller",
    "smaller": "bigger",
    "less_busy": "busier",
    "busier": "less_busy",
}
_ONCE = ("no_melody", "stop")


def remove_span(wishes: Wishes, index: int) -> Wishes:
    """Itself where there is no such wish."""
    if not 0 <= index < len(wishes.spans):
        return wishes
    return replace(wishes, spans=wishes.spans[:index] + wishes.spans[index + 1 :])


# --- The whole cue


def set_density(wishes: Wishes, density: float) -> Wishes:
    """-1 bare .. 1 busy"""
    return replace(wishes, density=min(1.0, max(-1.0, density)))


def set_tempo(wishes: Wishes, tempo_bpm: tuple[float, float] | None) -> Wishes:
    """Lowest and highest, in either order, as far as music goes."""
    if tempo_bpm is None:
        return replace(wishes, tempo_bpm=None)
    low, high = (min(max(bpm, LEAST_BPM), MOST_BPM) for bpm in sorted(tempo_bpm))
    return replace(wishes, tempo_bpm=(low, high))


def set_key(wishes: Wishes, tonic: int | None, mode: Literal["", "major", "minor"]) -> Wishes:
    return replace(wishes, tonic=None if tonic is None else tonic % 12, mode=mode)


def choose(wishes: Wishes, what: str, choice: Choice, in_frame: int, out_frame: int) -> Wishes:
    """What a word of the sentence sets in a cue of these frames; its mood is the controls'."""
    if choice.plain and what == "tempo":
        wishes = set_tempo(wishes, None)
    if choice.plain and what == "key":
        wishes = set_key(wishes, None, "")
    if choice.tempo_bpm is not None:
        wishes = set_tempo(wishes, choice.tempo_bpm)
    if choice.tonic is not None or choice.mode is not None:
        tonic = wishes.tonic if choice.tonic is None else choice.tonic
        mode = choice.mode if choice.mode in ("major", "minor") else wishes.mode
        wishes = set_key(wishes, tonic, mode)  # type: ignore[arg-type]
    if choice.course is not None:
        wishes = replace(wishes, drawn=_course(choice.course, in_frame, out_frame))
    return wishes


def _course(values: Sequence[float], in_frame: int, out_frame: int) -> tuple[Drawn, ...]:
    """The values evenly over the cue, its first and last frame included."""
    last = max(1, len(values) - 1)
    length = out_frame - 1 - in_frame
    points = {in_frame + round(index * length / last): value for index, value in enumerate(values)}
    return tuple(Drawn(frame, min(1.0, max(0.0, value))) for frame, value in points.items())


def clamped_wishes(wishes: Wishes, frames: int) -> Wishes:
    """Without what lies beyond a timeline of `frames` frames; stretches are shortened."""
    spans = tuple(
        replace(span, out_frame_exclusive=min(span.out_frame_exclusive, frames))
        for span in wishes.spans
        if span.in_frame < frames
    )
    return replace(
        wishes,
        hits=tuple(hit for hit in wishes.hits if hit.frame < frames),
        removed=tuple(frame for frame in wishes.removed if frame < frames),
        drawn=tuple(point for point in wishes.drawn if point.frame < frames),
        spans=spans,
    )
