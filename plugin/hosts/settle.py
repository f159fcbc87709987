"""What becomes of the music that an earlier run put into a program's timeline, and where the new goes.

The rules are those of a timeline's file (`export.timeline.place`): what nobody touched gives way to new
music, what somebody worked on stays on its track, which is switched off where the new music plays. Pure;
standard library only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ...engine.types import Placement
from ...export.earlier import base_and_version
from ...export.scored import stem_rank

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class EarlierClip:
    """A clip that we placed, as it lies there now.

    key        the host's own name for it; no other clip has it
    placement  what it plays now, and where
    touched    trimmed, moved, levelled, retimed, locked, switched off: anything that we did not do
    job        under which it was placed
    plain      of a touched one: a new clip with this placement would sound just as it does
    """

    key: str
    placement: Placement
    touched: bool
    job: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class EarlierTrack:
    """A track that we made, as it is now.

    name      what it is called by now
    enabled   whether it is heard
    touched   as a whole: locked, renamed, levelled, or with clips on it that are not ours
    """

    key: str
    name: str
    stem: str
    enabled: bool
    touched: bool
    clips: tuple[EarlierClip, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """What happens on one track.

    onto     key of an earlier track that is used again, "" for a new one
    add      what is put on it, in time
    remove   keys of clips on it that give way; do that first
    carried  those of `add` that lay on a track which is now switched off: they keep their job
    """

    name: str
    stem: str
    onto: str
    add: tuple[Placement, ...]
    remove: tuple[str, ...] = ()
    carried: tuple[EarlierClip, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """`lanes` in the order of stems. A track of ours that is not named here stays as it is.

    disable    keys of tracks to switch off
    kept       names of the tracks that are switched off and hold somebody's work
    replaced   names of the tracks whose music gave way
    empty      keys of earlier tracks on which nothing is left
    problems   sentences: what could not be as wished
    """

    lanes: tuple[Lane, ...]
    disable: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What of a job goes again: keys of clips, keys of tracks on which nothing is left, and the names of the
    tracks where somebody worked on it."""

    remove: tuple[str, ...]
    empty: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(slots=True)
class _Making:
    """A lane in the making. `busy`: where something lies that stays."""

    name: str
    stem: str
    onto: str = ""
    add: list[Placement] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    carried: list[EarlierClip] = field(default_factory=list)
    busy: list[_Span] = field(default_factory=list)

    def has_room(self, placement: Placement) -> bool:
        return not _under(placement, self.busy)

    def take(self, placement: Placement) -> None:
        self.add.append(placement)
        self.busy.append(_span(placement))


def settle(
    earlier: Sequence[EarlierTrack], wanted: Sequence[Placement], names_taken: Collection[str]
) -> Settled:
    """Decide on each earlier track of ours, and find every placement of `wanted` its lane.

    Placements of one stem do not overlap. `names_taken` are the names of all tracks there are.
    """
    spans = _merged(_span(one) for one in wanted)
    taken = {*names_taken, *(track.name for track in earlier)}
    usable: list[_Making] = []
    off: list[EarlierTrack] = []
    kept: list[str] = []
    replaced: list[str] = []
    empty: list[str] = []
    problems: list[str] = []
    for track in earlier:
        under = [clip for clip in track.clips if _under(clip.placement, spans)]
        if not track.enabled:
            kept.append(track.name)
        elif under and (track.touched or any(clip.touched for clip in under)):
            off.append(track)
            kept.append(track.name)
            problems.append(
                f"the track '{track.name}' was changed by hand since Hitpoint made it: it stays, switched off"
            )
        elif not track.touched:
            staying = [clip for clip in track.clips if clip not in under]
            remove = [clip.key for clip in under]
            busy = [_span(clip.placement) for clip in staying]
            usable.append(_Making(track.name, track.stem, track.key, remove=remove, busy=busy))
            problems.extend(_loss(track, clip) for clip in under if not _covered(clip.placement, spans))
            if under:
                replaced.append(track.name)
                if not staying:
                    empty.append(track.key)

    lanes = list(usable)
    for one in sorted(wanted, key=lambda one: (stem_rank(one.stem), one.in_frame)):
        # A new lane has the versions of the name counted on, as a track of the file would.
        _lane_for(one, one.track, lanes, taken).take(one)
    for track in off:
        base, _ = base_and_version(track.name)
        for clip in track.clips:
            if _under(clip.placement, spans):
                continue
            if clip.touched and not clip.plain:
                problems.append(
                    f"the music of '{clip.placement.cue}' on '{track.name}' was changed by hand too and is "
                    "silent with its track: move it to another track to hear it"
                )
                continue
            name = next((one.track for one in wanted if one.stem == track.stem), base)
            lane = _lane_for(clip.placement, name, lanes, taken)
            lane.take(clip.placement)
            lane.carried.append(clip)
    used = {lane.onto for lane in lanes if lane.add}
    return Settled(
        lanes=tuple(
            Lane(
                lane.name,
                lane.stem,
                lane.onto,
                tuple(sorted(lane.add, key=lambda one: one.in_frame)),
                tuple(lane.remove),
                tuple(lane.carried),
            )
            for lane in sorted(lanes, key=lambda lane: (stem_rank(lane.stem), lane.name))
            if lane.add or lane.remove
        ),
        disable=tuple(track.key for track in off),
        kept=tuple(kept),
        replaced=tuple(replaced),
        empty=tuple(key for key in empty if key not in used),
        problems=tuple(problems),
    )


def take_back(earlier: Sequence[EarlierTrack], job: str) -> TakenBack:
    """Of what was placed under `job`, all that nobody touched since."""
    remove: list[str] = []
    empty: list[str] = []
    kept: list[str] = []
    for track in earlier:
        ours = [clip for clip in track.clips if clip.job == job]
        going = [clip.key for clip in ours if not clip.touched]
        remove += going
        if len(going) < len(ours):
            kept.append(track.name)
        elif going and len(going) == len(track.clips) and not track.touched:
            empty.append(track.key)
    return TakenBack(tuple(remove), tuple(empty), tuple(kept))


def _loss(track: EarlierTrack, clip: EarlierClip) -> str:
    return (
        f"the earlier music of '{clip.placement.cue}' on '{track.name}' is longer than the new cue: it was "
        "replaced as a whole"
    )


def _lane_for(placement: Placement, name: str, lanes: list[_Making], taken: set[str]) -> _Making:
    """The first lane of its stem that has room there, else a new one with the next version of the name."""
    for lane in lanes:
        if lane.stem == placement.stem and lane.has_room(placement):
            return lane
    base, _ = base_and_version(name)
    versions = [number for other, number in map(base_and_version, taken) if other == base]
    version = 1 + max(versions, default=0)
    lane = _Making(base if version == 1 else f"{base} v{version}", placement.stem)
    lanes.append(lane)
    taken.add(lane.name)
    return lane


def _span(placement: Placement) -> _Span:
    return placement.in_frame, placement.out_frame_exclusive


def _under(placement: Placement, spans: Iterable[_Span]) -> bool:
    first, last = _span(placement)
    return any(first < end and begin < last for begin, end in spans)


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    out: list[_Span] = []
    for first, last in sorted(set(spans)):
        if out and first <= out[-1][1]:
            out[-1] = out[-1][0], max(last, out[-1][1])
        else:
            out.append((first, last))
    return out


def _covered(placement: Placement, spans: Sequence[_Span]) -> bool:
    """Whether `spans` (merged) leave no frame of it without new music."""
    return any(first <= placement.in_frame and placement.out_frame_exclusive <= last for first, last in spans)
