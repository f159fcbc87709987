"""Work that was finished is not done again: not after a kill, not in the next run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..progress import Cancel
from ..serial import canonical
from .journal import Journal, KeptFile, KeptStage
from .objects import adopt, hand_out
from .points import reached


@dataclass(frozen=True, slots=True)
class Done:
    """What a stage gave: `facts` that JSON can hold, and its files by name."""

    facts: Mapping[str, Any]
    files: Mapping[str, Path]
    # As their writer counted them, by the same names.
    sha256s: Mapping[str, str]


def stage_key(kind: str, *deciding: object) -> str:
    """The name of a stage: all that decides its result goes in, and nothing else."""
    return hashlib.sha256(canonical([kind, *deciding])).hexdigest()


class Stages:
    """Finished stages, in the journal and the object store. `told` hears of each whether it was made anew."""

    def __init__(
        self, journal: Journal | None = None, *, told: Callable[[str, bool], None] | None = None
    ) -> None:
        self._journal = journal or Journal()
        self._told = told

    def load(self, kind: str, key: str, place: Callable[[str], Path], cancel: Cancel) -> Done | None:
        """What stage `key` gave, each of its files where `place` of its name says; None when there is none.

        A stage of which a file is gone or changed is forgotten.
        """
        stage = self._journal.stage(key)
        if stage is None:
            return None
        files = {file.name: place(file.name) for file in stage.files}
        for file in stage.files:
            if not hand_out(file.sha256, files[file.name], cancel=cancel):
                for path in files.values():
                    path.unlink(missing_ok=True)
                self._journal.forget_stage(key)
                return None
        self._say(kind, made=False)
        return Done(stage.facts, files, {file.name: file.sha256 for file in stage.files})

    def keep(self, kind: str, key: str, done: Done) -> Done:
        """What `load` gives from now on: neither a kill nor a power cut loses the stage."""
        reached(f"{kind}.made")
        self._adopt(done)
        files = (KeptFile(name, done.sha256s[name], path.stat().st_size) for name, path in done.files.items())
        stage = KeptStage(key, kind, dict(done.facts), tuple(files))
        # Once more, for what gc took since nobody used it yet.
        self._journal.keep_stage(stage, lambda: self._adopt(done))
        reached(f"{kind}.kept")
        self._say(kind, made=True)
        return Done(json.loads(json.dumps(done.facts, sort_keys=True)), done.files, done.sha256s)

    def _adopt(self, done: Done) -> None:
        for name, path in done.files.items():
            adopt(path, done.sha256s[name])

    def _say(self, kind: str, *, made: bool) -> None:
        if self._told is not None:
            self._told(kind, made)
