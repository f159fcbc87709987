"""The line that has to be all zero, and what was acknowledged on the way."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from . import watch
from .run import Run

LOST = "acknowledged results missing or changed"
SOURCES = "source media changed"
ORPHANS = f"orphans after {watch.ORPHAN_S:g} s"
PORTS = "listening ports"
TEMPORARIES = "temporary files after the sweep"
CRASHES = "crashes of the calling process"
SILENT = "failures without a sentence and a log id"
ALL = (LOST, SOURCES, ORPHANS, PORTS, TEMPORARIES, CRASHES, SILENT)


@dataclass(slots=True)
class Acceptance:
    """Filled by all groups, from any thread. `seen` counts what was looked at, `faults` what was wrong."""

    seen: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, kind: str, wrong: list[str], *, of: int = 1) -> list[str]:
        """`of` were looked at, these are wrong; `wrong` again."""
        with self._lock:
            self.seen[kind] += of
            self.faults[kind] += len(wrong)
            self.words += [f"{kind}: {text}" for text in wrong]
        return wrong

    def acknowledged(self, run: Run) -> list[str]:
        """What the client was told is there, with these hashes."""
        assert run.folder is not None
        wrong = []
        for name, expected in run.files.items():
            path = run.folder / name
            if not path.is_file():
                wrong.append(f"{path.name} is missing")
            elif sha256(path.read_bytes()).hexdigest() != expected:
                wrong.append(f"{path.name} is changed")
        return self.look(LOST, wrong, of=len(run.files))

    def failure(self, run: Run, home: Path, *, killed: bool) -> list[str]:
        """How the client ended where it has no result: with one sentence, and where it is our fault with an
        id that the log has. Nothing is asked of a client that we killed."""
        if run.folder is not None or killed:
            return []
        crashed = run.error is None
        wrong = self.look(CRASHES, [run.said()] if crashed else [])
        if run.error is None:
            return wrong
        text, log_id = str(run.error["error"]), run.error["log_id"]
        lacks = []
        if not text.strip() or "Traceback" in text or "\n" in text:
            lacks.append(f"no sentence: {text!r}")
        # None: the user's to mend, and the sentence says how.
        if log_id is not None and not (log_id and log_id in _log(home)):
            lacks.append(f"no log id: {text!r}")
        return wrong + self.look(SILENT, lacks)

    def line(self) -> str:
        told = ", ".join(f"{kind} {self.faults[kind]} of {self.seen[kind]:,}" for kind in ALL)
        return f"Acceptance: {told}."

    @property
    def whole(self) -> bool:
        return not any(self.faults.values())


def _log(home: Path) -> str:
    logs = (home / "state").glob("hitpoint.log*")
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)
