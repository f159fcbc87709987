"""The cues of the timeline, and the one that is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.types import Cue, Span
from ...engine.wishes import NO_WISHES, with_wishes
from .. import edits
from ..observable import Property
from ..ports import Timeline
from ..session import CueState
from ..text import tr
from .desk import Desk

_MOST_CUTS = 100


class CuesModel(QObject):
    """`engine_cue`: the current cue as the engine is asked for it, with its wishes; None without one."""

    cues_changed = pyqtSignal(object)
    current_changed = pyqtSignal(object)
    engine_cue_changed = pyqtSignal(object)

    cues: Property[tuple[CueState, ...]] = Property(())
    current: Property[CueState | None] = Property(None)
    engine_cue: Property[Cue | None] = Property(None)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        # Cues cut from the timeline without wishes, by their range: those of 2,000 shots are cut once, not at
        # each wish.
        self._cuts: dict[tuple[int, int], Cue] = {}
        self._cuts_of: Timeline | None = None
        desk.history.changed.connect(self._refresh)
        desk.timeline_changed.connect(self._refresh)

    def add(self, in_frame: int, out_frame: int) -> None:
        """A new cue of this range, as far as it is free and inside the timeline, named 1m1, 1m2 ... It takes
        the place of the cue that a fresh session begins with, where nothing was done with that."""
        session, timeline = self._desk.session, self._desk.timeline
        if session is None or timeline is None:
            return
        if len(session.cues) == 1 and edits.is_untouched(session.cues[0]):
            (first,) = session.cues
            if (first.in_frame, first.out_frame_exclusive) == (0, timeline.frames):
                session = edits.remove_cue(session, first.name)
        begin, end = sorted((in_frame, out_frame))
        begin, end = edits.free_room(session, max(0, begin), min(end, timeline.frames))
        if end - begin < self._least(timeline):
            self._desk.notify("cue", tr("notice.no_room.says"))
            return
        cue = CueState(edits.next_cue_name(session), begin, end, id=self._desk.new_id())
        self._desk.edit("undo.add_cue", edits.add_cue(session, cue))

    def use(self, spans: Sequence[Span]) -> None:
        """As `add`, a cue of each range: one step. A range that is a cue already is not made one again; the
        first of them is then worked on."""
        session, timeline = self._desk.session, self._desk.timeline
        if session is None or timeline is None:
            return
        wanted = {(span.in_frame, span.out_frame_exclusive) for span in spans}
        if len(session.cues) == 1 and edits.is_untouched(session.cues[0]):
            (first,) = session.cues
            whole = (0, timeline.frames)
            if (first.in_frame, first.out_frame_exclusive) == whole and whole not in wanted:
                session = edits.remove_cue(session, first.name)
        names = []
        for begin, end in sorted(wanted):
            there = [
                cue.name for cue in session.cues if (cue.in_frame, cue.out_frame_exclusive) == (begin, end)
            ]
            if not there:
                begin, end = edits.free_room(session, max(0, begin), min(end, timeline.frames))
                if end - begin < self._least(timeline):
                    continue
                cue = CueState(edits.next_cue_name(session), begin, end, id=self._desk.new_id())
                session, there = edits.add_cue(session, cue), [cue.name]
            names += there
        before = self._desk.session
        if names and before is not None and session.cues == before.cues:
            self.select(names[0])
        elif names:
            self._desk.edit("undo.use_selected", edits.select_cue(session, names[0]))
        else:
            self._desk.notify("cue", tr("notice.no_room.says"))

    def add_whole(self) -> CueState | None:
        """The whole timeline as a cue, where there is none at all yet."""
        session, timeline = self._desk.session, self._desk.timeline
        if session is None or timeline is None or session.cues:
            return None
        self.add(0, timeline.frames)
        return self.current

    def select(self, name: str) -> None:
        session = self._desk.session
        if session is not None and any(cue.name == name for cue in session.cues):
            self._desk.history.amend(edits.select_cue(session, name))

    def remove(self, name: str) -> None:
        session = self._desk.session
        if session is not None:
            self._desk.edit("undo.remove_cue", edits.remove_cue(session, name))

    def rename(self, name: str, new: str) -> None:
        session = self._desk.session
        if session is not None:
            self._desk.edit("undo.rename_cue", edits.rename_cue(session, name, new))

    def move_edges(self, name: str, in_frame: int, out_frame: int) -> None:
        """A range that touches another cue ends there; one that becomes too short is left as it was."""
        session, timeline = self._desk.session, self._desk.timeline
        if session is None or timeline is None:
            return
        begin, end = edits.free_room(session, max(0, in_frame), min(out_frame, timeline.frames), besides=name)
        if end - begin < self._least(timeline):
            self._desk.notify("cue", tr("notice.no_room.says"))
            return
        self._desk.edit("undo.move_edges", edits.move_edges(session, name, begin, end))

    def lock(self, name: str, on: bool) -> None:
        session = self._desk.session
        if session is not None:
            label = "undo.lock" if on else "undo.unlock"
            self._desk.edit(label, edits.lock_cue(session, name, on))

    def engine_cue_of(self, cue: CueState) -> Cue | None:
        """Any cue as the engine is asked for it; None without a timeline."""
        timeline = self._desk.timeline
        if timeline is None:
            return None
        if self._cuts_of is not timeline or len(self._cuts) >= _MOST_CUTS:
            self._cuts, self._cuts_of = {}, timeline
        bounds = (cue.in_frame, cue.out_frame_exclusive)
        if bounds not in self._cuts:
            self._cuts[bounds] = timeline.cue(cue.name, *bounds, NO_WISHES)
        return with_wishes(replace(self._cuts[bounds], name=cue.name), cue.wishes)

    @staticmethod
    def _least(timeline: Timeline) -> int:
        """Frames of the shortest cue: a second."""
        return timeline.rate.nominal

    def _refresh(self) -> None:
        session = self._desk.session
        self.cues = session.cues if session is not None else ()
        cue = self._desk.cue
        self.current = cue
        self.engine_cue = self.engine_cue_of(cue) if cue is not None else None
