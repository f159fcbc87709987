"""What the panel asks of the program that holds the timeline. Standard library only, from Python 3.10 on:
half of it runs in that program's own Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

# timeline    tell the path of an OTIO file of what is open there
# changes     tell whether that timeline is still the one that was read
# place       put stems on its audio tracks
# selection, playhead, markers    tell them, and set the last two
Ability = Literal["timeline", "changes", "place", "selection", "playhead", "markers"]


class HostError(Exception):
    """The text is one sentence for the user: what the program did not do, and what to do."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`cannot`: for each thing that the host cannot do, one sentence: why, and what does it instead."""

    cannot: Mapping[Ability, str] = field(default_factory=dict)

    def can(self, ability: Ability) -> bool:
        return ability not in self.cannot

    def why_not(self, ability: Ability) -> str:
        """ "" for what it can."""
        return self.cannot.get(ability, "")


# unknown     nobody has looked yet
# gone        it cannot be read any more
Change = Literal["same", "changed", "gone", "unknown"]


class HostProgram(Protocol):
    """One program that holds timelines, or the disk where no program is asked.

    name    as in `hitpoint panel --host NAME`
    """

    name: str

    @property
    def capabilities(self) -> Capabilities: ...

    def timeline(self) -> str:
        """Path of an OTIO file of what is open there, "" where one is to be chosen. HostError."""
        ...

    def change(self, path: str, sha256: str) -> Change:
        """What became of the timeline since it was read with that hash. Never waits: called once a second."""
        ...

    def next_step(self, scored: str) -> str:
        """What the user does with the written timeline `scored` where the host cannot place: one sentence."""
        ...

    def close(self) -> None:
        """Let go of the program."""
        ...
