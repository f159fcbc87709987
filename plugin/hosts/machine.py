"""Which system this is, and whose: all that the places of other programs' files follow from. Standard library
only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath


@dataclass(frozen=True, slots=True)
class Machine:
    """`system` as sys.platform names it, `home` of the user; `root` stands before every path that is not the
    user's ("" for the system itself, the folder of a mounted one otherwise)."""

    system: str
    environ: Mapping[str, str]
    home: str
    root: str = ""

    def path(self, *parts: str) -> PurePath:
        """A path of this system's kind, whatever system asks."""
        return PureWindowsPath(*parts) if self.system == "win32" else PurePosixPath(*parts)

    def in_home(self, *parts: str) -> PurePath:
        return self.path(self.home, *parts)

    def in_system(self, *parts: str) -> PurePath:
        """`parts` begin with an absolute path."""
        return self.path(self.root + parts[0], *parts[1:])

    def from_variable(self, name: str, otherwise: PurePath) -> PurePath:
        """What the environment says, where it says anything."""
        told = self.environ.get(name, "")
        return self.path(told) if told else otherwise


def this_machine() -> Machine:
    return Machine(sys.platform, dict(os.environ), os.fspath(Path.home()))
