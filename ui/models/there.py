"""Between the panel and the editor's program: what is selected there, its playhead, and hits as markers."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from ...engine.errors import Problem
from .. import edits, marking
from ..ports import Ability, Chosen, Mark, Timeline
from ..task import Task
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .host import HostModel
from .spot import SpotModel
from .transport import TransportModel

_NOTICE = "there"


class ThereModel(QObject):
    """Each of these asks the program, and does nothing where it cannot answer now; a newer question takes
    the place of the same one that still waits."""

    def __init__(
        self, desk: Desk, cues: CuesModel, spot: SpotModel, transport: TransportModel, host: HostModel
    ) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        self._transport = transport
        self._host = host
        # The last question of each kind.
        self._tasks: dict[str, Task] = {}
        desk.timeline_changed.connect(lambda _: self._leave())

    # --- Selection

    def use_selected(self) -> None:
        """Cues of what is selected there."""
        if self._can("selection"):
            self._run("selection", self._desk.host.selected(), lambda chosen: self._use(chosen, fresh=False))

    def begin_with_selected(self) -> None:
        """For a timeline that nothing was done with yet: where nothing is selected, it stays as it begins."""
        if self._can("selection"):
            self._run("selection", self._desk.host.selected(), lambda chosen: self._use(chosen, fresh=True))

    def _use(self, chosen: Chosen, *, fresh: bool) -> None:
        session, timeline = self._desk.session, self._desk.timeline
        if session is None or timeline is None or (fresh and not edits.is_fresh(session)):
            return
        ranges = [(span.in_frame, span.out_frame_exclusive) for span in chosen.spans]
        whole = ranges in ([], [(0, timeline.frames)])
        # Where nothing is selected that is no reason to cover what other cues leave free.
        if not whole:
            self._cues.use(chosen.spans)
        elif not fresh:
            self._cues.add_whole()
        self._desk.notify(_NOTICE, tr("notice.chosen.says", host=self._title, rule=chosen.rule))

    # --- Playhead

    def go_there(self) -> None:
        """The panel's playhead to where that of the program stands."""
        if self._can("playhead"):
            self._run("playhead", self._desk.host.playhead(), self._go)

    def show_there(self) -> None:
        """The program's playhead to where the panel's stands."""
        if self._can("playhead"):
            self._run(
                "set_playhead", self._desk.host.set_playhead(int(self._transport.position)), lambda _: None
            )

    def _go(self, frame: int | None) -> None:
        timeline = self._desk.timeline
        if frame is None or timeline is None or not 0 <= frame < timeline.frames:
            self._desk.notify(_NOTICE, tr("notice.outside.says", host=self._title))
            return
        self._desk.unsay(_NOTICE)
        self._transport.seek(frame)

    # --- Markers

    def show_hits(self) -> None:
        """The current cue's hits as markers there, in place of those that were written before."""
        cue = self._desk.cue
        if cue is None or not self._can("markers"):
            return
        marks = marking.marks_of(cue, self._spot.hits)
        name, idents = cue.name, tuple(mark.ident for mark in marks)

        def written(_: object) -> None:
            self._desk.history.everywhere(lambda one: marking.noted(one, idents, of=(name,)))
            self._desk.notify(_NOTICE, tr("notice.marked.says", count=len(idents), cue=name))

        self._run("write_markers", self._desk.host.write_markers(name, marks), written)

    def take_hits(self) -> None:
        """The hits as the markers there are now: one step that can be undone."""
        if self._can("markers"):
            self._run("markers", self._desk.host.markers(), self._take)

    def _take(self, marks: tuple[Mark, ...]) -> None:
        session, timeline = self._desk.session, self._desk.timeline
        if session is None or timeline is None:
            return
        asked = {(one.in_frame, one.hit) for one in timeline.markers if one.hit is not None}
        after, told = marking.taken(session, marks, asked=asked, cuts=self._cuts(timeline))
        if told:
            self._desk.edit("undo.take_hits", after)
            text = tr("notice.took.says", moved=told.moved, removed=told.removed, added=told.added)
        else:
            text = tr("notice.took_none.says")
        if told.outside:
            text = f"{text} {tr('notice.left_outside.says', count=told.outside)}"
        self._desk.notify(_NOTICE, text)

    def _cuts(self, timeline: Timeline) -> list[int]:
        """What may lie under a hit that goes."""
        under = [marker.in_frame for marker in timeline.markers]
        under += [shot.in_frame for shot in timeline.shots]
        if self._spot.looked is not None:
            under += [cut.frame for cut in self._spot.looked.picture.cuts]
        return under

    # ---

    @property
    def _title(self) -> str:
        state = self._host.state
        return state.title if state is not None else ""

    def _can(self, ability: Ability) -> bool:
        state = self._host.state
        return state is not None and state.can(ability)

    def _run(self, kind: str, task: Task, then: Callable[..., object]) -> None:
        before = self._tasks.get(kind)
        self._tasks[kind] = task
        if before is not None and not before.ended:
            before.cancel()

        def done(result: object) -> None:
            if self._tasks.get(kind) is task:
                then(result)

        def failed(problem: Problem) -> None:
            if self._tasks.get(kind) is task:
                self._desk.notify(_NOTICE, problem.text)

        task.done.connect(done)
        task.failed.connect(failed)

    def _leave(self) -> None:
        """What was asked of one timeline is not used for another."""
        tasks, self._tasks = self._tasks, {}
        for task in tasks.values():
            if not task.ended:
                task.cancel()
        self._desk.unsay(_NOTICE)
