"""A Host whose timeline changes when the test says so."""

from __future__ import annotations

from hitpoint.engine.errors import UserError
from hitpoint.ui.ports import HostState
from hitpoint.ui.session import Session


class FakeHost:
    """`changed` is answered as it is set; `asked` counts the questions."""

    name = "files"

    def __init__(self) -> None:
        self.changed = False
        self.can_place = True
        self.open_there = ""
        self.asked = 0

    def state(self, session: Session | None) -> HostState:
        self.asked += 1
        timeline = session.source if session is not None else ""
        text = f"{timeline}, changed since it was read" if self.changed else timeline
        return HostState(self.name, timeline, self.changed, self.can_place and session is not None, text)

    def current_timeline(self) -> str:
        if not self.open_there:
            raise UserError("no timeline is open in the editor: open one there")
        return self.open_there
