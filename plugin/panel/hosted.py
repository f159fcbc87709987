"""A host as the panel sees it: how things stand is told at once; what asks the program is a Task, done in a
thread of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from ...engine.serial import from_json
from ...ui.ports import Ability, Chosen, HereRead, HostState, Landed, Mark, Placed
from ...ui.session import Session
from ...ui.task import Task
from ..hosts.base import HostError, HostMarker, Landing, Read
from ..hosts.files import FilesHost
from ..hosts.program import Change, HostProgram
from ..landing import hit_marker
from ..timeline.markers import sign
from .calls import Calls
from .letters import opened

_TEXTS: dict[Change, str] = {
    "same": "",
    "unknown": "",
    "changed": "'{}' changed since it was read: read it again",
    "gone": "'{}' is not there any more: put it back, or open another timeline",
}
_ELSEWHERE = "{} has another timeline open than this one"
_ABILITIES: tuple[Ability, ...] = get_args(Ability)


class Hosted:
    """`ui.ports.Host` over a host program. Made and asked in the interface's thread."""

    def __init__(self, program: HostProgram) -> None:
        self._program = program
        self.name = program.name
        self._calls = Calls()
        # Of timelines that were not read from the program, and of all when it is gone.
        self._files = program if isinstance(program, FilesHost) else FilesHost()
        # The last that was told for sure, of which timeline: while it is looked again, that holds.
        self._which = ("", "")
        self._known: Change = "same"
        # The timeline of the program that the panel shows, and the last that was read from it.
        self._shown: Read | None = None
        self._last: Read | None = None
        # Name of the timeline that is open there, "" where nobody looked since that of the panel changed.
        self._there = ""

    # --- How things stand

    def state(self, session: Session | None) -> HostState:
        facts, standing = self._program.known_facts(), self._program.standing()
        gone = standing.how == "gone"
        linked = session is not None and self._is_ours(session.source) and not gone
        abilities = frozenset(
            one
            for one in _ABILITIES
            if not gone and facts.capabilities.can(one) and (linked or one == "timeline")
        )
        told = HostState(
            self.name,
            session.source if session is not None else "",
            changed=False,
            can_place=False,
            text=standing.text,
            title="" if facts.road == "files" else facts.title,
            road=facts.road,
            abilities=abilities,
            standing=standing.how,
            notes=facts.notes,
            linked=linked,
            called=self._shown.name if linked and self._shown is not None else "",
        )
        if session is None:
            return told
        change = self._change(session, linked)
        elsewhere = linked and change == "changed" and self._is_elsewhere()
        text = _TEXTS[change].format(Path(session.source).name)
        if elsewhere:
            text = _ELSEWHERE.format(facts.title)
        return replace(
            told,
            changed=change == "changed" and not elsewhere,
            # Stems and the scored timeline are written even where the host cannot take them by itself.
            can_place=change != "gone",
            text=text if standing.how == "live" and text else standing.text,
            elsewhere=elsewhere,
        )

    def offered(self) -> str:
        return self._program.offered()

    def _is_ours(self, source: str) -> bool:
        """Whether that timeline is the one that the program wrote for the panel."""
        return self._shown is not None and self._shown.path == source

    def _change(self, session: Session, linked: bool) -> Change:
        if not linked:
            change = self._files.change(session.source, session.sha256)
        elif self._shown and self._last and self._last.seen != self._shown.seen:
            # What is to be placed was written out since, and found to be another edit.
            change = "changed"
        else:
            change = self._program.change(session.source, session.sha256)
        if change == "unknown":
            change = self._known if self._which == (session.source, session.sha256) else "same"
        self._which, self._known = (session.source, session.sha256), change
        return change

    def _is_elsewhere(self) -> bool:
        """Whether another timeline is open there; has the program asked where nothing else is."""
        if self._calls.idle:
            self._calls.put("a glance", self._program.glance, lambda glance: self._glanced(glance.ident))
        return bool(self._there) and self._shown is not None and self._there != self._shown.ident

    def _glanced(self, ident: str) -> None:
        self._there = ident

    # --- What asks the program

    def read(self, *, show: bool = True) -> Task:
        def made(read: Read) -> HereRead:
            self._last, self._there = read, read.ident
            if show:
                self._shown = read
            return HereRead(read.path, read.name, read.problems)

        return self._calls.put("read the timeline", self._program.read, made)

    def selected(self) -> Task:
        return self._calls.put(
            "what is selected", self._program.selected, lambda told: Chosen(told.spans, told.rule)
        )

    def place(self, placed: Placed, *, markers: bool) -> Task:
        shown, last = self._shown, self._last

        def work() -> Landed:
            step = self._next_step(placed.timeline)
            why = self._why_not("place")
            if placed.landing is None or shown is None or last is None or shown.ident != last.ident or why:
                return Landed(there=False, step=step)
            landing = _landing(placed.landing, last, markers=markers and not self._why_not("markers"))
            try:
                landed = self._program.place(landing)
            except HostError as error:
                return Landed(there=False, refused=str(error), step=step)
            return Landed(
                there=True,
                added=landed.added,
                replaced=landed.replaced,
                kept=landed.kept,
                problems=landed.problems,
                marks=tuple(one.ident for one in landing.markers),
                job=landing.job,
            )

        return self._calls.put("place", work)

    def remove(self, job: str) -> Task:
        def work() -> Landed:
            told = self._program.remove(job)
            return Landed(
                there=False, replaced=told.replaced, kept=told.kept, problems=told.problems, job=job
            )

        return self._calls.put("take away", work)

    def playhead(self) -> Task:
        return self._calls.put("the playhead", self._program.playhead)

    def set_playhead(self, frame: int) -> Task:
        return self._calls.put("move the playhead", lambda: self._program.set_playhead(frame))

    def markers(self) -> Task:
        return self._calls.put(
            "the markers", self._program.markers, lambda told: tuple(sorted(map(_mark, told), key=_frame))
        )

    def write_markers(self, cue: str, marks: tuple[Mark, ...]) -> Task:
        written = tuple(
            hit_marker(one.ident, one.frame, one.kind or "must", one.strength or 1.0, one.name)
            for one in marks
        )
        return self._calls.put("write hits", lambda: self._program.write_markers(written, f"{cue}@"))

    def close(self) -> None:
        self._program.close()
        self._calls.close()
        self._files.close()

    def _why_not(self, ability: Ability) -> str:
        return self._program.known_facts().capabilities.why_not(ability)

    def _next_step(self, scored: str) -> str:
        """What the user does with the scored timeline where the program has not placed it: one sentence."""
        if self._program.standing().how == "gone" or self._why_not("place"):
            return self._files.next_step(scored)
        return self._program.next_step(scored) or self._files.next_step(scored)


def _landing(letter: Mapping[str, Any], read: Read, *, markers: bool) -> Landing:
    """For the timeline as it was read last."""
    told = from_json(Landing, opened(dict(letter)))
    return replace(told, timeline=read.ident, seen=read.seen, markers=told.markers if markers else ())


def _mark(told: HostMarker) -> Mark:
    name, kind, strength = sign(told.name)
    if kind is not None:
        # "must" alone names nothing.
        name = told.name.partition(":")[2].strip()
    return Mark(told.ident, told.in_frame, kind, strength, name)


def _frame(mark: Mark) -> int:
    return mark.frame
