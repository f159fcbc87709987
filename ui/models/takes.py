"""The takes of the current cue: which is heard, how they are mixed, their waveforms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from .. import edits
from ..observable import Property
from ..ports import Peaks
from ..session import CueState, Mix, Session, TakeEntry
from ..task import Task
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .passages import Passages

# Stands for the temp track where a take's id is asked for.
TEMP = "temp"
# Of a waveform: more than a screen is wide.
_COLUMNS = 2_000
_MIDI = "score.mid"


class TakesModel(QObject):
    """`heard` is a take's id, "temp", or "" for none. `temp_track` is the sound file that A/B compares with,
    "" for none. `more_wanted`: a take like that of this id is to be made."""

    takes_changed = pyqtSignal(object)
    heard_changed = pyqtSignal(object)
    approved_changed = pyqtSignal(object)
    peaks_changed = pyqtSignal(object)
    mix_changed = pyqtSignal(object)
    temp_track_changed = pyqtSignal(object)
    more_wanted = pyqtSignal(str)

    takes: Property[tuple[TakeEntry, ...]] = Property(())
    heard: Property[str] = Property("")
    approved: Property[str] = Property("")
    # By take: of those of the current cue whose waveforms are there.
    peaks: Property[dict[str, tuple[Peaks, ...]]] = Property({})
    mix: Property[Mix] = Property(Mix())
    temp_track: Property[str] = Property("")

    def __init__(self, desk: Desk, cues: CuesModel, passages: Passages) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._passages = passages
        # The temp track is heard for a moment's comparison: no part of the session.
        self._at_temp = False
        self._cue_id = ""
        # What the player was told last.
        self._told: tuple[tuple[TakeEntry, ...], str] | None = None
        self._told_heard = ""
        self._drawn: dict[str, tuple[Peaks, ...]] = {}
        self._drawing: Task | None = None
        desk.history.changed.connect(self._refresh)

    def hear(self, take_id: str) -> None:
        """Switch to a take, to the temp track ("temp"), or to none ("")."""
        session, cue = self._desk.session, self._desk.cue
        if session is None or cue is None:
            return
        if take_id == TEMP:
            if self.temp_track:
                self._set_temp(True)
            return
        if take_id and all(take.id != take_id for take in cue.takes):
            return
        self._set_temp(False)
        # A locked cue may be listened to.
        self._desk.history.do(tr("undo.hear"), edits.hear(session, cue.name, take_id), move="hear")

    def swap(self) -> None:
        """A/B: to the temp track and back to the take that was heard."""
        cue = self._desk.cue
        if cue is not None:
            self.hear(cue.heard if self._at_temp else TEMP)

    def reject(self, take_id: str, on: bool = True) -> None:
        session, cue = self._desk.session, self._desk.cue
        if session is not None and cue is not None and self._has(cue, take_id):
            label = "undo.reject" if on else "undo.unreject"
            self._desk.edit(label, edits.reject(session, cue.name, take_id, on))

    def approve(self, take_id: str, on: bool = True) -> None:
        session, cue = self._desk.session, self._desk.cue
        if session is not None and cue is not None and self._has(cue, take_id):
            label = "undo.approve" if on else "undo.unapprove"
            self._desk.edit(label, edits.approve(session, cue.name, take_id, on))

    def rename(self, take_id: str, name: str) -> None:
        session = self._desk.session
        if session is not None:
            self._desk.edit("undo.rename_take", edits.rename_take(session, take_id, name))

    def more_like(self, take_id: str) -> None:
        """Have a take made of the same themes, key and palette."""
        cue = self._desk.cue
        if cue is not None and self._has(cue, take_id):
            self.more_wanted.emit(take_id)

    def mute(self, stem: str, on: bool) -> None:
        session = self._desk.session
        if session is not None:
            self._desk.edit("undo.mute" if on else "undo.unmute", edits.mute(session, stem, on))

    def solo(self, stem: str, on: bool) -> None:
        session = self._desk.session
        if session is not None:
            self._desk.edit("undo.solo" if on else "undo.unsolo", edits.solo(session, stem, on))

    def set_mix(self, **changes: object) -> None:
        """Fields of Mix. A slider's way is one step."""
        session = self._desk.session
        if session is not None:
            move = "mix " + " ".join(sorted(changes))
            self._desk.edit("undo.mix", edits.set_mix(session, **changes), move=move)

    def files(self, take_id: str) -> tuple[str, ...]:
        """Absolute paths of what can be dragged out and is there: stems in the score's order, the mix, the
        MIDI file."""
        cue = self._desk.cue
        take = next((one for one in cue.takes if one.id == take_id), None) if cue is not None else None
        if take is None:
            return ()
        paths = [*(path for _, path, _ in take.stems), take.mix, str(Path(take.folder) / _MIDI)]
        return tuple(path for path in paths if path and Path(path).is_file())

    def take(self, take_id: str) -> TakeEntry | None:
        """Of the current cue."""
        return next((take for take in self.takes if take.id == take_id), None)

    @staticmethod
    def _has(cue: CueState, take_id: str) -> bool:
        return any(take.id == take_id for take in cue.takes)

    def _set_temp(self, on: bool) -> None:
        if on != self._at_temp:
            self._at_temp = on
            self._refresh(self._desk.session)

    def _refresh(self, session: Session | None) -> None:
        cue = self._desk.cue
        cue_id = cue.id if cue is not None else ""
        if cue_id != self._cue_id:
            self._cue_id, self._at_temp, self._drawn = cue_id, False, {}
            self.peaks = {}
        like = cue.controls.like if cue is not None else ""
        self.temp_track = "" if like.startswith("track:") or like == "none" else like
        self._at_temp = self._at_temp and bool(self.temp_track)
        self.takes = cue.takes if cue is not None else ()
        self.approved = cue.approved if cue is not None else ""
        before, self.heard = self.heard, self._heard(cue)
        if before != self.heard:
            # It lay over the other take's music.
            self._passages.clear()
        self._tell_player(self.takes, self.temp_track)
        mix = session.mix if session is not None else Mix()
        if mix != self.mix:
            self._desk.player.set_mix(mix)
        self.mix = mix
        self._draw_next()

    def _heard(self, cue: CueState | None) -> str:
        if cue is None:
            return ""
        if self._at_temp:
            return TEMP
        return cue.heard if self._has(cue, cue.heard) else ""

    def _tell_player(self, takes: tuple[TakeEntry, ...], temp_track: str) -> None:
        told = (takes, temp_track)
        if self._told != told:
            self._told = told
            self._desk.player.set_takes(takes, self.heard, temp_track)
            self._told_heard = self.heard
        elif self._told_heard != self.heard:
            self._told_heard = self.heard
            self._desk.player.hear(self.heard)

    def _draw_next(self) -> None:
        """One waveform after another, the newest take's first."""
        if self._drawing is not None:
            return
        take = next((one for one in reversed(self.takes) if one.id not in self._drawn), None)
        if take is None:
            return
        cue_id = self._cue_id
        task = self._drawing = self._desk.studio.peaks(take, _COLUMNS)

        def drawn(peaks: tuple[Peaks, ...]) -> None:
            self._drawing = None
            if cue_id == self._cue_id:
                # One that cannot be drawn is not asked for again until the cue is left.
                self._drawn[take.id] = peaks
                self.peaks = {name: each for name, each in self._drawn.items() if each}
            self._draw_next()

        task.done.connect(drawn)
        task.failed.connect(lambda problem: self._not_drawn(problem.text, lambda: drawn(())))
        task.cancelled.connect(lambda: drawn(()))

    def _not_drawn(self, why: str, go_on: Callable[[], None]) -> None:
        self._desk.notify("peaks", tr("notice.peaks.says", why=why))
        go_on()
