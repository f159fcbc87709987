"""What Hitpoint asks of the program that holds the timeline. Standard library only, from Python 3.10 on: half
of it runs in that program's own Python.

Every frame here is a record frame, counted from the timeline's frame 0, whatever the program counts from;
ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from ...engine.timebase import Rate
from ...engine.types import Placement, Span

# timeline    write what is open there as an OTIO file
# changes     tell whether that timeline is still the one that was read
# place       put stems on its audio tracks, and take them away again
# selection, playhead, markers    tell them, and set the last two
Ability = Literal["timeline", "changes", "place", "selection", "playhead", "markers"]
# script      a script that the program runs started us, and answers over our pipes
# attach      a process of ours talks with the program
# extension   our extension in the program started us, and answers over our pipes
# files       no program is asked: timelines are files
Road = Literal["script", "attach", "extension", "files"]

# refused     the program did not do it; what was begun is undone
# stale       the edit is another than the one that was read
# gone        the program, or our part in it, has ended
# busy        it is at something else (a dialog waits for an answer, say): ask again later
Refusal = Literal["refused", "stale", "gone", "busy"]


class HostError(Exception):
    """The text is one sentence for the user: what the program did not do, and what to do."""

    def __init__(self, text: str, *, kind: Refusal = "refused") -> None:
        super().__init__(text)
        self.kind: Refusal = kind


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`cannot`: for each thing that the host cannot do, one sentence: why, and what does it instead."""

    cannot: Mapping[Ability, str] = field(default_factory=dict)

    def can(self, ability: Ability) -> bool:
        return ability not in self.cannot

    def why_not(self, ability: Ability) -> str:
        """ "" for what it can."""
        return self.cannot.get(ability, "")


@dataclass(frozen=True, slots=True)
class Facts:
    """Who answers.

    name      as in `hitpoint panel --host NAME`
    title     for people: "DaVinci Resolve Studio 21.1"
    version   the program's own
    python    of the interpreter that our part runs in, "3.11.13"
    notes     sentences: why better roads than this one are closed, and what would open them
    """

    SCHEMA: ClassVar[str] = "hitpoint.facts.1"

    name: str
    title: str
    version: str
    road: Road
    python: str
    capabilities: Capabilities = Capabilities()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One item of the timeline as it was: `digest` (hex) is another as soon as anything of it that music or
    its place depends on is another: medium, source frames, speed, track, whether it is switched on. What
    Hitpoint placed is never among them."""

    in_frame: int
    out_frame_exclusive: int
    digest: str


@dataclass(frozen=True, slots=True)
class Read:
    """A timeline that the host wrote out.

    path          of the OTIO file, absolute; the same for the same timeline, so that its session is found
    ident         the host's own name for the timeline, the same as long as the project lives
    start_frame   timecode of frame 0, in frames from 00:00:00:00
    seen          all items, in the order of tracks and time
    problems      sentences: what could not be read as it is
    """

    SCHEMA: ClassVar[str] = "hitpoint.read.1"

    path: str
    name: str
    ident: str
    rate: Rate
    start_frame: int
    frames: int
    seen: tuple[Seen, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """Whether anything may have changed, told quickly: `mark` is another then. `ident` "" where no timeline
    is open."""

    ident: str
    mark: str


@dataclass(frozen=True, slots=True)
class Selected:
    """What the user chose there, in time and apart from each other; `rule` is a sentence: by what ("the three
    selected clips", "the in and out marks", "nothing is selected: the whole timeline")."""

    spans: tuple[Span, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class HostMarker:
    """A marker of the timeline. `ident` is ours, "" for one that the editor made: "1m2@240" is the hit of
    cue 1m2 that was planned at frame 240, wherever the marker lies by now. The names and comments of hits
    read like "must: door" (see `plugin.timeline.markers`)."""

    ident: str
    in_frame: int
    out_frame_exclusive: int
    name: str
    comment: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Landing:
    """Music to be put on tracks, one a stem.

    job         what is placed under an id is not placed twice
    take        who made it, for people: "sketch, seed 7"
    placements  paths are absolute; the files begin `source_in_frame` frames before their place and last
                `available_frames` of the timeline's frames, 48 kHz stereo
    markers     the hits, each with an `ident`
    timeline    `Read.ident` of the timeline that it is for
    seen        of that Read; only what touches the cues is compared, the rest may have changed
    """

    SCHEMA: ClassVar[str] = "hitpoint.landing.1"

    job: str
    take: str
    rate: Rate
    placements: tuple[Placement, ...]
    markers: tuple[HostMarker, ...] = ()
    timeline: str = ""
    seen: tuple[Seen, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Of the cues, in time."""
        found = {(one.in_frame, one.out_frame_exclusive) for one in self.placements}
        return tuple(Span(first, last) for first, last in sorted(found))


@dataclass(frozen=True, slots=True)
class Landed:
    """What placing did: names of tracks, and sentences on what could not be as wished.

    replaced    earlier tracks of ours whose music gave way
    kept        earlier tracks of ours that somebody worked on: they stay, switched off
    """

    SCHEMA: ClassVar[str] = "hitpoint.landed.1"

    added: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Host(Protocol):
    """The program, asked in its own process and in the one thread that may talk with it. Every method but
    `facts` raises HostError; one that changes something either does all of it or nothing.
    """

    def facts(self) -> Facts: ...

    def read(self) -> Read:
        """Write what is open as an OTIO file into a folder that lasts, and tell of it."""
        ...

    def glance(self) -> Glance:
        """Cheap enough for every second."""
        ...

    def selected(self) -> Selected:
        """The first of the host's own ways to select that says anything; else the whole timeline."""
        ...

    def playhead(self) -> int | None:
        """None where it stands outside the timeline."""
        ...

    def set_playhead(self, frame: int) -> None: ...

    def markers(self) -> tuple[HostMarker, ...]: ...

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        """Have exactly `markers` in place of ours whose ident begins with `idents` ("1m2@"); those of the
        editor are never touched."""
        ...

    def place(self, landing: Landing) -> Landed:
        """Put the stems on tracks, read every one back, and save nothing of the user's unasked. HostError of
        kind "stale" where the edit under the cues is another; then, and whenever a value read back is not
        the one wished, everything is as before.

        Tracks of ours that nobody touched since are used again for the same stem, their music there gives
        way; one with a clip that was trimmed, moved, levelled or locked is switched off, and its successor
        is called v2 (DESIGN, section 9). The same job again is told as placed, and nothing is done.
        """
        ...

    def verify(self, job: str) -> tuple[str, ...]:
        """Sentences: what of that job is not where it was placed. () when all is."""
        ...

    def remove(self, job: str) -> Landed:
        """Take away what was placed under `job` and nobody touched since; `kept` names the rest."""
        ...

    def save(self) -> None:
        """Save the project, where it has a place on the disk."""
        ...

    def close(self) -> None:
        """Let go of the program. Again: nothing."""
        ...


def touching(seen: tuple[Seen, ...], spans: tuple[Span, ...]) -> tuple[Seen, ...]:
    """Those that share a frame with one of the spans: equal before and after means that the edit there is
    the same."""
    return tuple(
        one
        for one in seen
        if any(
            one.in_frame < span.out_frame_exclusive and span.in_frame < one.out_frame_exclusive
            for span in spans
        )
    )
