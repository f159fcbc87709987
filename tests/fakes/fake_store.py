"""A Store in memory: sessions go through JSON, as they do on a disk."""

from __future__ import annotations

import json

from hitpoint.engine.errors import InputError
from hitpoint.engine.serial import from_json, to_json
from hitpoint.ui.session import Session


class FakeStore:
    """`saved` holds every session that was saved, by its source."""

    def __init__(self, *, first_run: bool = False) -> None:
        self.saved: dict[str, list[Session]] = {}
        # Sources whose file is damaged.
        self.damaged: set[str] = set()
        self.flushed = 0
        self._first_run = first_run

    def load(self, source: str) -> Session | None:
        if source in self.damaged:
            raise InputError(f"the session of {source} is damaged: it was set aside, and a new one begun")
        sessions = self.saved.get(source)
        return from_json(Session, json.loads(json.dumps(to_json(sessions[-1])))) if sessions else None

    def save(self, session: Session) -> None:
        self.saved.setdefault(session.source, []).append(session)

    def flush(self) -> None:
        self.flushed += 1

    def recent(self) -> tuple[str, ...]:
        return tuple(reversed(self.saved))

    def is_first_run(self) -> bool:
        return self._first_run and not self.saved
