"""The section lane: the plan's sections, intensity as planned or drawn, and wishes for stretches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.types import STEM_ORDER, Bar, Cue, Plan
from ...engine.wishes import SpanKind, SpanWish, Wishes, heeded
from .. import wishing
from ..observable import Property
from ..ports import ModelRow, Planned
from ..session import CueState
from ..text import tr
from .controls import ControlsModel
from .cues import CuesModel
from .desk import Desk
from .spot import SpotModel

# What can be wished, as the lane asks for it.
ALL = (
    *("bigger", "smaller", "less_busy", "busier", "no_melody", "stop", "redo"),
    *("drawn", "density", "tempo", "key", "hits", "redo_stem"),
)


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A section of the plan in record frames; `energy` 0..1."""

    label: str
    in_frame: int
    out_frame_exclusive: int
    energy: float


class SectionsModel(QObject):
    """`intensity`: (frame, 0..1) points, joined by straight lines: the plan's where nothing is drawn.

    `can` and `why_not` are keyed by SpanKind, "drawn", "density", "tempo", "key", "hits", "redo_stem": which
    wishes the chosen generator follows, and a sentence for those that it does not.
    `redo_wanted`: a take is to be made with the seed of the heard one.
    """

    sections_changed = pyqtSignal(object)
    intensity_changed = pyqtSignal(object)
    spans_changed = pyqtSignal(object)
    stems_changed = pyqtSignal(object)
    can_changed = pyqtSignal(object)
    why_not_changed = pyqtSignal(object)
    redo_wanted = pyqtSignal()

    sections: Property[tuple[SectionRow, ...]] = Property(())
    intensity: Property[tuple[tuple[int, float], ...]] = Property(())
    # The wishes for stretches of the current cue: `unwish` takes their index.
    spans: Property[tuple[SpanWish, ...]] = Property(())
    # Stems that can be redone.
    stems: Property[tuple[str, ...]] = Property(STEM_ORDER)
    can: Property[dict[str, bool]] = Property(dict.fromkeys(ALL, True))
    why_not: Property[dict[str, str]] = Property({})

    def __init__(self, desk: Desk, cues: CuesModel, spot: SpotModel, controls: ControlsModel) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        # Intensity as a plan has it.
        self._planned: tuple[Planned | None, list[tuple[int, float]]] = (None, [])
        spot.planned_changed.connect(self._refresh_plan)
        desk.history.changed.connect(self._refresh)
        controls.chosen_changed.connect(self._refresh_can)

    def draw(self, points: Sequence[tuple[int, float]]) -> None:
        """The curve is finished: one undo step, and a new plan."""
        cue = self._desk.cue
        if cue is None:
            return
        inside = [point for point in points if cue.in_frame <= point[0] < cue.out_frame_exclusive]
        self._wish("undo.draw", lambda wishes: wishing.draw(wishes, inside))
        self._refresh_intensity()

    def draw_live(self, points: Sequence[tuple[int, float]]) -> None:
        """While drawing: shown, nothing else."""
        cue = self._desk.cue
        if cue is not None and not cue.locked:
            self._show_intensity(wishing.draw(cue.wishes, points))

    def wish(self, kind: SpanKind, in_frame: int, out_frame: int, stem: str = "") -> None:
        """For the record frames `in_frame` up to and without `out_frame`; as `wishing.add_span` counts."""
        cue = self._desk.cue
        if cue is None:
            return
        begin, end = max(in_frame, cue.in_frame), min(out_frame, cue.out_frame_exclusive)
        if begin < end:
            self._wish("undo.wish", lambda wishes: wishing.add_span(wishes, kind, begin, end, stem))

    def unwish(self, index: int) -> None:
        self._wish("undo.unwish", lambda wishes: wishing.remove_span(wishes, index))

    def clear_drawn(self) -> None:
        self._wish("undo.clear_drawn", wishing.clear_drawn)

    def redo_section(self, index: int) -> None:
        """Wish for section `index` to be written anew, and have a take made."""
        if 0 <= index < len(self.sections):
            row = self.sections[index]
            self._redo(row.in_frame, row.out_frame_exclusive, "")

    def redo_stem(self, stem: str) -> None:
        """The same for one stem of the whole cue."""
        cue = self._desk.cue
        if cue is not None and stem in self.stems:
            self._redo(cue.in_frame, cue.out_frame_exclusive, stem)

    def _redo(self, in_frame: int, out_frame: int, stem: str) -> None:
        if self._wish(
            "undo.redo_music", lambda wishes: wishing.add_span(wishes, "redo", in_frame, out_frame, stem)
        ):
            self.redo_wanted.emit()

    def _wish(self, label: str, change: Callable[[Wishes], Wishes]) -> bool:
        def with_wishes(cue: CueState) -> CueState:
            return replace(cue, wishes=change(cue.wishes))

        return self._desk.edit_cue(label, with_wishes)

    def _refresh(self) -> None:
        cue = self._desk.cue
        self.spans = cue.wishes.spans if cue is not None else ()
        heard = None if cue is None else next((t for t in cue.takes if t.id == cue.heard), None)
        follows = heard is not None and heard.generator == "sketch"
        self.stems = tuple(name for name, _, _ in heard.stems) if heard and follows else STEM_ORDER
        self._refresh_intensity()

    def _refresh_plan(self, planned: Planned | None) -> None:
        cue = self._cues.engine_cue
        if planned is None or cue is None:
            self.sections = ()
        else:
            self.sections = tuple(_section_rows(cue, planned.plan))
        self._refresh_intensity()

    def _refresh_intensity(self) -> None:
        cue = self._desk.cue
        self._show_intensity(cue.wishes if cue is not None else Wishes())

    def _show_intensity(self, wishes: Wishes) -> None:
        """What is drawn, and around it what is planned."""
        cue, planned = self._cues.engine_cue, self._spot.planned
        drawn = [(point.frame, point.value) for point in wishes.drawn]
        if planned is None or cue is None:
            self.intensity = tuple(drawn)
            return
        if self._planned[0] is not planned:
            bars = zip(planned.plan.bars, planned.plan.energy, strict=False)
            self._planned = (planned, [(_middle(cue, bar), energy) for bar, energy in bars])
        points = self._planned[1]
        if drawn:
            points = [point for point in points if not drawn[0][0] <= point[0] <= drawn[-1][0]]
        self.intensity = tuple(sorted([*points, *drawn]))

    def _refresh_can(self, chosen: ModelRow | None) -> None:
        if chosen is None:
            self.can, self.why_not = dict.fromkeys(ALL, True), {}
            return
        follows = heeded(chosen.kind, plan_channels=chosen.follows_plan)
        can = {kind: kind in follows or (kind == "redo_stem" and "redo" in follows) for kind in ALL}
        why = tr("sections.not_followed.says", model=chosen.title)
        self.can = can
        self.why_not = {kind: why for kind, may in can.items() if not may}


def _frame(cue: Cue, sample: int) -> int:
    return cue.rate.frame_of_sample(cue.rate.sample(cue.in_frame) + sample)


def _middle(cue: Cue, bar: Bar) -> int:
    return _frame(cue, (bar.start_sample + bar.end_sample_exclusive) // 2)


def _section_rows(cue: Cue, plan: Plan) -> list[SectionRow]:
    """The first begins with the cue and the last ends with it: what is before the first downbeat and after
    the last bar is theirs."""
    starts = [_frame(cue, plan.bars[section.start_bar].start_sample) for section in plan.sections]
    starts[:1] = [cue.in_frame]
    ends = [*starts[1:], cue.out_frame_exclusive]
    return [
        SectionRow(section.label, start, end, section.energy)
        for section, start, end in zip(plan.sections, starts, ends, strict=True)
    ]
