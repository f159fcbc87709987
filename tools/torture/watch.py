"""The processes of a run, found by a mark in their environment: what they are, and whether they are gone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Every child inherits it: our clean environment keeps what a host does not set.
MARK = "HITPOINT_TORTURE"
# What may take this long to end after its parent was killed is no orphan.
ORPHAN_S = 5.0
_PROC = Path("/proc")
_LISTENING = "0A"
_POLL_S = 0.005


@dataclass(frozen=True, slots=True)
class Seen:
    """A process; `born` tells it from a later one of the same number."""

    pid: int
    born: str
    parent: int
    words: tuple[str, ...]

    @property
    def is_supervisor(self) -> bool:
        return "hitpoint.engine.worker.main" in self.words


def marked(mark: str) -> list[Seen]:
    """The living processes with that mark; those that have ended and were not waited for are gone."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                seen = _look(entry)
                if seen is not None:
                    found.append(seen)
    return found


def children(parent: int) -> list[Seen]:
    """What process `parent` started and still lives."""
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                seen = _look(entry)
                if seen is not None and seen.parent == parent:
                    found.append(seen)
    return found


def supervisor_of(seen: Iterable[Seen], client: int) -> Seen | None:
    return next((one for one in seen if one.parent == client and one.is_supervisor), None)


def worker_of(seen: Iterable[Seen], client: int) -> Seen | None:
    known = list(seen)
    above = supervisor_of(known, client)
    if above is None:
        return None
    return next((one for one in known if one.parent == above.pid and not one.is_supervisor), None)


def below(seen: Iterable[Seen], top: Seen) -> list[Seen]:
    """`top` and all that it and its children started."""
    known = list(seen)
    out, new = [top], [top]
    while new:
        parents = {one.pid for one in new}
        new = [one for one in known if one.parent in parents and one not in out]
        out += new
    return out


def left_after(seen: Iterable[Seen], wait_s: float = ORPHAN_S) -> list[Seen]:
    """Those of `seen` that still live when `wait_s` are over."""
    end = time.monotonic() + wait_s
    left = [one for one in seen if _lives(one)]
    while left and time.monotonic() < end:
        time.sleep(_POLL_S)
        left = [one for one in left if _lives(one)]
    return left


def kill(seen: Seen, number: int = signal.SIGKILL) -> bool:
    """Send the signal; False when it was gone already."""
    try:
        os.kill(seen.pid, number)
    except ProcessLookupError:
        return False
    return True


def resident_bytes(pid: int) -> int:
    """Memory that a process has now."""
    return int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def listening(seen: Iterable[Seen]) -> list[str]:
    """The sockets on which any of them waits for connections: TCP, and UDP that is bound."""
    inodes: dict[str, str] = {}
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / kind).read_text().splitlines()[1:]:
                fields = line.split()
                if kind.startswith("udp") or fields[3] == _LISTENING:
                    inodes[f"socket:[{fields[9]}]"] = f"{kind} {fields[1]}"
    found = []
    for one in seen:
        with suppress(OSError):
            for descriptor in (_PROC / str(one.pid) / "fd").iterdir():
                with suppress(OSError):
                    where = inodes.get(str(descriptor.readlink()))
                    if where is not None:
                        found.append(f"process {one.pid}: {where}")
    return found


def _look(entry: Path) -> Seen | None:
    # The name in parentheses may have spaces: what counts comes behind it.
    fields = (entry / "stat").read_text().rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return Seen(int(entry.name), fields[19], int(fields[1]), tuple(words))


def _lives(one: Seen) -> bool:
    try:
        now = _look(_PROC / str(one.pid))
    except OSError:
        return False
    return now is not None and now.born == one.born
