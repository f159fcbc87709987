"""How the current cue's music is asked for, and the generators that can be chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import Problem
from ...engine.style import style_names
from ...engine.wishes import NO_WISHES
from .. import edits, wishing
from ..observable import Property
from ..ports import ModelRow, Timeline
from ..session import Controls
from ..task import Task
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .passages import Passages


class ControlsModel(QObject):
    """`chosen` is what "auto" stands for where that is set; None until the list has come."""

    controls_changed = pyqtSignal(object)
    models_changed = pyqtSignal(object)
    chosen_changed = pyqtSignal(object)
    density_changed = pyqtSignal(object)
    tempo_changed = pyqtSignal(object)
    key_changed = pyqtSignal(object)
    tracks_changed = pyqtSignal(object)

    controls: Property[Controls] = Property(Controls())
    models: Property[tuple[ModelRow, ...]] = Property(())
    chosen: Property[ModelRow | None] = Property(None)
    # -1 bare .. 1 busy
    density: Property[float] = Property(0.0)
    # Lowest and highest bpm; None: the style's.
    tempo: Property[tuple[float, float] | None] = Property(None)
    # Pitch class and mode; None and "" as the picture is read.
    key: Property[tuple[int | None, str]] = Property((None, ""))
    # Sound tracks of the timeline: what `like` can follow as "track:NAME".
    tracks: Property[tuple[str, ...]] = Property(())

    def __init__(self, desk: Desk, cues: CuesModel, passages: Passages) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._passages = passages
        self._task: Task | None = None
        desk.history.changed.connect(self._refresh)
        desk.timeline_changed.connect(self._refresh_tracks)

    @property
    def styles(self) -> tuple[str, ...]:
        """ "auto" first."""
        return ("auto", *style_names())

    def set(self, **changes: object) -> None:
        """Fields of Controls, as one undo step."""
        session, cue = self._desk.session, self._desk.cue
        if session is not None and cue is not None:
            self._desk.edit("undo.controls", edits.set_controls(session, cue.name, **changes))

    def set_density(self, density: float) -> None:
        """-1 bare .. 1 busy; a slider's way is one step."""
        self._desk.edit_cue(
            "undo.density",
            lambda cue: replace(cue, wishes=wishing.set_density(cue.wishes, density)),
            move="density",
        )

    def set_tempo(self, low: float | None, high: float | None = None) -> None:
        """Beats a minute; None: the style's own. One number is lowest and highest."""
        tempo = None if low is None else (low, low if high is None else high)
        self._desk.edit_cue(
            "undo.tempo", lambda cue: replace(cue, wishes=wishing.set_tempo(cue.wishes, tempo)), move="tempo"
        )

    def set_key(self, tonic: int | None, mode: Literal["", "major", "minor"] = "") -> None:
        """Pitch class, 0 is C; None and "" as the picture is read."""
        self._desk.edit_cue(
            "undo.key", lambda cue: replace(cue, wishes=wishing.set_key(cue.wishes, tonic, mode))
        )

    def audition(self) -> None:
        """Eight seconds with the present controls against the picture, from the playhead."""
        self._passages.audition()

    def refresh(self) -> None:
        """Ask again which models there are."""
        task = self._task = self._desk.studio.models()
        task.done.connect(lambda rows: self._models_came(task, rows))
        task.failed.connect(self._models_failed)

    def _models_came(self, task: Task, rows: tuple[ModelRow, ...]) -> None:
        if task is self._task:
            self._desk.unsay("models")
            self.models = rows
            self._refresh_chosen()

    def _models_failed(self, problem: Problem) -> None:
        self._desk.notify("models", problem.text, tr("notice.try_again"), self.refresh)

    def _refresh(self) -> None:
        cue = self._desk.cue
        self.controls = cue.controls if cue is not None else Controls()
        wishes = cue.wishes if cue is not None else NO_WISHES
        self.density, self.tempo = wishes.density, wishes.tempo_bpm
        self.key = (wishes.tonic, wishes.mode)
        self._refresh_chosen()

    def _refresh_chosen(self) -> None:
        wanted = self.controls.model
        rows = [row for row in self.models if (row.is_auto if wanted == "auto" else row.name == wanted)]
        self.chosen = rows[0] if rows else None
        self._tell_weights()

    def _tell_weights(self) -> None:
        """A model that was chosen and cannot be used is a state with a way out, before anything fails."""
        chosen = self.chosen
        if chosen is None or chosen.usable or self._desk.cue is None:
            self._desk.unsay("weights")
        else:
            text = tr("notice.weights.says", model=chosen.title, why=chosen.why_not)
            self._desk.notify("weights", text, tr("notice.use_sketch"), lambda: self.set(model="sketch"))

    def _refresh_tracks(self, timeline: Timeline | None) -> None:
        sounds = timeline.sounds if timeline is not None else ()
        self.tracks = tuple(dict.fromkeys(sound.track for sound in sounds))
