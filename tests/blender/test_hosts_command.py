"""`hitpoint hosts install blender` before each real Blender's own command line: it installs, is well, and
goes again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blenders import blenders
from hitpoint.engine.manifest import version
from hitpoint.plugin.hosts.blender import doctor, install, places
from hitpoint.plugin.hosts.machine import Machine

pytestmark = pytest.mark.blender

# The module has no program of its own: this hands its words to the same code that the program runs.
PROGRAM = """#!{python}
import sys
import bpy
if sys.argv[1:] == ["--version"]:
    print("Blender", bpy.app.version_string)
else:
    import addon_utils
    addon_utils.modules()
    from bl_pkg import cli_extension
    assert sys.argv[1:3] == ["--command", "extension"]
    sys.exit(cli_extension(sys.argv[3:]))
"""


@pytest.mark.parametrize("series", blenders())
def test_blenders_own_command_line_installs_it_enables_it_and_removes_it(
    series: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    profile = tmp_path / "profile"
    profile.mkdir()
    program = tmp_path / "bin" / "blender"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=blenders()[series]))
    program.chmod(0o755)
    environ = {"PATH": str(program.parent), "BLENDER_USER_RESOURCES": str(profile), "HOME": str(tmp_path)}
    machine = Machine("linux", environ, str(tmp_path), str(tmp_path / "root"))

    said = install.install(machine)
    assert any(f"('{program}') has it" in sentence for sentence in said), said
    (found,) = places.profiles(machine)
    assert found.installed() == version()
    assert (profile / "config" / "userpref.blend").is_file(), "enabled, and nobody would know the next time"
    assert [sentence for well, sentence in doctor.findings(machine) if not well] == []

    said = install.remove(machine)
    assert any("has removed the extension" in sentence for sentence in said), said
    left = [path for path in profile.rglob("*") if "hitpoint" in path.name.lower()]
    assert left == [] and not (tmp_path / "ours").exists()
