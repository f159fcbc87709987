"""Work that was finished is not done again: not after a kill, not in the next run."""

from __future__ import annotations

import hashlib
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

    def load(self, kind: str, key: str, folder: Path, cancel: Cancel) -> Done | None:
        """What stage `key` gave, its files put into `folder` by their names; None when it has to be made.

        A stage of which a file is gone or changed is forgotten.
        """
        stage = self._journal.stage(key)
        if stage is None:
            return None
        for file in stage.files:
            if not hand_out(file.sha256, folder / file.name, cancel=cancel):
                self._journal.forget_stage(key)
                return None
        self._say(kind, made=False)
        return Done(
            stage.facts,
            {file.name: folder / file.name for file in stage.files},
            {file.name: file.sha256 for file in stage.files},
        )

    def keep(self, kind: str, key: str, done: Done) -> None:
        """From when this returns, neither a kill nor a power cut loses the stage."""
        reached(f"{kind}.made")
        for name, path in done.files.items():
            adopt(path, done.sha256s[name])
        files = (KeptFile(name, done.sha256s[name], path.stat().st_size) for name, path in done.files.items())
        self._journal.keep_stage(KeptStage(key, kind, dict(done.facts), tuple(files)))
        reached(f"{kind}.kept")
        self._say(kind, made=True)

    def _say(self, kind: str, *, made: bool) -> None:
        if self._told is not None:
            self._told(kind, made)
