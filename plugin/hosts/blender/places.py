"""Where Blender lies and where it keeps its extensions, system by system. Looks at the disk, changes nothing.
Standard library only.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..machine import Machine

IDENT = "hitpoint"
REPOSITORY = "user_default"
OLDEST = (4, 5)

_FOLDER = re.compile(r"\A(?P<major>[0-9])\.(?P<minor>[0-9]{1,2})\Z")
_VALUE = re.compile(r'^(?P<key>id|name|version)\s*=\s*"(?P<value>[^"\n]*)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Profile:
    """The folder of one Blender's user files; `series` is "4.5", "" where the environment names one folder
    for whatever Blender."""

    series: str
    folder: Path
    extensions: Path

    @property
    def ours(self) -> Path:
        """Where our extension is when it is installed."""
        return self.extensions / REPOSITORY / IDENT

    @property
    def ours_data(self) -> Path:
        """What Blender lets our extension write."""
        return self.extensions / ".user" / REPOSITORY / IDENT

    def installed(self) -> str:
        """The version of our extension there, "" where there is none, or the folder is somebody else's."""
        try:
            text = (self.ours / "blender_manifest.toml").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""
        told = {found["key"]: found["value"] for found in _VALUE.finditer(text)}
        return told.get("version", "") if (told.get("id"), told.get("name")) == (IDENT, "Hitpoint") else ""

    def named(self) -> str:
        return f"Blender {self.series}" if self.series else f"Blender ('{self.folder}')"


def program_patterns(machine: Machine) -> tuple[tuple[PurePath, str], ...]:
    """Usual places of the program, apart from PATH: a folder, and a pattern in it."""
    if machine.system == "darwin":
        inside = "Blender*.app/Contents/MacOS/Blender"
        return ((machine.in_system("/Applications"), inside), (machine.in_home("Applications"), inside))
    if machine.system == "win32":
        files = machine.from_variable("PROGRAMFILES", machine.path("C:\\Program Files"))
        steam = machine.from_variable("PROGRAMFILES(X86)", machine.path("C:\\Program Files (x86)"))
        return (
            (files / "Blender Foundation", "Blender */blender.exe"),
            (steam / "Steam" / "steamapps" / "common", "Blender/blender.exe"),
        )
    return (
        (machine.in_system("/usr/bin"), "blender"),
        (machine.in_system("/usr/local/bin"), "blender"),
        (machine.in_system("/snap/bin"), "blender"),
        (machine.in_system("/opt"), "blender*/blender"),
        (machine.path(machine.home), "blender*/blender"),
        (machine.in_home("Applications"), "blender*/blender"),
        (machine.in_home(".local", "share", "Steam", "steamapps", "common"), "Blender/blender"),
    )


def config_folder(machine: Machine) -> PurePath:
    """Where each series has its folder of user files."""
    if machine.system == "darwin":
        return machine.in_home("Library", "Application Support", "Blender")
    if machine.system == "win32":
        roaming = machine.from_variable("APPDATA", machine.in_home("AppData", "Roaming"))
        return roaming / "Blender Foundation" / "Blender"
    base = machine.environ.get("XDG_CONFIG_HOME", "")
    config = machine.path(base) if base.startswith("/") else machine.in_home(".config")
    return config / "blender"


def programs(machine: Machine) -> list[Path]:
    """Every Blender that is found, the one of PATH first."""
    found = []
    on_path = shutil.which("blender", path=machine.environ.get("PATH", ""))
    if on_path:
        found.append(Path(on_path))
    for folder, pattern in program_patterns(machine):
        with suppress(OSError):
            found += [path for path in sorted(Path(folder).glob(pattern)) if path.is_file()]
    apart: dict[Path, Path] = {}
    for path in found:
        # One may be a link to another.
        apart.setdefault(path.resolve(), path)
    return list(apart.values())


def profiles(machine: Machine) -> list[Profile]:
    """The user files of every Blender that has run here, the newest first."""
    extensions = machine.environ.get("BLENDER_USER_EXTENSIONS", "")
    one = machine.environ.get("BLENDER_USER_RESOURCES", "")
    if one:
        return [Profile("", Path(one), Path(extensions) if extensions else Path(one) / "extensions")]
    found = []
    with suppress(OSError):
        for folder in Path(config_folder(machine)).iterdir():
            series = _FOLDER.match(folder.name)
            if series and folder.is_dir():
                number = int(series["major"]), int(series["minor"])
                place = Path(extensions) if extensions else folder / "extensions"
                found.append((number, Profile(folder.name, folder, place)))
    return [profile for number, profile in sorted(found, key=lambda one: one[0], reverse=True)]


def series_of(text: str) -> tuple[int, int] | None:
    """(4, 5) of "Blender 4.5.3 LTS" or "4.5"; None where no version stands there."""
    found = re.search(r"\b(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None
