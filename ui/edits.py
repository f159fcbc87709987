"""Every change of a session as a pure function: cues, takes, mix, view. What is wished is in `wishing`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ..engine.names import unique
from .session import CueState, Session, TakeEntry
from .wishing import clamped_wishes

_NUMBERED = re.compile(r"1m(\d+)")


def with_cue(session: Session, name: str, change: Callable[[CueState], CueState]) -> Session:
    """The session with one cue changed; itself where there is no such cue."""
    cues = tuple(change(cue) if cue.name == name else cue for cue in session.cues)
    return session if cues == session.cues else replace(session, cues=cues)


# --- Cues


def next_cue_name(session: Session) -> str:
    """1m1, 1m2 ...: one more than the highest that there is."""
    numbers = [int(found[1]) for cue in session.cues if (found := _NUMBERED.fullmatch(cue.name))]
    return f"1m{max(numbers, default=0) + 1}"


def is_untouched(cue: CueState) -> bool:
    """Whether nothing was ever done with it."""
    return cue == CueState(cue.name, cue.in_frame, cue.out_frame_exclusive, id=cue.id)


def is_fresh(session: Session) -> bool:
    """Whether it is as it began: without a cue, or with one that nothing was done with."""
    return all(is_untouched(cue) for cue in session.cues) and len(session.cues) <= 1


def free_room(session: Session, in_frame: int, out_frame: int, *, besides: str = "") -> tuple[int, int]:
    """What of a range no other cue covers, from the first free frame on; an empty range where there is none.
    Cues share the tracks that their music is placed on, so they never overlap."""
    for cue in sorted(session.cues, key=lambda one: one.in_frame):
        if cue.name == besides:
            continue
        if cue.in_frame <= in_frame < cue.out_frame_exclusive:
            in_frame = cue.out_frame_exclusive
        elif in_frame < cue.in_frame < out_frame:
            out_frame = cue.in_frame
    return in_frame, max(in_frame, out_frame)


def add_cue(session: Session, cue: CueState) -> Session:
    """With the cue among the others in time, and worked on."""
    cues = sorted((*session.cues, cue), key=lambda one: one.in_frame)
    return replace(session, cues=tuple(cues), current=cue.name)


def remove_cue(session: Session, name: str) -> Session:
    """Without the cue; the one before it is then worked on."""
    index = next((at for at, cue in enumerate(session.cues) if cue.name == name), None)
    if index is None:
        return session
    cues = session.cues[:index] + session.cues[index + 1 :]
    current = session.current
    if current == name:
        current = cues[max(0, index - 1)].name if cues else ""
    return replace(session, cues=cues, current=current)


def rename_cue(session: Session, name: str, new: str) -> Session:
    """With the nearest name to `new` that is free."""
    new = " ".join(new.split())
    others = [cue.name for cue in session.cues if cue.name != name]
    if not new or len(others) == len(session.cues):
        return session
    free = unique([*others, new])[-1]
    changed = with_cue(session, name, lambda cue: replace(cue, name=free))
    return replace(changed, current=free) if session.current == name else changed


def move_edges(session: Session, name: str, in_frame: int, out_frame: int) -> Session:
    """With another range, in time; wishes outside stay, and count again when it grows."""
    changed = with_cue(
        session, name, lambda cue: replace(cue, in_frame=in_frame, out_frame_exclusive=out_frame)
    )
    return replace(changed, cues=tuple(sorted(changed.cues, key=lambda cue: cue.in_frame)))


def lock_cue(session: Session, name: str, on: bool) -> Session:
    return with_cue(session, name, lambda cue: replace(cue, locked=on))


def select_cue(session: Session, name: str) -> Session:
    return replace(session, current=name)


def clamped(session: Session, frames: int) -> Session:
    """For a timeline of `frames` frames: cues and wishes beyond its end are shortened or left out."""
    cues = []
    for cue in session.cues:
        out_frame = min(cue.out_frame_exclusive, frames)
        if cue.in_frame < out_frame:
            wishes = clamped_wishes(cue.wishes, frames)
            cues.append(replace(cue, out_frame_exclusive=out_frame, wishes=wishes))
    names = [cue.name for cue in cues]
    current = session.current if session.current in names else next(iter(names), "")
    view = session.view
    if view.playhead_frame >= frames:
        view = replace(view, playhead_frame=max(0, frames - 1))
    if view.loop is not None and view.loop[1] > frames:
        view = replace(view, loop=None)
    return replace(session, cues=tuple(cues), current=current, view=view)


# --- Takes


def add_take(session: Session, cue_id: str, take: TakeEntry, *, heard: bool) -> Session:
    """With a finished take, in its cue; `heard` puts it on. One of that id that is there is replaced."""

    def change(cue: CueState) -> CueState:
        if cue.id != cue_id:
            return cue
        others = tuple(one for one in cue.takes if one.id != take.id)
        return replace(cue, takes=(*others, take), heard=take.id if heard else cue.heard)

    return replace(session, cues=tuple(change(cue) for cue in session.cues))


def with_take(session: Session, take_id: str, change: Callable[[TakeEntry], TakeEntry]) -> Session:
    """The session with one take changed, whichever cue it is of."""

    def in_cue(cue: CueState) -> CueState:
        if all(take.id != take_id for take in cue.takes):
            return cue
        return replace(cue, takes=tuple(change(take) if take.id == take_id else take for take in cue.takes))

    return replace(session, cues=tuple(in_cue(cue) for cue in session.cues))


def hear(session: Session, name: str, take_id: str) -> Session:
    return with_cue(session, name, lambda cue: replace(cue, heard=take_id))


def reject(session: Session, name: str, take_id: str, on: bool) -> Session:
    """A rejected take is kept, is not approved any more, and leaves the ears to the newest that is not
    rejected."""
    changed = with_take(session, take_id, lambda take: replace(take, rejected=on))
    return with_cue(changed, name, _without_rejected)


def _without_rejected(cue: CueState) -> CueState:
    good = [take.id for take in cue.takes if not take.rejected]
    rejected = {take.id for take in cue.takes if take.rejected}
    if cue.heard in rejected:
        cue = replace(cue, heard=good[-1] if good else "")
    return replace(cue, approved="") if cue.approved in rejected else cue


def approve(session: Session, name: str, take_id: str, on: bool) -> Session:
    """One of a cue at most; it is not rejected any more."""
    approved = with_cue(session, name, lambda cue: replace(cue, approved=take_id if on else ""))
    return with_take(approved, take_id, lambda take: replace(take, rejected=take.rejected and not on))


def rename_take(session: Session, take_id: str, new: str) -> Session:
    new = " ".join(new.split())
    return with_take(session, take_id, lambda take: replace(take, name=new)) if new else session


# --- What is heard and shown


def set_mix(session: Session, **changes: object) -> Session:
    """Fields of Mix. TypeError for others."""
    return replace(session, mix=replace(session.mix, **changes))  # type: ignore[arg-type]


def mute(session: Session, stem: str, on: bool) -> Session:
    return set_mix(session, muted=_with(session.mix.muted, stem, on))


def solo(session: Session, stem: str, on: bool) -> Session:
    return set_mix(session, soloed=_with(session.mix.soloed, stem, on))


def set_view(session: Session, **changes: object) -> Session:
    """Fields of View. TypeError for others."""
    return replace(session, view=replace(session.view, **changes))  # type: ignore[arg-type]


def set_controls(session: Session, name: str, **changes: object) -> Session:
    """Fields of a cue's Controls. TypeError for others."""
    return with_cue(
        session,
        name,
        lambda cue: replace(cue, controls=replace(cue.controls, **changes)),  # type: ignore[arg-type]
    )


def _with(names: tuple[str, ...], name: str, on: bool) -> tuple[str, ...]:
    rest = tuple(one for one in names if one != name)
    return (*rest, name) if on else rest
