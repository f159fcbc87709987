"""Hits: what of the picture and of the editor's markers the music has to meet."""

from __future__ import annotations

import math

from ..types import Cue, Cut, Hit, Marker, Picture

# A would marker without a number asks for more than most cuts do.
_MARKER_STRENGTH = 0.8
# An editor who marks a cut seldom hits its very frame.
_SAME_FRAMES = 3
# Two accents nearer than this are heard as one gesture: the stronger cut keeps it.
_STRONG_APART_S = 1.2
_STRONG = 0.5
_JUST_WEAK = 0.45


def spot(cue: Cue, picture: Picture) -> tuple[Hit, ...]:
    """The hits of a cue in time: markers first, then the cuts that no marker speaks for.

    A cut counts as strong when its strength is at least .5, or when it is among the strongest third of the
    hard cuts: a film of gentle cuts has its accents, too.
    """
    marked = [
        hit for marker in cue.markers if marker.hit is not None for hit in _marker_hits(cue, marker, picture)
    ]
    taken = [hit.frame for hit in marked]
    cuts = [
        cut
        for cut in picture.cuts
        if cue.in_frame < cut.frame < cue.out_frame_exclusive
        and all(abs(cut.frame - frame) > _SAME_FRAMES for frame in taken)
    ]
    strengths = _strengths(cue, cuts, [hit.frame for hit in marked if hit.strong])
    found = [
        Hit(cut.frame, cue.sample(cut.frame), "would", strength, cut.kind)
        for cut, strength in zip(cuts, strengths, strict=True)
    ]
    return tuple(sorted([*marked, *found], key=lambda hit: (hit.frame, hit.kind)))


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


def _strengths(cue: Cue, cuts: list[Cut], taken: list[int]) -> list[float]:
    """The cuts' strengths with the choice of strong ones written into them: at least .5, or below."""
    apart = math.ceil(_STRONG_APART_S * cue.rate.fps)
    wanted = math.ceil(sum(cut.kind == "cut" for cut in cuts) / 3)
    strong: set[int] = set()
    frames = list(taken)
    hard = 0
    for place in sorted(range(len(cuts)), key=lambda place: (-cuts[place].strength, cuts[place].frame)):
        cut = cuts[place]
        lifted = cut.kind == "cut" and hard < wanted and cut.strength > 0
        if (cut.strength < _STRONG and not lifted) or any(abs(cut.frame - frame) < apart for frame in frames):
            continue
        strong.add(place)
        frames.append(cut.frame)
        hard += cut.kind == "cut"
    return [
        max(cut.strength, _STRONG) if place in strong else min(cut.strength, _JUST_WEAK)
        for place, cut in enumerate(cuts)
    ]
