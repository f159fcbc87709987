"""What strips are to us: plain values, without Blender. Frames count from the timeline's frame 0, and what
lies before it or after the scene's end is still among them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

from ....engine.timebase import Rate

# picture     a file with pictures, or one picture
# generated   made by the editor: a colour, a title
# opaque      a shot that cannot be looked at: a scene, pictures at a speed that is not known
# nest        a meta strip
# sound       a file that sounds
Kind = Literal["picture", "generated", "opaque", "nest", "sound"]


@dataclass(frozen=True, slots=True)
class Medium:
    """A file, or numbered pictures where `digits` is not 0: `path` is then the first one's, `first` its
    number and `step` the distance to the next; `rate` is what it counts in, `frames` how many it has."""

    path: str
    rate: Rate
    frames: int
    digits: int = 0
    first: int = 0
    step: int = 1


@dataclass(frozen=True, slots=True)
class Piece:
    """One strip. At frame `first` it shows frame `at` of its medium (of a nest: of its content, in the
    timeline's frames), and `speed` seconds of it in a second.

    what    Blender's own word for its type
    label   of a generator: "black" and others
    inside  of a nest, counted from its content's first frame
    """

    kind: Kind
    what: str
    name: str
    channel: int
    first: int
    end: int
    at: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)
    medium: Medium | None = None
    label: str = ""
    inside: tuple[Piece, ...] = ()
    fades: tuple[Fade, ...] = ()

    def between(self, first: int, end: int, rate: Rate) -> Piece | None:
        """The part of it inside; None where there is none."""
        first, end = max(first, self.first), min(end, self.end)
        if first >= end:
            return None
        counted = self.medium.rate if self.medium is not None else rate
        skipped = (first - self.first) * self.speed * counted.fps / rate.fps
        return replace(self, first=first, end=end, at=self.at + skipped)


@dataclass(frozen=True, slots=True)
class Fade:
    """A dissolve or wipe between the pieces of the strips named: the cut lies in its middle."""

    name: str
    before: str
    after: str
    first: int
    end: int

    @property
    def middle(self) -> int:
        return (self.first + self.end) // 2


@dataclass(slots=True)
class Edit:
    """All that was read of a scene: pieces of what is seen and heard, and what was lost on the way."""

    name: str
    rate: Rate
    start_frame: int
    pieces: list[Piece] = field(default_factory=list)
    fades: list[Fade] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # How far the scene is rendered.
    limit: int = 0

    @property
    def frames(self) -> int:
        """Up to the last picture inside the scene's range; where there is none, up to the last sound."""
        for heard in (False, True):
            ends = [
                min(piece.end, self.limit)
                for piece in self.pieces
                if has_pictures(piece) is not heard and piece.first < self.limit and piece.end > 0
            ]
            if ends:
                return max(ends)
        return 0


def has_pictures(piece: Piece) -> bool:
    """Whether it takes a place in what is seen."""
    if piece.kind == "nest":
        return any(has_pictures(one) for one in piece.inside)
    return piece.kind != "sound"


def has_sound(piece: Piece) -> bool:
    return piece.kind == "sound" or any(has_sound(one) for one in piece.inside)


def digest(values: Any) -> str:
    """Hex of plain values; equal values, equal digest, in every Python."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def rows(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces in rows from the lowest up, none of which overlap: a row a channel, and one more above it where
    a channel holds overlapping strips, the later one on top."""
    out: list[tuple[int, list[Piece]]] = []
    for piece in sorted(pieces, key=lambda one: (one.channel, one.first)):
        for channel, row in out:
            if channel == piece.channel and row[-1].end <= piece.first:
                row.append(piece)
                break
        else:
            out.append((piece.channel, [piece]))
    return [row for _, row in out]


def joined(pieces: list[Piece], fades: list[Fade], rate: Rate) -> tuple[list[Piece], list[Fade]]:
    """The pieces with their cuts in the middle of the fades, both sides of each in one row where what lies
    between allows it, and the fades that came to lie between two neighbours."""
    out = list(pieces)
    kept: list[Fade] = []
    for fade in sorted(fades, key=lambda one: one.first):
        before = next((one for one in out if one.name == fade.before and one.end == fade.end), None)
        after = next((one for one in out if one.name == fade.after and one.first == fade.first), None)
        if before is None or after is None:
            continue
        out.remove(before)
        out.remove(after)
        left = before.between(before.first, fade.middle, rate)
        right = after.between(fade.middle, after.end, rate)
        if left is None or right is None:
            out += [one for one in (left, right) if one is not None]
            continue
        channel = max(left.channel, right.channel)
        low = min(left.channel, right.channel)
        above = [one for one in out if low < one.channel <= channel and has_pictures(one)]
        if left.channel < channel:
            since = max(
                (one.end for one in above if one.first < left.end and one.end > left.first), default=0
            )
            left = _raised(out, left, max(since, left.first), left.end, channel, rate)
        elif right.channel < channel:
            until = [one.first for one in above if one.first < right.end and one.end > right.first]
            right = _raised(out, right, right.first, min(until, default=right.end), channel, rate)
        out += [one for one in (left, right) if one is not None]
        if left is not None and right is not None:
            kept.append(fade)
    return out, kept


def _raised(out: list[Piece], piece: Piece, first: int, end: int, channel: int, rate: Rate) -> Piece | None:
    """The part of a piece from `first` to `end` on a higher channel; the rest goes to `out` as it is. None
    where nothing of it can be raised: then all of it goes to `out`."""
    raised = piece.between(first, end, rate)
    if raised is None:
        out.append(piece)
        return None
    for rest in (piece.between(piece.first, first, rate), piece.between(end, piece.end, rate)):
        if rest is not None:
            out.append(rest)
    return replace(raised, channel=channel)
