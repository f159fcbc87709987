"""Putting the entry into Resolve's menu, and taking it away: a launcher in a folder of Resolve's, the host's
side in a folder of ours. Only files that carry our mark are ever replaced or removed. Standard library only.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path, PurePath

from ....engine.errors import EngineFault, OptionError
from ....engine.manifest import version
from ....engine.store.durable import durable_write, output_error
from ..door import forget
from ..machine import Machine
from ..note import forgotten, hosts_dir, missing_folders, noted, read_note
from ..package import RESOLVE_SIDE, host_files
from . import places
from .facts import media_folder
from .seen import seen_path

MARK = "put here by 'hitpoint hosts install resolve'"
_FIRST = re.compile(rb"# Hitpoint (?P<version>[^ :]+): " + MARK.encode())
_EMPTY = "INSTALLED = {}  # type: Dict[str, str]\n"
_LAUNCHER_SOURCE = Path(__file__).with_name("launcher.py")
_HEAD_BYTES = 512

FILES_ROAD = (
    "without it, export the timeline as .otio, open it with 'hitpoint panel' or 'hitpoint score', and import "
    "the scored.otio with File > Import > Timeline"
)


def install(machine: Machine, folder: Path | None = None) -> list[str]:
    """Put all in its place, sentences on what was done. `folder`: another one for the launcher than the
    user's Utility folder. OptionError where this Resolve runs no scripts, OutputError where a folder refuses.
    """
    if folder is None:
        _check_resolve(machine)
        folder = Path(places.user_utility(machine))
    launcher = folder.absolute() / places.LAUNCHER
    if launcher.exists() and mark_of(launcher) is None:
        raise OptionError(
            f"'{launcher}' is a file of somebody else: move it away, or name another folder with --folder"
        )
    side = side_folder()
    made = dict.fromkeys([*missing_folders(side / "engine"), *missing_folders(launcher)])
    _copy(side)
    durable_write(launcher, launcher_text(machine, side))
    noted(
        "resolve", (launcher,), tuple(folder for folder in made if not folder.is_relative_to(resolve_dir()))
    )
    said = [f"the host's side is in '{side}'", f"the menu's entry is '{launcher}'"]
    said += [f"removed an older copy: '{path}'" for path in _clear(machine, keep=launcher)]
    for path in _others(machine, launcher):
        said.append(f"an older copy could not be removed: delete '{path}', or the menu has two entries")
    return said


def remove(machine: Machine) -> list[str]:
    """Take away all that `install` put anywhere; sentences on what went and what could not. OutputError where
    our own folder refuses."""
    said = [f"removed '{path}'" for path in _clear(machine, keep=None)]
    for path in _others(machine, None):
        said.append(f"'{path}' could not be removed: delete it by hand")
    if resolve_dir().is_dir():
        try:
            shutil.rmtree(resolve_dir())
        except OSError as error:
            raise output_error(resolve_dir(), error) from error
        said.append(f"removed '{resolve_dir()}'")
    seen_path().unlink(missing_ok=True)
    with suppress(OSError):
        # It goes only where nothing else is in it: the notes on what was placed stay.
        seen_path().parent.rmdir()
    forget("resolve")
    note = read_note()
    if note is None or "resolve" in note.put:
        forgotten("resolve")
    return said or ["nothing of Hitpoint was in DaVinci Resolve's folders"]


def resolve_dir() -> Path:
    return hosts_dir() / "resolve"


def side_folder() -> Path:
    """Where this version's copy of the host's side lies."""
    return resolve_dir() / version()


def launcher_text(machine: Machine, side: Path) -> bytes:
    """The launcher as it is put into Resolve's folder."""
    source = _LAUNCHER_SOURCE.read_text(encoding="utf-8")
    if source.count(_EMPTY) != 1:
        raise EngineFault("the installation is broken, the launcher is not ours: install Hitpoint again")
    home = machine.environ.get("HITPOINT_HOME", "")
    values = {
        "side": os.fspath(side.absolute()),
        "python": sys.executable,
        "version": version(),
        "home": os.fspath(Path(home).expanduser().absolute()) if home else "",
        "folder": str(media_folder(machine.system, Path(machine.home))),
        "modules": str(places.script_api(machine) / "Modules"),
    }
    # ASCII, so that no Python and no system reads other letters.
    text = source.replace(_EMPTY, f"INSTALLED = {values!a}\n")
    first = f"# Hitpoint {version()}: {MARK}, taken away by 'hitpoint hosts remove resolve'.\n"
    return (first + text).encode()


def mark_of(path: Path) -> str | None:
    """The version of a launcher of ours; None for any other file."""
    try:
        with path.open("rb") as file:
            found = _FIRST.match(file.read(_HEAD_BYTES))
    except OSError:
        return None
    return found["version"].decode(errors="replace") if found else None


def launchers(machine: Machine) -> list[Path]:
    """Every launcher of ours, in Resolve's folders of scripts and where a note says; under whatever name."""
    note = read_note()
    found = [Path(name) for name in (note.put.get("resolve", ()) if note else ())]
    for utility in (places.user_utility(machine), *places.shared_utilities(machine)):
        scripts = Path(utility).parent
        with suppress(OSError):
            found += sorted([*scripts.glob("*.py"), *scripts.glob("*/*.py")])
    return [path for path in dict.fromkeys(found) if mark_of(path) is not None]


def _check_resolve(machine: Machine) -> None:
    """OptionError where no Resolve that runs scripts is on this machine."""
    if found(places.programs(machine)) or Path(places.user_utility(machine)).parents[1].is_dir():
        return
    if store := found(places.app_store_programs(machine)):
        raise OptionError(
            f"'{store[0]}' is of the Mac App Store, whose editions run no scripts: install DaVinci Resolve "
            f"from blackmagicdesign.com; {FILES_ROAD}"
        )
    looked = ", ".join(f"'{path}'" for path in places.programs(machine))
    raise OptionError(
        f"DaVinci Resolve was not found ({looked}): install it, or name its folder of Utility scripts with "
        f"--folder; {FILES_ROAD}"
    )


def found(paths: tuple[PurePath, ...]) -> list[Path]:
    """Those that are there."""
    return [Path(path) for path in paths if Path(path).exists()]


def _copy(side: Path) -> None:
    """Have exactly this version's files in `side`, and no other version's beside it."""
    wanted = host_files(RESOLVE_SIDE)
    for name, data in wanted.items():
        if not (side / name).is_file() or (side / name).read_bytes() != data:
            durable_write(side / name, data)
    for path in sorted(side.rglob("*"), reverse=True):
        if path.is_dir():
            with suppress(OSError):
                path.rmdir()
        elif path.relative_to(side).as_posix() not in wanted:
            path.unlink()
    for other in resolve_dir().iterdir():
        if other != side and other.is_dir():
            shutil.rmtree(other, ignore_errors=True)


def _clear(machine: Machine, *, keep: Path | None) -> list[Path]:
    """Remove our launchers but `keep`; those that went."""
    gone = []
    for path in _others(machine, keep):
        # Another user's, or everybody's: it stays, and is told.
        with suppress(OSError):
            path.unlink()
            gone.append(path)
    return gone


def _others(machine: Machine, keep: Path | None) -> list[Path]:
    return [path for path in launchers(machine) if keep is None or not _same(path, keep)]


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
