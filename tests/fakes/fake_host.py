"""A Host whose timeline changes when the test says so, and that is an editor's program where it wants one.

host.become("DaVinci Resolve")      a program that can everything, with `host.open_there` open in it
host.hold.add("read")               answers to `read` wait until `host.release("read")`
host.fail["place"] = Problem(...)   the next `place` fails with it, once
host.standing = "waiting"           or "gone"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import get_args

from PyQt6.QtCore import QTimer

from hitpoint.engine.errors import Problem
from hitpoint.engine.types import Span
from hitpoint.ui.ports import Ability, Chosen, HereRead, HostState, Landed, Mark, Placed
from hitpoint.ui.session import Session
from hitpoint.ui.task import Task


class FakeHost:
    """`changed` is answered as it is set; `asked` counts the questions about a session, `calls` lists what
    the program was asked."""

    def __init__(self) -> None:
        self.name = "files"
        self.title = ""
        self.changed = False
        self.elsewhere = False
        self.can_place = True
        self.standing = "live"
        self.notes: tuple[str, ...] = ()
        self.text = ""
        self.abilities: frozenset[Ability] = frozenset()
        self.asked = 0
        self.calls: list[str] = []
        # What is there.
        self.open_there = ""
        self.problems: tuple[str, ...] = ()
        self.chosen = Chosen((), "nothing is selected: the whole timeline")
        self.stands_at: int | None = 0
        self.marks: tuple[Mark, ...] = ()
        self.landed = Landed(there=True, added=("Stem: drums",), job="j1")
        self.appeared = ""
        self.placings: list[tuple[Placed, bool]] = []
        self.removed: list[str] = []
        self.hold: set[str] = set()
        self.fail: dict[str, Problem] = {}
        self.tasks: list[Task] = []
        self._held: list[tuple[str, Task, Callable[[], None]]] = []
        self._shown = ""

    def become(self, title: str, open_there: str) -> None:
        self.name, self.title, self.open_there = "resolve", title, open_there
        self.abilities = frozenset(get_args(Ability))

    def release(self, call: str) -> None:
        held = next(one for one in self._held if one[0] == call)
        self._held.remove(held)
        held[2]()

    @property
    def under_way(self) -> list[Task]:
        held = [task for _, task, _ in self._held]
        return [task for task in self.tasks if not task.ended and task not in held]

    # Host

    def state(self, session: Session | None) -> HostState:
        timeline = session.source if session is not None else ""
        gone = self.standing == "gone"
        linked = session is not None and timeline == self._shown and not gone
        told = HostState(
            self.name,
            timeline,
            changed=False,
            can_place=False,
            text=self.text,
            title=self.title,
            road="script" if self.title else "files",
            abilities=self.abilities if linked else frozenset() if gone else self.abilities & {"timeline"},
            standing=self.standing,
            notes=self.notes,
            linked=linked,
        )
        if session is None:
            return told
        self.asked += 1
        text = f"{timeline}, changed since it was read" if self.changed else self.text or timeline
        return replace(
            told, changed=self.changed, can_place=self.can_place, text=text, elsewhere=self.elsewhere
        )

    def offered(self) -> str:
        found, self.appeared = self.appeared, ""
        return found

    def read(self, *, show: bool = True) -> Task:
        def read() -> HereRead:
            if show:
                self._shown = self.open_there
            return HereRead(self.open_there, PurePath(self.open_there).stem, self.problems)

        return self._call("read" if show else "read again", read)

    def selected(self) -> Task:
        return self._call("selected", lambda: self.chosen)

    def select(self, *spans: tuple[int, int], rule: str = "the selected clips") -> None:
        self.chosen = Chosen(tuple(Span(*one) for one in spans), rule)

    def place(self, placed: Placed, *, markers: bool) -> Task:
        def place() -> Landed:
            self.placings.append((placed, markers))
            if "place" not in self.state(None).abilities | self.abilities or self.standing == "gone":
                return Landed(there=False, step="import 'scored.otio' into your editor")
            return self.landed if markers else replace(self.landed, marks=())

        return self._call("place", place)

    def remove(self, job: str) -> Task:
        def remove() -> Landed:
            self.removed.append(job)
            return Landed(there=False, replaced=self.landed.added, job=job)

        return self._call("remove", remove)

    def playhead(self) -> Task:
        return self._call("playhead", lambda: self.stands_at)

    def set_playhead(self, frame: int) -> Task:
        return self._call("set playhead", lambda: setattr(self, "stands_at", frame))

    def markers(self) -> Task:
        return self._call("markers", lambda: self.marks)

    def write_markers(self, cue: str, marks: tuple[Mark, ...]) -> Task:
        def write() -> None:
            kept = [one for one in self.marks if not one.ident.startswith(f"{cue}@")]
            self.marks = tuple(sorted((*kept, *marks), key=lambda one: one.frame))

        return self._call("write markers", write)

    def _call(self, name: str, result: Callable[[], object]) -> Task:
        task = Task(name)
        self.calls.append(name)
        self.tasks.append(task)
        problem = self.fail.pop(name, None)

        def end() -> None:
            if task.flag.asked:
                task.give_up()
            elif problem is not None:
                task.fail(problem)
            else:
                task.finish(result())

        def begin() -> None:
            task.begin()
            if name in self.hold:
                self._held.append((name, task, end))
            else:
                end()

        QTimer.singleShot(0, begin)
        return task
