"""How the picture of the current cue was read, its plan, and its hits."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import Problem
from ...engine.types import Cue, HitKind
from ...engine.wishes import Wishes
from .. import wishing
from ..observable import Property
from ..ports import HitRow, Looked, Planned, Word
from ..session import CueState
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .rows import expected_hits
from .solver import Asked, Solver


class SpotModel(QObject):
    """`hits` are the plan's; while an answer is awaited, as they are expected to be. `changed_at` tells of a
    change of hits that was solved around: frame, plan before, plan after."""

    looked_changed = pyqtSignal(object)
    planned_changed = pyqtSignal(object)
    busy_changed = pyqtSignal(object)
    hits_changed = pyqtSignal(object)
    sentence_changed = pyqtSignal(object)
    changed_at = pyqtSignal(int, object, object)

    looked: Property[Looked | None] = Property(None)
    planned: Property[Planned | None] = Property(None)
    busy: Property[bool] = Property(False)
    hits: Property[tuple[HitRow, ...]] = Property(())
    sentence: Property[tuple[Word, ...]] = Property(())

    def __init__(self, desk: Desk, cues: CuesModel) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._solver = Solver(desk.studio, self)
        self._solver.looked_changed.connect(self._show_looked)
        self._solver.planned_changed.connect(self._show_planned)
        self._solver.solved.connect(self._solved)
        self._solver.busy_changed.connect(lambda busy: setattr(self, "busy", busy))
        self._solver.failed.connect(self._failed)
        # The hit that is dragged, as it was, and where it is held; and the frame of the last change.
        self._dragged: HitRow | None = None
        self._held_at = 0
        self._changed_frame = 0
        desk.history.changed.connect(self._follow)
        desk.timeline_changed.connect(self._follow)

    @property
    def seed(self) -> int:
        """What the current cue is planned with: the seed that was chosen, the heard take's, or its own."""
        cue = self._desk.cue
        return seed_of(cue) if cue is not None else 0

    def looked_of(self, cue: Cue) -> Looked | None:
        """Of any cue of the timeline, where it was looked at before."""
        return self._solver.looked_of(self._desk.readings, cue)

    # --- Hits. `frame` is always a hit's own; nothing happens where there is none.

    def add(self, frame: int, kind: HitKind = "must") -> None:
        cue = self._desk.cue
        if cue is not None and cue.in_frame <= frame < cue.out_frame_exclusive:
            self._wish("undo.add_hit", wishing.add_hit(cue.wishes, frame, kind), frame)

    def drag(self, frame: int, to: int) -> None:
        """The hit at `frame`, or where it is held by now, is held at `to`: solved around it, no undo step."""
        cue, row = self._desk.cue, self._drag_row(frame)
        if cue is None or row is None:
            return
        if cue.locked:
            self._desk.refuse_locked(cue)
            return
        self._dragged, self._held_at = row, self._inside(cue, to)
        wishes = wishing.move_hit(cue.wishes, row, self._held_at)
        self._expect(wishes)
        self._solver.try_hits(wishes)

    def drop(self, frame: int, to: int) -> None:
        """The hit at `frame` is now at `to`: one undo step."""
        cue, row = self._desk.cue, self._drag_row(frame)
        self._dragged = None
        if cue is None or row is None:
            return
        to = self._inside(cue, to)
        moved = to != row.frame and self._wish("undo.move_hit", wishing.move_hit(cue.wishes, row, to), to)
        if not moved:
            self.leave_drag()

    def leave_drag(self) -> None:
        """The hit goes back to where it was."""
        self._dragged = None
        self._solver.leave_trial()
        if self.planned is not None:
            self.hits = self.planned.hits

    def set_kind(self, frame: int, kind: HitKind) -> None:
        cue, row = self._desk.cue, self._row(frame)
        if cue is not None and row is not None:
            self._wish("undo.hit_kind", wishing.change_hit(cue.wishes, row, kind=kind), frame)

    def set_strength(self, frame: int, strength: float) -> None:
        """0..1"""
        cue, row = self._desk.cue, self._row(frame)
        if cue is not None and row is not None:
            wishes = wishing.change_hit(cue.wishes, row, strength=strength)
            self._wish("undo.hit_strength", wishes, frame, move=f"strength {frame}")

    def rename(self, frame: int, name: str) -> None:
        cue, row = self._desk.cue, self._row(frame)
        if cue is not None and row is not None:
            self._wish("undo.rename_hit", wishing.change_hit(cue.wishes, row, name=name), frame)

    def delete(self, frame: int) -> None:
        cue = self._desk.cue
        if cue is None or self._row(frame) is None:
            return
        under = [marker.in_frame for marker in self._desk.timeline.markers] if self._desk.timeline else []
        if self.looked is not None:
            under += [cut.frame for cut in self.looked.picture.cuts]
        self._wish("undo.delete_hit", wishing.delete_hit(cue.wishes, frame, under), frame)

    # --- The sentence

    def choose(self, word: str, index: int) -> None:
        """Choice `index` of the word whose `what` is `word`."""
        found = next((one for one in self.sentence if one.what == word), None)
        if found is None or not 0 <= index < len(found.choices):
            return
        choice = found.choices[index][1]

        def change(cue: CueState) -> CueState:
            wishes = wishing.choose(cue.wishes, word, choice, cue.in_frame, cue.out_frame_exclusive)
            mood = cue.controls.mood if choice.mood is None else choice.mood
            return replace(cue, wishes=wishes, controls=replace(cue.controls, mood=mood))

        self._desk.edit_cue("undo.choose_word", change)

    # ---

    def _wish(self, label: str, wishes: Wishes, frame: int, *, move: str = "") -> bool:
        """Whether it was a change, and allowed."""
        self._changed_frame = frame
        before = self._desk.session
        self._desk.edit_cue(label, lambda cue: replace(cue, wishes=wishes), move=move)
        return self._desk.session is not before

    def _row(self, frame: int) -> HitRow | None:
        return next((row for row in self.hits if row.frame == frame), None)

    def _drag_row(self, frame: int) -> HitRow | None:
        if self._dragged is not None and frame in (self._dragged.frame, self._held_at):
            return self._dragged
        return self._row(frame)

    @staticmethod
    def _inside(cue: CueState, frame: int) -> int:
        return min(max(frame, cue.in_frame), cue.out_frame_exclusive - 1)

    def _expect(self, wishes: Wishes) -> None:
        """Show the hits as they will be, before the answer is there."""
        cue, planned = self._cues.engine_cue, self.planned
        if cue is not None and planned is not None:
            self.hits = expected_hits(planned.hits, wishes, cue, planned.plan)

    def _follow(self) -> None:
        """The session is another: have its current cue looked at and planned."""
        cue, engine_cue = self._desk.cue, self._cues.engine_cue
        if cue is None or engine_cue is None:
            self._dragged = None
            self._solver.want(None)
            return
        known = self._solver.planned
        self._solver.want(Asked(engine_cue, cue.wishes, cue.controls, seed_of(cue), self._desk.readings))
        if self._solver.busy and self._solver.planned is known and self._dragged is None:
            self._expect(cue.wishes)

    def _show_looked(self, looked: Looked | None) -> None:
        self.looked = looked

    def _show_planned(self, planned: Planned | None) -> None:
        self._desk.unsay("plan")
        self.planned = planned
        self.hits = planned.hits if planned is not None else ()
        self.sentence = planned.sentence if planned is not None else ()

    def _solved(self, before: Planned, after: Planned) -> None:
        self.changed_at.emit(self._changed_frame, before, after)

    def _failed(self, problem: Problem) -> None:
        self._desk.notify("plan", problem.text, tr("notice.try_again"), self._solver.again)


def seed_of(cue: CueState) -> int:
    """What a cue is planned with: bars are shown as the heard take has them."""
    if cue.controls.seed is not None:
        return cue.controls.seed
    heard = next((take for take in cue.takes if take.id == cue.heard), None)
    return heard.seed if heard is not None else cue.first_seed
