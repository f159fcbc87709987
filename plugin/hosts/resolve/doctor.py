"""What keeps Resolve and the engine apart, and which road is open. Looks, and changes nothing. Standard
library only.
"""

from __future__ import annotations

import plistlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ....engine.manifest import version
from ..doctor import Finding, engine_findings, media_findings, python_finding, python_version
from ..machine import Machine
from ..package import RESOLVE_SIDE, host_files
from . import places
from .attach import files_missing, probe
from .facts import media_folder
from .install import FILES_ROAD, found, launcher_text, launchers, mark_of, side_folder
from .seen import last_met

_AGAIN = "run 'hitpoint hosts install resolve' again"
_MENU = "Workspace > Scripts > hitpoint"
# From here on the free edition lists no Python scripts, and Studio brings a Python of its own.
_LUA_ONLY = (21, 1)


def findings(machine: Machine) -> Iterator[Finding]:
    """All, the road that will be live last."""
    wrong = False
    for look in (_engine, _program, _launchers, _side, _python, _variables, _media):
        for well, sentence in look(machine):
            wrong |= not well
            yield well, sentence
    yield from _roads(machine, script_well=not wrong)


def is_ours(machine: Machine) -> bool:
    """Whether anything of ours is in Resolve's folders."""
    return bool(launchers(machine))


def resolve_version(machine: Machine) -> tuple[int, ...]:
    """As far as the disk tells: on a Mac by the program's Info.plist; () otherwise."""
    for app in found((*places.programs(machine), *places.app_store_programs(machine))):
        try:
            told = plistlib.loads((app / "Contents" / "Info.plist").read_bytes())
        except (OSError, ValueError, plistlib.InvalidFileException):
            continue
        numbers = re.findall(r"\d+", str(told.get("CFBundleShortVersionString", "")))
        return tuple(int(number) for number in numbers[:3])
    return ()


def _engine(machine: Machine) -> Iterator[Finding]:
    yield from engine_findings("resolve", panel_needed=True)


def _program(machine: Machine) -> Iterator[Finding]:
    ours = found(places.programs(machine))
    store = found(places.app_store_programs(machine))
    if ours:
        yield True, f"DaVinci Resolve is '{ours[0]}'"
    elif store:
        yield (
            False,
            f"'{store[0]}' is of the Mac App Store, whose editions run no scripts: install it from "
            f"blackmagicdesign.com; {FILES_ROAD}",
        )
    elif (met := last_met()) is not None:
        yield True, f"{met.title} has run our script; where it lies is not known"
    else:
        looked = ", ".join(f"'{path}'" for path in places.programs(machine))
        yield False, f"DaVinci Resolve was not found ({looked}): install it, or start it where it lies"


def _launchers(machine: Machine) -> Iterator[Finding]:
    here = launchers(machine)
    if not here:
        yield False, f"Resolve's menu has no entry of Hitpoint: {_AGAIN}"
        return
    if len(here) > 1:
        named = ", ".join(f"'{path}'" for path in here)
        yield (
            False,
            f"Resolve's menu has {len(here)} entries of Hitpoint ({named}): {_AGAIN}, or delete all but one",
        )
    for path in here:
        told = mark_of(path)
        if told != version():
            yield False, f"'{path}' is of Hitpoint {told}, and this is {version()}: {_AGAIN}"
        elif path.read_bytes() != launcher_text(machine, side_folder()):
            yield False, f"'{path}' was made for another engine or another Resolve: {_AGAIN}"
        elif len(here) == 1:
            yield True, f"the menu's entry is '{path}': {_MENU}"


def _side(machine: Machine) -> Iterator[Finding]:
    side = side_folder()
    for name, data in host_files(RESOLVE_SIDE).items():
        try:
            same = (side / name).read_bytes() == data
        except OSError:
            yield False, f"the host's side in '{side}' lacks '{name}': {_AGAIN}"
            return
        if not same:
            yield False, f"the host's side in '{side}' is not this version's ('{name}' differs): {_AGAIN}"
            return
    yield True, f"the host's side in '{side}' is this version's"


def _python(machine: Machine) -> Iterator[Finding]:
    met = last_met()
    if met is not None:
        numbers = re.findall(r"\d+", met.python)[:2]
        if len(numbers) == 2:
            where = f"what {met.title} last ran our script with"
            yield python_finding((int(numbers[0]), int(numbers[1])), where)
            return
    home, program = python_for_scripts(machine)
    if program is None and not home and resolve_version(machine) >= _LUA_ONLY:
        yield True, "Resolve Studio from 21.1 on brings the Python that it runs scripts with"
        return
    if program is None:
        yield False, _no_python(machine, home)
        return
    told = python_version(program)
    if told is None:
        yield False, f"'{program}', which Resolve runs scripts with, does not run: install Python 3.12"
    else:
        yield python_finding(told, f"what Resolve runs scripts with ('{program}')")


def python_for_scripts(machine: Machine) -> tuple[str, Path | None]:
    """The variable's value by which Resolve is told its Python ("" without), and the interpreter that it will
    take; None where there is none. Not asked of a Studio from 21.1 on, which has one of its own."""
    if machine.system == "darwin":
        home = machine.environ.get("PYTHON3HOME", "")
        program = Path(home, "bin", "python3") if home else Path(machine.in_system("/usr/local/bin/python3"))
    elif machine.system == "win32":
        home = machine.environ.get("FUSION_PYTHON3_HOME", "")
        known = [Path(home)] if home else registered_pythons()
        program = known[0] / "python.exe" if known else Path("python.exe")
    else:
        home = ""
        program = Path(shutil.which("python3", path=machine.environ.get("PATH", "")) or "python3")
    return home, program if program.is_absolute() and program.is_file() else None


def registered_pythons() -> list[Path]:
    """The folders of the Pythons that Windows' registry names, the user's own first."""
    if sys.platform != "win32":
        return []
    import winreg

    folders = []
    for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        try:
            with winreg.OpenKey(root, r"SOFTWARE\Python\PythonCore") as core:
                names = [winreg.EnumKey(core, at) for at in range(winreg.QueryInfoKey(core)[0])]
                folders += [
                    Path(winreg.QueryValue(core, rf"{name}\InstallPath"))
                    for name in names
                    if name.startswith("3.")
                ]
        except OSError:
            continue
    return folders


def _no_python(machine: Machine, home: str) -> str:
    if machine.system == "darwin":
        if home:
            return f"PYTHON3HOME names '{home}', which holds no bin/python3: name the folder of Python 3.12"
        return (
            "Resolve before 21.1 finds Python by PYTHON3HOME (launchctl setenv) or as "
            "/usr/local/bin/python3, and neither is here, so its menu leaves Python scripts out: install "
            "Python 3.12 from python.org"
        )
    if machine.system == "win32":
        if home:
            return f"FUSION_PYTHON3_HOME names '{home}', which holds no python.exe: name Python 3.12's folder"
        return (
            "Resolve finds Python by FUSION_PYTHON3_HOME or the registry, and neither names one: install "
            "Python 3.12 from python.org for all users"
        )
    return "no python3 was found for Resolve's scripts: install python3, 3.10 to 3.13"


def _variables(machine: Machine) -> Iterator[Finding]:
    """They matter for attaching only, and only where the usual places do not hold."""
    for name, path in (
        ("RESOLVE_SCRIPT_API", places.script_api(machine)),
        ("RESOLVE_SCRIPT_LIB", places.script_lib(machine)),
    ):
        if machine.environ.get(name) and not Path(path).exists():
            yield False, f"{name} names '{path}', which is not there: correct it, or leave the variable out"


def _media(machine: Machine) -> Iterator[Finding]:
    yield from media_findings(media_folder(machine.system, Path(machine.home)))


def _roads(machine: Machine, *, script_well: bool) -> Iterator[Finding]:
    """Which will be live, and why the better ones are not."""
    missing = files_missing(machine)
    tried = probe(sys.executable, machine) if not missing else None
    if script_well:
        yield True, f"the road is the script: {_MENU}, in Studio and in the free edition up to 21.0.4"
        if last_met() is None and (not (told := resolve_version(machine)) or told >= _LUA_ONLY):
            yield (
                True,
                "the free edition from 21.1 on leaves Python scripts out of that menu: if the entry is not "
                f"there, {FILES_ROAD.removeprefix('without it, ')}",
            )
    elif tried is not None and tried.how == "open":
        yield True, f"the road is attaching: {tried.title} answers 'hitpoint panel --host resolve'"
    else:
        yield True, f"the road is files, until the lines above are mended: {FILES_ROAD}"
    if tried is None:
        yield True, f"attaching is closed: {missing}"
    elif tried.how == "open":
        yield True, f"attaching is open: {tried.title} answers"
    else:
        # A library that does not run here is no fault where the menu's entry does the work.
        yield script_well or tried.how == "quiet", f"attaching is closed: {tried.why}"
