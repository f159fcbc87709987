"""Installed into Resolve, and removed without a trace; nothing of anybody else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hitpoint.engine.errors import OptionError, OutputError
from hitpoint.engine.manifest import version
from hitpoint.plugin.hosts import doctor as common
from hitpoint.plugin.hosts import note
from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.package import RESOLVE_SIDE, host_files
from hitpoint.plugin.hosts.resolve import attach, doctor, install, places
from resolve_machines import a_machine, put, tree

UTILITY = ".local/share/DaVinciResolve/Fusion/Scripts/Utility"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    return a_machine(tmp_path)


def test_what_was_installed_is_well_and_removing_it_leaves_the_disk_as_it_was(
    machine: Machine, tmp_path: Path
) -> None:
    before = tree(tmp_path)
    said = install.install(machine)
    launcher = Path(machine.home) / UTILITY / "hitpoint.py"
    assert any(f"'{launcher}'" in sentence for sentence in said)
    assert (note.hosts_dir() / "resolve" / version() / "plugin/hosts/resolve/run.py").is_file()
    # Nothing is made up here: the engine's Python is asked in a process, and so is the one for scripts.
    found = list(doctor.findings(machine))
    assert [sentence for well, sentence in found if not well] == []
    # The made library is empty: whoever loads it fails, and only attaching needs it.
    assert any(sentence.startswith("attaching is closed: Resolve's scripting lib") for _, sentence in found)
    install.remove(machine)
    assert tree(tmp_path) == before


def test_installing_again_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    install.install(machine)
    before = tree(tmp_path)
    install.install(machine)
    assert tree(tmp_path) == before
    install.remove(machine)
    assert install.remove(machine) == ["nothing of Hitpoint was in DaVinci Resolve's folders"]


def test_a_folder_of_ones_own_is_used_noted_and_cleared(machine: Machine, tmp_path: Path) -> None:
    before = tree(tmp_path)
    install.install(machine, tmp_path / "scripts")
    assert install.launchers(machine) == [tmp_path / "scripts" / "hitpoint.py"]
    install.remove(machine)
    assert tree(tmp_path) == before


def test_copies_that_earlier_versions_left_go_whatever_they_are_called_and_others_stay(
    machine: Machine,
) -> None:
    old = f"# Hitpoint 0.0.1: {install.MARK}, taken away\nprint()\n"
    scripts = Path(machine.home) / UTILITY / ".."
    shared = Path(places.shared_utilities(machine)[0])
    ours = [put(scripts / "Edit" / "hitpoint.py", old), put(shared / "Hitpoint old.py", old)]
    theirs = put(shared / "other.py", "# Hitpoint is what I call this\n")
    said = install.install(machine)
    assert not any(path.exists() for path in ours) and theirs.exists()
    assert sum("removed an older copy" in sentence for sentence in said) == 2
    assert len(install.launchers(machine)) == 1


def test_a_script_of_somebody_elses_under_our_name_is_left_alone(machine: Machine) -> None:
    theirs = put(Path(machine.home) / UTILITY / "hitpoint.py", "print('mine')\n")
    with pytest.raises(OptionError, match="is a file of somebody else"):
        install.install(machine)
    assert theirs.read_text() == "print('mine')\n"
    install.remove(machine)
    assert theirs.exists()


def test_the_host_side_of_another_version_goes_and_so_does_what_this_one_lost(machine: Machine) -> None:
    old = put(note.hosts_dir() / "resolve" / "0.0.1" / "plugin" / "client.py")
    left = put(install.side_folder() / "plugin" / "gone.py")
    changed = put(install.side_folder() / "plugin" / "hosts" / "base.py", "of another build")
    install.install(machine)
    assert not old.exists() and not old.parents[1].exists() and not left.exists()
    assert changed.read_bytes() == host_files(RESOLVE_SIDE)["plugin/hosts/base.py"]


def test_the_note_names_this_interpreter_and_stays_while_another_host_needs_it(machine: Machine) -> None:
    note.noted("blender", (Path("/x.zip"),), ())
    install.install(machine)
    told = note.read_note()
    assert told is not None and (told.python, told.version) == (sys.executable, version())
    install.remove(machine)
    told = note.read_note()
    assert told is not None and list(told.put) == ["blender"]
    note.forgotten("blender")
    assert not note.note_path().exists()


def test_without_resolve_it_says_so_and_names_the_road_of_files(tmp_path: Path) -> None:
    bare = Machine("linux", {}, str(tmp_path), str(tmp_path))
    with pytest.raises(OptionError, match=r"was not found .*--folder; .*import the scored\.otio"):
        install.install(bare)


def test_the_mac_app_stores_edition_is_told_apart(tmp_path: Path) -> None:
    store = Machine("darwin", {}, str(tmp_path), str(tmp_path))
    (tmp_path / "Applications" / "DaVinci Resolve.app").mkdir(parents=True)
    with pytest.raises(OptionError, match=r"of the Mac App Store, whose editions run no scripts.*\.otio"):
        install.install(store)


def test_a_folder_that_refuses_is_one_sentence(machine: Machine, tmp_path: Path) -> None:
    put(tmp_path / "scripts")
    with pytest.raises(OutputError, match="scripts"):
        install.install(machine, tmp_path / "scripts" / "Utility")


@pytest.mark.parametrize(
    ("prefix", "modules", "program"),
    [
        ("/usr", set(), ""),
        ("/home/zoe/venv", {"bpy"}, "Blender"),
        (
            "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/python",
            set(),
            "DaVinci Resolve",
        ),
        ("/usr", {"fusionscript"}, "DaVinci Resolve"),
    ],
)
def test_a_hosts_own_python_is_known(prefix: str, modules: set[str], program: str) -> None:
    assert common.host_python(prefix, frozenset(modules)) == program


def test_the_python_inside_a_blender_is_known_by_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "4.5" / "scripts" / "startup").mkdir(parents=True)
    (tmp_path / "4.5" / "python").mkdir()
    assert common.host_python(str(tmp_path / "4.5" / "python"), frozenset()) == "Blender"
    assert attach.words("/p")[0] == "/p"


@pytest.mark.skipif(sys.platform != "linux", reason="the made root is Linux's")
def test_nothing_is_installed_by_a_python_of_a_host(tmp_path: Path) -> None:
    put(tmp_path / "fusionscript.py")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from hitpoint.plugin.cli import main; "
        "sys.exit(main(['hosts', 'install', 'resolve', '--folder', 'scripts']))"
    )
    environ = {**os.environ, "HITPOINT_HOME": str(tmp_path / "ours")}
    environ.pop("HITPOINT_DEBUG", None)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "this Python belongs to DaVinci Resolve: run this in an environment" in done.stderr
    assert not (tmp_path / "ours").exists() and not (tmp_path / "scripts").exists()
