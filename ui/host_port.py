"""The editor's program as the panel asks for it. `ui.ports` names all that is here, too. Frames are record
frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..engine.types import HitKind, Span
from .session import Session
from .task import Task

# What a program may be able to do for the timeline that is open here: as in `plugin.hosts.base`.
Ability = Literal["timeline", "changes", "place", "selection", "playhead", "markers"]
# script, attach, extension    how its own side was started; files: no program is asked
Road = Literal["script", "attach", "extension", "files"]
# live        it answers
# waiting     it has not answered for a while: a dialog is open there, or it renders
# gone        it has ended: files are all that is left
Standing = Literal["live", "waiting", "gone"]


@dataclass(frozen=True, slots=True)
class HostState:
    """How it stands with the program and the open timeline.

    changed     the timeline is another than the one that was read
    can_place   a run can be written, whether or not the program takes it by itself
    text        one sentence that wants to be seen, "" for none
    title       of the program, for people; "" where timelines are files
    road        how the program is reached
    abilities   what can be asked of it now, for this timeline
    notes       why better roads than this one are closed
    linked      this timeline was read from the program, which is still there
    called      the name of it there, "" for a file
    elsewhere   it has another timeline open than this one
    """

    name: str
    timeline: str
    changed: bool
    can_place: bool
    text: str
    title: str = ""
    road: Road = "files"
    abilities: frozenset[Ability] = frozenset()
    standing: Standing = "live"
    notes: tuple[str, ...] = ()
    linked: bool = False
    called: str = ""
    elsewhere: bool = False

    def can(self, ability: Ability) -> bool:
        """Now: a program that is waited for can nothing."""
        return self.standing == "live" and ability in self.abilities


@dataclass(frozen=True, slots=True)
class Placed:
    """`folder` is the run's; `timeline` the scored one in it; what could not be as wished. `landing`: what a
    program needs to place it itself, None where nobody made that."""

    folder: str
    timeline: str
    midi: str
    problems: tuple[str, ...]
    landing: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class HereRead:
    """A timeline that the program wrote out. `problems` are sentences: what could not be read as it is."""

    path: str
    name: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is selected there, in time; `rule` says by what ("the in and out marks")."""

    spans: tuple[Span, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker there. `ident` is ours, "" for the editor's own: "1m2@240" is the hit of cue 1m2 that was
    written at 240. `kind` None: it asks for no hit."""

    ident: str
    frame: int
    kind: HitKind | None
    strength: float | None
    name: str


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a run that was written: names of tracks there, and sentences.

    there     the program has it on its timeline
    refused   why it has not, where it could have
    step      what the user does where it has not
    marks     idents of the hits that were written as markers
    job       under which `Host.remove` finds it
    """

    there: bool
    refused: str = ""
    step: str = ""
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    job: str = ""


class Host(Protocol):
    """The program that holds the timeline; `files` needs none. What is a Task may wait for the program as
    long as a dialog is open there, and fails with one sentence; nothing else waits.
    """

    name: str

    def state(self, session: Session | None) -> HostState:
        """Asked once a second."""
        ...

    def offered(self) -> str:
        """Path of a timeline that has appeared, told once; "" without. Asked once a second."""
        ...

    def read(self, *, show: bool = True) -> Task:
        """HereRead: what is open there, written out as it is now. `show`: the panel shows it from now on;
        else it only wants to know what would be placed on."""
        ...

    def selected(self) -> Task:
        """Chosen"""
        ...

    def place(self, placed: Placed, *, markers: bool) -> Task:
        """Landed: the run on the timeline that was read last, where the program can; `markers`: its hits,
        too. The same takes again are told as placed."""
        ...

    def remove(self, job: str) -> Task:
        """Landed, `replaced` and `kept`: what was taken away, and what somebody worked on and stays."""
        ...

    def playhead(self) -> Task:
        """int, or None where it stands outside the timeline."""
        ...

    def set_playhead(self, frame: int) -> Task:
        """None"""
        ...

    def markers(self) -> Task:
        """tuple[Mark, ...], in time"""
        ...

    def write_markers(self, cue: str, marks: tuple[Mark, ...]) -> Task:
        """None: these, in place of ours of that cue; the editor's stay."""
        ...
