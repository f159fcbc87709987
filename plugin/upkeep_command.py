"""`hitpoint doctor`, `check` and `gc`: what is wrong and what to do, whether all is whole, and room freed."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import HitpointError, InputError, OptionError

if TYPE_CHECKING:
    from .console import Console

Commands = Any  # argparse's own type of subparsers is private

_LITTLE_ROOM = 5 << 30
_UNITS = {"M": 10**6, "G": 10**9, "T": 10**12}


def add_upkeep(commands: Commands) -> None:
    """`hitpoint doctor|check|gc`."""
    doctor = commands.add_parser("doctor", help="what is wrong here, and what to do", allow_abbrev=False)
    doctor.set_defaults(run=_doctor)
    check = commands.add_parser("check", help="compare every kept result with its hash", allow_abbrev=False)
    check.add_argument("--mend", action="store_true", help="forget what is broken: it is made again")
    check.set_defaults(run=_check)
    gc = commands.add_parser("gc", help="remove kept results that nobody needs", allow_abbrev=False)
    gc.add_argument(
        "--most", type=_amount_of, metavar="SIZE", help="keep at most this, as 5G (default: cache_gb)"
    )
    gc.add_argument(
        "--discard-unplaced", action="store_true", help="let go of finished stems that were not placed"
    )
    gc.set_defaults(run=_gc)


def findings() -> Iterator[tuple[bool, str]]:
    """What the doctor looks at, one sentence each: whether it is well, and what to do where it is not."""
    for look in (_folders, _shares, _room, _journal, _engine, _models, _panel, _jobs):
        try:
            yield from look()
        except HitpointError as error:
            yield False, str(error)


def unplaced() -> str:
    """The message after a crash, or after an edit that changed while it was scored: what waits to be placed,
    and what to do; "" where all is placed. Makes no folder. OutputError for a broken journal."""
    from ..engine.store.journal import Journal
    from ..engine.store.upkeep import unplaced as waiting_jobs

    journal = Journal()
    if not journal.path.exists():
        return ""
    waiting = waiting_jobs(journal)
    stems = sum(len(job.result.get("objects", ())) for job in waiting)
    if not stems:
        return ""
    what = "finished stem was" if stems == 1 else "finished stems were"
    names = ", ".join(sorted({f"'{job.request.get('source', job.id)}'" for job in waiting}))
    return (
        f"{stems} {what} not placed: give the same command for {names} again and they are placed as "
        "they are, or let them go with hitpoint gc --discard-unplaced; until then they are kept"
    )


def _doctor(options: argparse.Namespace, console: Console) -> None:
    wrong = 0
    for well, sentence in findings():
        wrong += not well
        console.out.print(f"{'ok   ' if well else 'WRONG'}  {sentence}", markup=False, soft_wrap=True)
    if wrong:
        raise OptionError(f"{wrong} of these {'is' if wrong == 1 else 'are'} wrong: do what the lines say")


def _check(options: argparse.Namespace, console: Console) -> None:
    from ..engine.progress import Cancel
    from ..engine.store.upkeep import check, mend

    found = check(Cancel())
    if found.journal_fault:
        raise InputError(f"the journal is damaged ({found.journal_fault}): run hitpoint doctor")
    console.out.print(f"{found.whole} kept files are whole", markup=False)
    if not (found.changed or found.lacking):
        return
    broken = f"{len(found.changed)} kept files are changed and {len(found.lacking)} results lack a file"
    if not options.mend:
        raise InputError(
            f"{broken}: they are made again when they are needed; hitpoint check --mend forgets them now"
        )
    mend(found)
    console.out.print(f"{broken}: they are forgotten, and made again when they are needed", markup=False)


def _gc(options: argparse.Namespace, console: Console) -> None:
    from ..engine.progress import Cancel
    from ..engine.store.upkeep import gc
    from .placed import most_bytes

    most = most_bytes() if options.most is None else options.most
    freed = gc(Cancel(), most_bytes=most, discard_unplaced=options.discard_unplaced)
    if options.discard_unplaced:
        stems = "1 finished stem" if freed.discarded == 1 else f"{freed.discarded} finished stems"
        console.out.print(f"let go of {stems} that waited to be placed", markup=False)
    console.out.print(
        f"removed {freed.objects} kept files, {freed.stages} results, {freed.beside} other cached files "
        f"({_amount(freed.bytes)} in all) and {freed.temporaries} leftovers of killed runs",
        markup=False,
    )
    if freed.bytes_needed:
        console.out.print(
            f"note: {_amount(freed.bytes_needed)} more than {_amount(most)} stay: timelines, stems that wait "
            "to be placed or work that goes on need them, or they were used within the hour",
            markup=False,
        )


def _folders() -> Iterator[tuple[bool, str]]:
    from ..engine.paths import cache_dir, data_dir, state_dir

    for folder in (data_dir(), cache_dir(), state_dir()):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if os.access(there, os.W_OK) and there.is_dir():
            yield True, f"'{folder}' can be written"
        else:
            yield False, f"'{folder}' cannot be written: give yourself the right to, or set HITPOINT_HOME"


def _shares() -> Iterator[tuple[bool, str]]:
    from ..engine.paths import cache_dir, state_dir
    from ..engine.store.disks import is_share

    for folder in (cache_dir(), state_dir()):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if is_share(there):
            yield (
                False,
                f"'{folder}' lies on a network share, where locks may not hold: set HITPOINT_HOME to a "
                "folder on a disk of this machine",
            )


def _room() -> Iterator[tuple[bool, str]]:
    from ..engine.paths import cache_dir

    there = next(path for path in (cache_dir(), *cache_dir().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free >= _LITTLE_ROOM:
        yield True, f"{_amount(free)} are free on the disk of '{there}'"
    else:
        yield False, f"only {_amount(free)} are free on the disk of '{there}': free some, or run hitpoint gc"


def _journal() -> Iterator[tuple[bool, str]]:
    from ..engine.store.journal import Journal

    journal = Journal()
    if not journal.path.exists():
        yield True, "nothing was kept yet"
        return
    try:
        fault = journal.fault()
    except HitpointError as error:
        fault = str(error.__cause__ or error)
    if fault:
        yield False, f"the journal is damaged ({fault}): delete '{journal.path}', kept results are made again"
    else:
        yield True, f"the journal '{journal.path}' is sound"


def _engine() -> Iterator[tuple[bool, str]]:
    from .client import Client

    with Client() as client:
        facts = client.hello()
    yield True, f"the engine {facts['version']} starts and answers ({facts['python']})"


def _models() -> Iterator[tuple[bool, str]]:
    from ..engine.models.library import broken, installed

    names = [card.name for card in installed()]
    told = f"models on this machine: {', '.join(names)}" if names else "no neural model is on this machine"
    yield True, told
    for name in broken():
        yield False, f"the model '{name}' is damaged: import it again, or delete its folder"


def _panel() -> Iterator[tuple[bool, str]]:
    from importlib.metadata import version
    from importlib.util import find_spec

    from .panel_command import INSTALL, check_parts

    if find_spec("PyQt6") is None:
        yield True, f"the panel's parts are not installed: to have it, run {INSTALL}"
        return
    check_parts()
    yield True, f"the panel's parts are here (PyQt6 {version('PyQt6')})"


def _jobs() -> Iterator[tuple[bool, str]]:
    from ..engine.store.journal import Journal

    if not Journal().path.exists():
        return
    left = unplaced()
    if left:
        yield False, left
    for job in Journal().jobs("quarantined"):
        source = Path(str(job.request.get("source", job.id))).name
        yield (
            False,
            f"the job over '{source}' ended the engine {job.deaths} times and was set aside: "
            "try a shorter range or another model",
        )


def _amount_of(text: str) -> int:
    factor = _UNITS.get(text[-1:].upper(), 1)
    number = text[:-1] if text[-1:].upper() in _UNITS else text
    try:
        value = float(number)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError("choose a size such as 500M or 5G")
    return round(value * factor)


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
