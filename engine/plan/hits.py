"""Hits: what of the picture and of the editor's markers the music has to meet."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from ..types import Cue, Cut, Hit, Marker, Picture, Plan
from ..wishes import Wishes, wishes_of
from .tempo import TOLERANCE_SAMPLES

# A would marker without a number asks for more than most cuts do.
_MARKER_STRENGTH = 0.8
# An editor who marks a cut seldom hits its very frame.
_SAME_FRAMES = 3
# Two accents nearer than this are heard as one gesture: the stronger cut keeps it.
_ACCENTS_APART_S = 1.2
# Nearer than this, not even the choice of which to accent is worth keeping open.
_CANDIDATES_APART_S = 0.5
_STRONG = 0.5
_JUST_WEAK = 0.45
# A downbeat may miss its hit by the tolerance without becoming another bar's.
_BAR_SLACK = 0.05
# Weaker cuts are no accents even when a downbeat happens to meet them.
_FAIR = 0.4


def spot(cue: Cue, picture: Picture) -> tuple[Hit, ...]:
    """The hits of a cue in time: those that the editor set, then markers, then the cuts that neither speaks
    for. What the editor removed is none.

    A cut counts as strong when its strength is at least .5, or when it is among the strongest third of the
    hard cuts: a film of gentle cuts has its accents, too.
    """
    wishes = wishes_of(cue)
    wished = _wished_hits(cue, wishes)
    removed = frozenset(wishes.removed)
    own = [
        hit for marker in cue.markers if marker.hit is not None for hit in _marker_hits(cue, marker, picture)
    ]
    own = [hit for hit in own if _apart(hit.frame, [wish.frame for wish in wished])]
    # A marker that was removed still speaks for its cut.
    taken = [hit.frame for hit in (*wished, *own)]
    marked = [*wished, *(hit for hit in own if hit.frame not in removed)]
    cuts = [
        cut
        for cut in picture.cuts
        if cue.in_frame < cut.frame < cue.out_frame_exclusive
        and cut.frame not in removed
        and _apart(cut.frame, taken)
    ]
    order = sorted(range(len(cuts)), key=lambda place: (-cuts[place].strength, cuts[place].frame))
    fixed = [hit.frame for hit in marked if hit.strong]
    apart = math.ceil(_CANDIDATES_APART_S * cue.rate.fps)
    strong = _choose(cuts, order, fixed, apart)
    found = [
        Hit(cut.frame, cue.sample(cut.frame), "would", _strength(cut, place in strong), cut.kind)
        for place, cut in enumerate(cuts)
    ]
    return tuple(sorted([*marked, *found], key=lambda hit: (hit.frame, hit.kind)))


def settle(cue: Cue, picture: Picture, hits: Sequence[Hit], downbeats: Sequence[int]) -> tuple[Hit, ...]:
    """The choice of accents: what a spotting session does once the tempo map is known.

    Of the candidates, those that a downbeat meets keep their accent. Others are chosen only until a third
    of the hard cuts is strong: first fair cuts that are met, then the strongest that are not, which the
    report shows as missed. What the editor set or marked is never changed.
    """
    cuts = {cut.frame: cut for cut in picture.cuts}
    wished = {wish.frame for wish in wishes_of(cue).hits}
    own = [
        hit
        for hit in hits
        if hit.kind == "would"
        and hit.frame in cuts
        and hit.name == cuts[hit.frame].kind
        and hit.frame not in wished
    ]
    lines = np.asarray(downbeats)
    chosen = [cuts[hit.frame] for hit in own]
    met = [bool(np.abs(lines - hit.sample).min() <= TOLERANCE_SAMPLES) for hit in own]
    fair = [met[place] and cut.strength >= _FAIR for place, cut in enumerate(chosen)]
    order = sorted(
        range(len(chosen)),
        key=lambda place: (not fair[place], -chosen[place].strength, chosen[place].frame),
    )
    fixed = [hit.frame for hit in hits if hit.strong and hit not in own]
    apart = math.ceil(_ACCENTS_APART_S * cue.rate.fps)
    ready = {place for place in order if met[place] and own[place].strong}
    strong = _choose(chosen, order, fixed, apart, ready=ready)
    strengths = {cut.frame: _strength(cut, place in strong) for place, cut in enumerate(chosen)}
    return tuple(replace(hit, strength=strengths[hit.frame]) if hit in own else hit for hit in hits)


def ration(picture: Picture, plan: Plan, bars: int, wished: Collection[int] = frozenset()) -> tuple[Hit, ...]:
    """The plan's hits, and which are struck: of the cuts that a beat meets one in so many bars, the strongest
    first, or with 0 bars all.

    What the editor marked, or set on the frames `wished`, is struck whatever lies beside it. A strong cut
    that is not struck keeps its downbeat, and the music's own has to do.
    """
    hits = plan.hits
    beats = np.asarray(plan.beats)
    lines = np.asarray(plan.downbeats, dtype=np.float64)
    own = {cut.frame: cut.kind for cut in picture.cuts}
    places = np.interp([hit.sample for hit in hits], lines, np.arange(len(lines)))
    marked = [hit.kind == "must" or hit.frame in wished or own.get(hit.frame) != hit.name for hit in hits]
    struck: list[int] = [index for index, hit in enumerate(hits) if hit.strong and marked[index]]
    others = [index for index, hit in enumerate(hits) if hit.strong and not marked[index]]
    for index in sorted(others, key=lambda index: (-hits[index].strength, hits[index].frame)):
        met = np.abs(beats - hits[index].sample).min() <= TOLERANCE_SAMPLES
        if met and all(abs(places[index] - places[other]) >= bars - _BAR_SLACK for other in struck):
            struck.append(index)
    return tuple(
        replace(hit, accent=False) if hit.strong and index not in struck else hit
        for index, hit in enumerate(hits)
    )


def _wished_hits(cue: Cue, wishes: Wishes) -> list[Hit]:
    """Those of the cue; of several on one frame the last that was set."""
    last = {wish.frame: wish for wish in wishes.hits if cue.in_frame <= wish.frame < cue.out_frame_exclusive}
    return [Hit(at, cue.sample(at), wish.kind, wish.strength, wish.name) for at, wish in last.items()]


def _apart(frame: int, others: Sequence[int]) -> bool:
    return all(abs(frame - other) > _SAME_FRAMES for other in others)


def _marker_hits(cue: Cue, marker: Marker, picture: Picture) -> list[Hit]:
    if marker.hit is None or not cue.in_frame <= marker.in_frame < cue.out_frame_exclusive:
        return []
    frames = [marker.in_frame]
    if marker.hit == "avoid":
        # A ranged marker keeps the music calm through all that happens inside it.
        frames += [c.frame for c in picture.cuts if marker.in_frame < c.frame < marker.out_frame_exclusive]
    default = 1.0 if marker.hit == "must" else _MARKER_STRENGTH
    strength = marker.strength if marker.strength is not None else default
    return [Hit(frame, cue.sample(frame), marker.hit, strength, marker.name) for frame in frames]


def _choose(
    cuts: Sequence[Cut],
    order: Sequence[int],
    taken: Sequence[int],
    apart: int,
    *,
    ready: set[int] | None = None,
) -> set[int]:
    """Places of the cuts that are strong, tried in `order`, each `apart` frames from the others and from
    `taken`.

    All that are `ready` (by default those of strength .5) are welcome; others fill up to a third of the
    hard cuts.
    """
    wanted = math.ceil(sum(cut.kind == "cut" for cut in cuts) / 3)
    if ready is None:
        ready = {place for place in order if cuts[place].strength >= _STRONG}
    strong: set[int] = set()
    frames = list(taken)
    hard = 0
    for place in order:
        cut = cuts[place]
        fills = cut.kind == "cut" and hard < wanted and cut.strength > 0
        # A fade has no moment to strike.
        if (
            cut.kind == "fade"
            or (place not in ready and not fills)
            or any(abs(cut.frame - frame) < apart for frame in frames)
        ):
            continue
        strong.add(place)
        frames.append(cut.frame)
        hard += cut.kind == "cut"
    return strong


def _strength(cut: Cut, strong: bool) -> float:
    return max(cut.strength, _STRONG) if strong else min(cut.strength, _JUST_WEAK)
