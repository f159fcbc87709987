"""Where DaVinci Resolve keeps its scripts and its scripting library, system by system (the vendor's scripting
README, editions of May and July 2026). Nothing is read from the disk here. Standard library only.
"""

from __future__ import annotations

from pathlib import PurePath

from ..machine import Machine

LAUNCHER = "hitpoint.py"
_UTILITY = ("Fusion", "Scripts", "Utility")
_VENDOR = "Blackmagic Design"
_PROGRAM = "DaVinci Resolve"


def user_utility(machine: Machine) -> PurePath:
    """The user's own folder of scripts that stand on every page of Resolve."""
    if machine.system == "darwin":
        return machine.in_home("Library", "Application Support", _VENDOR, _PROGRAM, *_UTILITY)
    if machine.system == "win32":
        return _roaming(machine) / _VENDOR / _PROGRAM / "Support" / machine.path(*_UTILITY)
    return machine.in_home(".local", "share", "DaVinciResolve", *_UTILITY)


def shared_utilities(machine: Machine) -> tuple[PurePath, ...]:
    """The folders of the same for all users; a script there has an entry of its own in the same menu."""
    if machine.system == "darwin":
        return (machine.in_system("/Library", "Application Support", _VENDOR, _PROGRAM, *_UTILITY),)
    if machine.system == "win32":
        return (_program_data(machine) / _VENDOR / _PROGRAM / machine.path(*_UTILITY),)
    return tuple(machine.in_system(root, *_UTILITY) for root in ("/opt/resolve", "/home/resolve"))


def script_api(machine: Machine) -> PurePath:
    """The vendor's scripting folder; `Modules` in it holds DaVinciResolveScript.py."""
    if machine.system == "darwin":
        usual = machine.in_system(
            "/Library", "Application Support", _VENDOR, _PROGRAM, "Developer", "Scripting"
        )
    elif machine.system == "win32":
        usual = (
            _program_data(machine) / _VENDOR / _PROGRAM / machine.path("Support", "Developer", "Scripting")
        )
    else:
        usual = machine.in_system("/opt/resolve", "Developer", "Scripting")
    return machine.from_variable("RESOLVE_SCRIPT_API", usual)


def script_lib(machine: Machine) -> PurePath:
    """The library that DaVinciResolveScript loads."""
    if machine.system == "darwin":
        usual = mac_app(machine) / "Contents" / "Libraries" / "Fusion" / "fusionscript.so"
    elif machine.system == "win32":
        usual = _program_files(machine) / _VENDOR / _PROGRAM / "fusionscript.dll"
    else:
        usual = machine.in_system("/opt/resolve", "libs", "Fusion", "fusionscript.so")
    return machine.from_variable("RESOLVE_SCRIPT_LIB", usual)


def programs(machine: Machine) -> tuple[PurePath, ...]:
    """Where Resolve itself lies when it came from the vendor."""
    if machine.system == "darwin":
        return (mac_app(machine),)
    if machine.system == "win32":
        return (_program_files(machine) / _VENDOR / _PROGRAM / "Resolve.exe",)
    return tuple(machine.in_system(root, "bin", "resolve") for root in ("/opt/resolve", "/home/resolve"))


def app_store_programs(machine: Machine) -> tuple[PurePath, ...]:
    """Where the Mac App Store puts Resolve: these editions have no scripting."""
    if machine.system != "darwin":
        return ()
    names = (f"{_PROGRAM}.app", f"{_PROGRAM} Studio.app")
    return tuple(machine.in_system("/Applications", name) for name in names)


def mac_app(machine: Machine) -> PurePath:
    return machine.in_system("/Applications", _PROGRAM, f"{_PROGRAM}.app")


def _roaming(machine: Machine) -> PurePath:
    return machine.from_variable("APPDATA", machine.in_home("AppData", "Roaming"))


def _program_data(machine: Machine) -> PurePath:
    return machine.from_variable("PROGRAMDATA", machine.path("C:\\ProgramData"))


def _program_files(machine: Machine) -> PurePath:
    return machine.from_variable("PROGRAMFILES", machine.path("C:\\Program Files"))
