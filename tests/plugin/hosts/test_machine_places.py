"""Where programs keep their files, on systems that this is not."""

from __future__ import annotations

import pytest

from hitpoint.plugin.hosts.blender import places as blender
from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.resolve import places as resolve

WINDOWS = Machine(
    "win32",
    {
        "APPDATA": r"C:\Users\Zoë\AppData\Roaming",
        "PROGRAMDATA": r"C:\ProgramData",
        "PROGRAMFILES": r"C:\Program Files",
    },
    r"C:\Users\Zoë",
)
MAC = Machine("darwin", {}, "/Users/zoe")
LINUX = Machine("linux", {}, "/home/zoe")


@pytest.mark.parametrize(
    ("machine", "folder"),
    [
        (
            MAC,
            "/Users/zoe/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility",
        ),
        (
            WINDOWS,
            r"C:\Users\Zoë\AppData\Roaming\Blackmagic Design\DaVinci Resolve\Support\Fusion\Scripts\Utility",
        ),
        (LINUX, "/home/zoe/.local/share/DaVinciResolve/Fusion/Scripts/Utility"),
    ],
)
def test_the_users_scripts_of_resolve_lie_where_its_readme_says(machine: Machine, folder: str) -> None:
    assert str(resolve.user_utility(machine)) == folder


@pytest.mark.parametrize(
    ("machine", "folders"),
    [
        (MAC, ["/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility"]),
        (WINDOWS, [r"C:\ProgramData\Blackmagic Design\DaVinci Resolve\Fusion\Scripts\Utility"]),
        (LINUX, ["/opt/resolve/Fusion/Scripts/Utility", "/home/resolve/Fusion/Scripts/Utility"]),
    ],
)
def test_so_do_everybodys_scripts(machine: Machine, folders: list[str]) -> None:
    assert [str(path) for path in resolve.shared_utilities(machine)] == folders


@pytest.mark.parametrize(
    ("machine", "api", "library"),
    [
        (
            MAC,
            "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting",
            "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/fusionscript.so",
        ),
        (
            WINDOWS,
            r"C:\ProgramData\Blackmagic Design\DaVinci Resolve\Support\Developer\Scripting",
            r"C:\Program Files\Blackmagic Design\DaVinci Resolve\fusionscript.dll",
        ),
        (LINUX, "/opt/resolve/Developer/Scripting", "/opt/resolve/libs/Fusion/fusionscript.so"),
    ],
)
def test_the_scripting_library_lies_where_the_readme_says(machine: Machine, api: str, library: str) -> None:
    assert (str(resolve.script_api(machine)), str(resolve.script_lib(machine))) == (api, library)


def test_the_environment_moves_the_scripting_library() -> None:
    machine = Machine("linux", {"RESOLVE_SCRIPT_API": "/a", "RESOLVE_SCRIPT_LIB": "/b.so"}, "/home/zoe")
    assert (str(resolve.script_api(machine)), str(resolve.script_lib(machine))) == ("/a", "/b.so")


def test_only_macs_have_an_app_store() -> None:
    assert [str(path) for path in resolve.app_store_programs(MAC)] == [
        "/Applications/DaVinci Resolve.app",
        "/Applications/DaVinci Resolve Studio.app",
    ]
    assert resolve.app_store_programs(WINDOWS) == resolve.app_store_programs(LINUX) == ()


def test_windows_without_variables_has_the_usual_folders() -> None:
    bare = Machine("win32", {}, r"C:\Users\zoe")
    assert str(resolve.user_utility(bare)).startswith(r"C:\Users\zoe\AppData\Roaming\Blackmagic Design")
    assert str(resolve.script_lib(bare)).startswith(r"C:\Program Files\Blackmagic Design")


@pytest.mark.parametrize(
    ("machine", "folder"),
    [
        (MAC, "/Users/zoe/Library/Application Support/Blender"),
        (WINDOWS, r"C:\Users\Zoë\AppData\Roaming\Blender Foundation\Blender"),
        (LINUX, "/home/zoe/.config/blender"),
        (Machine("linux", {"XDG_CONFIG_HOME": "/x"}, "/home/zoe"), "/x/blender"),
        (Machine("linux", {"XDG_CONFIG_HOME": "relative"}, "/home/zoe"), "/home/zoe/.config/blender"),
    ],
)
def test_blender_keeps_its_user_files_where_its_manual_says(machine: Machine, folder: str) -> None:
    assert str(blender.config_folder(machine)) == folder


@pytest.mark.parametrize(
    ("machine", "place"),
    [
        (MAC, "/Applications"),
        (WINDOWS, r"C:\Program Files\Blender Foundation"),
        (LINUX, "/snap/bin"),
    ],
)
def test_blender_is_looked_for_in_its_usual_places(machine: Machine, place: str) -> None:
    assert place in [str(folder) for folder, _ in blender.program_patterns(machine)]


@pytest.mark.parametrize(
    ("text", "series"),
    [("Blender 4.5.3 LTS", (4, 5)), ("Blender 5.0.1", (5, 0)), ("4.5", (4, 5)), ("no version", None)],
)
def test_a_blenders_series_is_read_from_what_it_says(text: str, series: tuple[int, int] | None) -> None:
    assert blender.series_of(text) == series
