"""Hits and the markers of the editor's program, both ways, as pure functions of a session.

`Session.extra["markers"]` holds, by a cue's id, under which name its hits were written there, and for each
the frame that its ident names and the frame of the hit since it was last taken from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..engine.types import HitKind
from ..engine.wishes import HitWish, Wishes
from . import wishing
from .ports import HitRow, Mark
from .session import CueState, Session

MARKERS = "markers"
_NAME, _AT = "name", "at"


@dataclass(frozen=True, slots=True)
class Taken:
    """How many hits were moved, removed and added, and how many markers were left because they were moved out
    of their cue."""

    moved: int = 0
    removed: int = 0
    added: int = 0
    outside: int = 0

    def __bool__(self) -> bool:
        return bool(self.moved or self.removed or self.added)


def ident_of(cue: str, frame: int) -> str:
    """ "1m2@240" """
    return f"{cue}@{frame}"


def marks_of(cue: CueState, hits: Iterable[HitRow]) -> tuple[Mark, ...]:
    """Those hits of a cue that are worth a marker: what the editor set, and what is strong."""
    return tuple(
        Mark(ident_of(cue.name, row.frame), row.frame, row.kind, row.strength, row.name)
        for row in hits
        if row.from_wish or row.strong or row.kind != "would"
    )


def noted(session: Session, idents: Iterable[str], *, of: Collection[str] = ()) -> Session:
    """With what was written there: these hits, in place of all earlier ones of their cues and of the cues
    named in `of`."""
    by_name: dict[str, list[int]] = {name: [] for name in of}
    for ident in idents:
        name, frame = _parts(ident)
        if frame is not None:
            by_name.setdefault(name, []).append(frame)
    notes = dict(_notes(session))
    for cue in session.cues:
        if cue.name in by_name:
            notes[cue.id] = _note(cue.name, {frame: frame for frame in by_name[cue.name]})
    return replace(session, extra={**session.extra, MARKERS: notes})


def taken(
    session: Session,
    marks: Sequence[Mark],
    *,
    asked: Collection[tuple[int, HitKind]],
    cuts: Collection[int],
) -> tuple[Session, Taken]:
    """The session with its hits as the markers there are now, and what changed. Locked cues stay.

    A marker of ours that was moved moves its hit; one that is gone removes it, but only where others of its
    cue are there: who cleared them all cleared markers, not music. A marker of the editor's whose name asks
    for a hit is one, unless the timeline asked for it when it was read (`asked`: frame and kind). `cuts` are
    frames that may be under a hit, as `wishing.delete_hit` wants them.
    """
    notes = dict(_notes(session))
    cues = []
    told = Taken()
    for cue in session.cues:
        if cue.locked:
            cues.append(cue)
            continue
        name, at = _read(notes.get(cue.id), cue.name)
        found, others = _by_frame(marks, name, at)
        wishes, at, one = _followed(cue, at, found, cuts)
        wishes, added = _with_theirs(cue, wishes, others, asked)
        told = Taken(
            told.moved + one.moved,
            told.removed + one.removed,
            told.added + added,
            told.outside + one.outside,
        )
        cues.append(replace(cue, wishes=wishes))
        if at:
            notes[cue.id] = _note(name, at)
    if not told:
        return session, told
    return replace(session, cues=tuple(cues), extra={**session.extra, MARKERS: notes}), told


def _by_frame(marks: Sequence[Mark], name: str, at: Mapping[int, int]) -> tuple[dict[int, Mark], list[Mark]]:
    """The marker of each hit of ours, by the frame that its ident names, and all that are to be read as the
    editor's: of copies of ours the one that did not move is the hit's."""
    found: dict[int, Mark] = {}
    others = []
    for mark in marks:
        owner, frame = _parts(mark.ident)
        if not mark.ident:
            others.append(mark)
        elif owner == name and frame is not None:
            before = found.get(frame)
            if before is None:
                found[frame] = mark
            elif mark.frame == at.get(frame, frame):
                found[frame] = mark
                others.append(before)
            else:
                others.append(mark)
    return found, others


def _followed(
    cue: CueState, at: dict[int, int], found: Mapping[int, Mark], cuts: Collection[int]
) -> tuple[Wishes, dict[int, int], Taken]:
    at = {**{frame: frame for frame in found}, **at}
    wishes, removed, outside = cue.wishes, 0, 0
    moves = []
    if found:
        for frame in [one for one in at if one not in found]:
            wishes = wishing.delete_hit(wishes, at.pop(frame), cuts)
            removed += 1
    for frame, mark in sorted(found.items()):
        if mark.frame == at[frame]:
            continue
        if not cue.in_frame <= mark.frame < cue.out_frame_exclusive:
            outside += 1
            continue
        was = HitRow(at[frame], mark.kind or "must", mark.strength or 1.0, mark.name, False, False, 0.0)
        moves.append((was, mark.frame))
        at[frame] = mark.frame
    return wishing.move_hits(wishes, moves), at, Taken(len(moves), removed, 0, outside)


def _with_theirs(
    cue: CueState, wishes: Wishes, marks: Iterable[Mark], asked: Collection[tuple[int, HitKind]]
) -> tuple[Wishes, int]:
    added = 0
    for mark in marks:
        if mark.kind is None or not cue.in_frame <= mark.frame < cue.out_frame_exclusive:
            continue
        strength = min(1.0, max(0.0, 1.0 if mark.strength is None else mark.strength))
        wish = HitWish(mark.frame, mark.kind, strength, mark.name)
        if (mark.frame, mark.kind) not in asked and wish not in wishes.hits:
            wishes = wishing.set_hit(wishes, wish)
            added += 1
    return wishes, added


def _parts(ident: str) -> tuple[str, int | None]:
    name, _, frame = ident.rpartition("@")
    return name, int(frame) if frame.isascii() and frame.isdecimal() else None


def _notes(session: Session) -> Mapping[str, Any]:
    found = session.extra.get(MARKERS)
    return found if isinstance(found, Mapping) else {}


def _note(name: str, at: Mapping[int, int]) -> dict[str, Any]:
    return {_NAME: name, _AT: [[frame, now] for frame, now in sorted(at.items())]}


def _read(note: Any, name: str) -> tuple[str, dict[int, int]]:
    """Of a cue that was never written there, its own name and nothing."""
    if not isinstance(note, Mapping):
        return name, {}
    return str(note.get(_NAME, name)), {int(frame): int(now) for frame, now in note.get(_AT, ())}
