"""Putting our extension into every Blender of this machine by Blender's own installer, and taking it away.
Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ....engine.manifest import version
from ....engine.store.durable import output_error
from ..door import forget
from ..machine import Machine
from ..note import forgotten, hosts_dir, missing_folders, noted, read_note
from . import places
from .places import IDENT, REPOSITORY, Profile

_ASK_S = 30.0
_INSTALL_S = 180.0
# Blender's own Python would load what these name.
_DROPPED = ("PYTHONPATH", "PYTHONHOME")

BY_HAND = "in Blender: Edit > Preferences > Get Extensions, the arrow at the top right, Install from Disk"


@dataclass(frozen=True, slots=True)
class Blender:
    """A Blender that answers; `series` is (4, 5)."""

    program: Path
    series: tuple[int, int]
    title: str

    @property
    def is_old(self) -> bool:
        return self.series < places.OLDEST


def install(machine: Machine) -> list[str]:
    """Build the extension and have each Blender install it, sentences on what was done and what is left to
    do. OutputError where a folder refuses."""
    from .extension import build_extension

    zip_path = zip_file()
    made = missing_folders(zip_path)
    _drop_zips()
    built = build_extension(zip_path)
    noted("blender", (built,), made)
    said = [f"the extension is '{built}'"]
    done = 0
    for blender in blenders(machine):
        if blender.is_old:
            said.append(f"{blender.title} is older than {_dotted(places.OLDEST)}: left out")
            continue
        why = _installed_by(blender, machine, built)
        done += not why
        where = f"{blender.title} ('{blender.program}')"
        said.append(why or f"{where} has it: the sequencer's side bar has a tab Hitpoint")
    if not done:
        said.append(f"no Blender could be asked to install it; {BY_HAND}, choose '{built}'")
    return said


def remove(machine: Machine) -> list[str]:
    """Take it out of every Blender, by Blender where it is found, else by deleting its folder; sentences on
    what went. OutputError where a folder refuses."""
    said = []
    for blender in blenders(machine):
        if not blender.is_old and _removed_by(blender, machine):
            said.append(f"{blender.title} has removed the extension")
    for profile in places.profiles(machine):
        if profile.installed():
            _delete(profile.ours)
            said.append(
                f"removed '{profile.ours}'; {profile.named()} may say once that the add-on is missing: "
                "remove it there"
            )
        if profile.ours_data.is_dir():
            _delete(profile.ours_data)
            said.append(f"removed '{profile.ours_data}'")
    said += [f"removed '{path}'" for path in _drop_zips()]
    forget("blender")
    note = read_note()
    if note is None or "blender" in note.put:
        forgotten("blender")
    return said or ["nothing of Hitpoint was in Blender's folders"]


def zip_file() -> Path:
    return hosts_dir() / f"hitpoint-{version()}.zip"


def zips() -> list[Path]:
    return sorted(hosts_dir().glob("hitpoint-*.zip"))


def blenders(machine: Machine) -> Iterator[Blender]:
    """Those on this machine that answer."""
    for program in places.programs(machine):
        said = _run(machine, program, ["--version"], _ASK_S)
        first = said.out.strip().splitlines()[:1]
        series = places.series_of(first[0]) if first and said.code == 0 else None
        if series is not None:
            yield Blender(program, series, first[0])


@dataclass(frozen=True, slots=True)
class _Said:
    code: int
    out: str


def _run(machine: Machine, program: Path, words: list[str], most_s: float) -> _Said:
    environ = {key: value for key, value in machine.environ.items() if key not in _DROPPED}
    try:
        done = subprocess.run(
            [os.fspath(program), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=most_s,
            check=False,
            env=environ,
        )
    except subprocess.TimeoutExpired:
        return _Said(-1, f"it did not answer within {most_s:g} s")
    except OSError as error:
        return _Said(-1, error.strerror or str(error))
    return _Said(done.returncode, done.stdout.decode(errors="replace"))


def _installed_by(blender: Blender, machine: Machine, built: Path) -> str:
    """Why it could not, "" where it has. Its exit status is not asked alone: it tells 0 of some failures."""
    words = ["--command", "extension", "install-file", "--repo", REPOSITORY, "--enable", os.fspath(built)]
    said = _run(machine, blender.program, words, _INSTALL_S)
    profile = _profile_of(machine, blender)
    if said.code == 0 and profile is not None and profile.installed() == version():
        return ""
    last = next((line for line in reversed(said.out.splitlines()) if line.strip()), "no word of why")
    return f"{blender.title} did not install it ({last.strip()[:200]}); {BY_HAND}, choose '{built}'"


def _removed_by(blender: Blender, machine: Machine) -> bool:
    profile = _profile_of(machine, blender)
    if profile is None or not profile.installed():
        return False
    _run(machine, blender.program, ["--command", "extension", "remove", f"{REPOSITORY}.{IDENT}"], _INSTALL_S)
    return not profile.installed()


def _profile_of(machine: Machine, blender: Blender) -> Profile | None:
    for profile in places.profiles(machine):
        if profile.series in ("", _dotted(blender.series)):
            return profile
    return None


def _drop_zips() -> list[Path]:
    gone = zips()
    for path in gone:
        with suppress(FileNotFoundError):
            path.unlink()
    return gone


def _delete(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise output_error(folder, error) from error


def _dotted(series: tuple[int, int]) -> str:
    return f"{series[0]}.{series[1]}"
