"""Which program the panel stands beside, and by which road it is reached."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from ...engine.errors import OptionError, UserError
from ..hosts.base import HostError
from ..hosts.files import FilesHost
from ..hosts.piped import PipedHost
from ..hosts.program import HostProgram
from ..hosts.resolve import attach


@dataclass(frozen=True, slots=True)
class Beside:
    """What `hitpoint panel` was told.

    name    of the program: "files", "resolve" or "blender"
    stdio   descriptors (reads, writes) where it started us and answers there, see `own_stdio`
    watch   an absolute folder that it exports timelines into, "" for none
    """

    name: str = "files"
    stdio: tuple[int, int] | None = None
    watch: str = ""


def program_of(beside: Beside) -> HostProgram:
    """The program, by the best road that is open. In the thread that lives as long as the panel; may wait for
    the program. UserError where there is none.
    """
    if beside.stdio is not None:
        try:
            return PipedHost.connected(beside.name, beside.stdio)
        except HostError as error:
            raise UserError(str(error)) from error
    if beside.name == "blender":
        raise OptionError(
            "the panel beside Blender is opened from there: in the Video Sequencer press N, then Hitpoint, "
            "Open Panel; or leave out --host and give a timeline file"
        )
    if beside.name == "resolve":
        return _resolve(beside.watch)
    return FilesHost(beside.watch)


def _resolve(watch: str) -> HostProgram:
    """Attached to a running Resolve Studio; where that does not go, timelines are files, and a note says
    why."""
    why = attach.why_not()
    if not why:
        try:
            return PipedHost.attached("resolve", attach.words(sys.executable))
        except HostError as error:
            why = str(error)
    return FilesHost(watch, name="resolve", notes=(why,))
