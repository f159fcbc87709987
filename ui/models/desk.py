"""What all models of one panel share: the ports, the open timeline, the session with its history, and the
notices. Models know the desk and each other; the desk knows no model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, pyqtSignal

from ..edits import with_cue
from ..observable import Property
from ..ports import Host, Player, Store, Studio, Timeline
from ..session import CueState, Session
from ..text import tr
from .history import History

# Refusals and what went wrong in passing: said until the next thing is done.
_PASSING = ("locked", "cue", "passage", "peaks", "player", "there")


@dataclass(frozen=True, slots=True)
class Notice:
    """A state that wants to be seen, and what to do about it: a line, not a pop-up. One of a `kind` at a
    time."""

    kind: str
    text: str
    # "" where there is nothing to press.
    action_label: str = ""
    action: Callable[[], object] | None = None


class Desk(QObject):
    """Shared by the models of one panel."""

    timeline_changed = pyqtSignal(object)
    notices_changed = pyqtSignal(object)

    timeline: Property[Timeline | None] = Property(None)
    notices: Property[tuple[Notice, ...]] = Property(())

    def __init__(
        self,
        studio: Studio,
        player: Player,
        host: Host,
        store: Store,
        *,
        clock: Callable[[], str],
        draw_seed: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.studio = studio
        self.player = player
        self.host = host
        self.store = store
        self.clock = clock
        self.draw_seed = draw_seed
        self.history = History(store, self)
        # Counts how often a timeline was read: what is known of an earlier reading counts no more, even where
        # the file is the same, because its media may have come back.
        self.readings = 0

    @property
    def session(self) -> Session | None:
        return self.history.value

    @property
    def cue(self) -> CueState | None:
        """The cue that is worked on."""
        session = self.session
        if session is None:
            return None
        return next((cue for cue in session.cues if cue.name == session.current), None)

    def read(self, timeline: Timeline | None) -> None:
        """What is open from now on."""
        self.readings += 1
        self.timeline = timeline

    def new_id(self) -> str:
        """For a cue: no other has it."""
        return f"c{self.draw_seed():08x}"

    def edit(self, label: str, session: Session, *, move: str = "") -> bool:
        """A step that can be undone, unless it changes a locked cue: then a notice says so. `label` is a key
        of the texts."""
        before = self.session
        if before is None:
            return False
        kept = {cue.id: cue for cue in session.cues}
        for cue in before.cues:
            after = kept.get(cue.id)
            if cue.locked and after != cue and (after is None or after.locked):
                self.refuse_locked(cue)
                return False
        for kind in _PASSING:
            self.unsay(kind)
        self.history.do(tr(label), session, move=move)
        return True

    def edit_cue(self, label: str, change: Callable[[CueState], CueState], *, move: str = "") -> bool:
        """`edit` of the cue that is worked on; False without one."""
        session, cue = self.session, self.cue
        if session is None or cue is None:
            return False
        return self.edit(label, with_cue(session, cue.name, change), move=move)

    def refuse_locked(self, cue: CueState) -> None:
        """Say that the cue is locked, and offer to unlock it."""

        def unlock() -> None:
            session = self.session
            if session is not None:
                opened = with_cue(session, cue.name, lambda one: replace(one, locked=False))
                self.history.do(tr("undo.unlock"), opened)
                self.unsay("locked")

        self.notify("locked", tr("notice.locked.says", cue=cue.name), tr("notice.unlock"), unlock)

    def notify(
        self, kind: str, text: str, action_label: str = "", action: Callable[[], object] | None = None
    ) -> None:
        """Show a state, in place of an earlier one of this kind."""
        notice = Notice(kind, text, action_label, action)
        if any(one.kind == kind for one in self.notices):
            self.notices = tuple(notice if one.kind == kind else one for one in self.notices)
        else:
            self.notices = (*self.notices, notice)

    def unsay(self, kind: str) -> None:
        self.notices = tuple(one for one in self.notices if one.kind != kind)
