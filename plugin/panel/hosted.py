"""A host as the panel sees it: one line of state, and where the timeline comes from."""

from __future__ import annotations

from pathlib import Path

from ...engine.errors import UserError
from ...ui.ports import HostState
from ...ui.session import Session
from ..hosts.base import Change, HostError, HostProgram

_TEXTS: dict[Change, str] = {
    "same": "",
    "unknown": "",
    "changed": "'{}' changed since it was read: read it again",
    "gone": "'{}' is not there any more: put it back, or open another timeline",
}


class Hosted:
    """`ui.ports.Host` over a host program."""

    def __init__(self, program: HostProgram) -> None:
        self._program = program
        self.name = program.name
        # The last that was told for sure, of which timeline: while it is looked again, that holds.
        self._which = ("", "")
        self._known: Change = "same"

    def state(self, session: Session | None) -> HostState:
        if session is None:
            return HostState(self.name, "", changed=False, can_place=False, text="")
        change = self._program.change(session.source, session.sha256)
        if change == "unknown":
            change = self._known if self._which == (session.source, session.sha256) else "same"
        self._which, self._known = (session.source, session.sha256), change
        name = Path(session.source).name
        return HostState(
            self.name,
            session.source,
            changed=change == "changed",
            # Stems and the scored timeline are written even where the host cannot take them by itself.
            can_place=change != "gone",
            text=_TEXTS[change].format(name),
        )

    def current_timeline(self) -> str:
        """As in `ui.ports.Host`; UserError where the program refuses."""
        if not self._program.capabilities.can("timeline"):
            return ""
        try:
            return self._program.timeline()
        except HostError as error:
            raise UserError(str(error)) from error

    def next_step(self, scored: str) -> str:
        """What the user does with the scored timeline: one sentence, "" where the program has placed it."""
        return "" if self._program.capabilities.can("place") else self._program.next_step(scored)

    def close(self) -> None:
        self._program.close()
