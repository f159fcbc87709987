"""The program that holds the timeline, as the panel's process sees it: behind a pipe, or no program at all.
Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from .base import Facts, Host

# unknown     nobody has looked yet
# gone        it cannot be read any more
Change = Literal["same", "changed", "gone", "unknown"]
# live        it answers
# waiting     it has not answered for two seconds: a dialog is open there, or it renders
# gone        it has ended, or let go of us: what was made stays, timelines are files from here on
How = Literal["live", "waiting", "gone"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the program is, and one sentence for the user, "" where there is nothing to say."""

    how: How
    text: str = ""


class HostProgram(Host, Protocol):
    """What `Host` says may wait for the program, so the panel asks in a thread of its own, one call at a
    time. What stands here never waits, and may be asked from any thread.

    name    as in `hitpoint panel --host NAME`
    """

    name: str

    def known_facts(self) -> Facts:
        """Who it is, as it said when it was connected."""
        ...

    def change(self, path: str, sha256: str) -> Change:
        """What became of the timeline since it was read as that file with that hash. Called once a second."""
        ...

    def standing(self) -> Standing:
        """How the program is now."""
        ...

    def offered(self) -> str:
        """A timeline that has appeared and was not read yet (an export into a watched folder), "" without."""
        ...

    def next_step(self, scored: str) -> str:
        """What the user does with the written timeline `scored` where the host cannot place: one sentence."""
        ...
