"""The extension put into every Blender of a machine, looked after, and removed without a trace."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hitpoint.engine.manifest import version
from hitpoint.plugin.hosts import doctor as common
from hitpoint.plugin.hosts import note
from hitpoint.plugin.hosts.blender import doctor, install, places
from hitpoint.plugin.hosts.machine import Machine

# Answers as Blender's command line does: --version, extension install-file and remove.
BLENDER = """#!{python}
import os, shutil, sys, zipfile
from pathlib import Path
words = sys.argv[1:]
place = Path(os.environ["HOME"]) / ".config/blender/{series}/extensions/user_default/hitpoint"
if words == ["--version"]:
    print("Blender {series}.1 LTS\\n\\tbuild date: long ago")
elif {refuses}:
    print("Error: extensions are for others")
elif words[2] == "install-file":
    assert words[3:-1] == ["--repo", "user_default", "--enable"]
    shutil.rmtree(place, ignore_errors=True)
    zipfile.ZipFile(words[-1]).extractall(place)
elif words[2:] == ["remove", "user_default.hitpoint"]:
    shutil.rmtree(place)
"""


def tree(*roots: Path) -> dict[str, bytes | None]:
    return {
        os.fspath(path): path.read_bytes() if path.is_file() else None
        for root in roots
        for path in sorted(root.rglob("*"))
    }


def a_blender(machine: Machine, series: str, *, refuses: bool = False, ran: bool = True) -> Path:
    program = Path(machine.root) / "opt" / f"blender-{series}" / "blender"
    program.parent.mkdir(parents=True)
    program.write_text(BLENDER.format(python=sys.executable, series=series, refuses=refuses))
    program.chmod(0o755)
    if ran:
        profile = Path(machine.home) / ".config" / "blender" / series / "extensions" / "user_default"
        profile.mkdir(parents=True)
    return program


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    monkeypatch.setattr(common, "_ask", lambda python: common._Engine(version(), False))
    home = tmp_path / "home"
    home.mkdir()
    return Machine("linux", {"PATH": "", "HOME": str(home)}, str(home), str(tmp_path / "root"))


def wrong(machine: Machine) -> list[str]:
    return [sentence for well, sentence in doctor.findings(machine) if not well]


def test_every_blender_installs_it_is_well_and_removing_it_leaves_the_disk_as_it_was(
    machine: Machine, tmp_path: Path
) -> None:
    programs = [a_blender(machine, "4.5"), a_blender(machine, "5.0")]
    before = tree(tmp_path)
    said = install.install(machine)
    for program in programs:
        assert any(f"('{program}') has it" in sentence for sentence in said)
    assert [profile.installed() for profile in places.profiles(machine)] == [version(), version()]
    assert wrong(machine) == []
    said = install.remove(machine)
    assert sum("has removed the extension" in sentence for sentence in said) == 2
    assert tree(tmp_path) == before
    assert install.remove(machine) == ["nothing of Hitpoint was in Blender's folders"]


def test_where_no_blender_is_found_the_clicks_are_told(machine: Machine, tmp_path: Path) -> None:
    before = tree(tmp_path)
    said = install.install(machine)
    assert install.zip_file().is_file()
    assert f"Install from Disk, choose '{install.zip_file()}'" in said[-1]
    install.remove(machine)
    assert tree(tmp_path) == before


def test_a_blender_that_refuses_is_told_in_its_own_words_with_the_clicks(machine: Machine) -> None:
    a_blender(machine, "4.5", refuses=True)
    said = install.install(machine)
    assert any(
        "did not install it (Error: extensions are for others)" in sentence
        and "Install from Disk" in sentence
        for sentence in said
    )


def test_one_that_is_too_old_is_left_out_and_said(machine: Machine) -> None:
    a_blender(machine, "4.2")
    assert any("Blender 4.2.1 LTS is older than 4.5: left out" in one for one in install.install(machine))
    assert any("is older than 4.5, which the extension needs" in sentence for sentence in wrong(machine))


def test_one_that_was_put_there_by_hand_is_removed_from_the_folder(machine: Machine) -> None:
    program = a_blender(machine, "4.5")
    install.install(machine)
    program.unlink()
    (profile,) = places.profiles(machine)
    profile.ours_data.mkdir(parents=True)
    said = install.remove(machine)
    assert any(f"removed '{profile.ours}'; Blender 4.5 may say once" in sentence for sentence in said)
    assert not profile.ours.exists() and not profile.ours_data.exists()


def test_an_extension_of_somebody_elses_under_our_ident_is_left_alone(machine: Machine) -> None:
    a_blender(machine, "4.5")
    (profile,) = places.profiles(machine)
    profile.ours.mkdir()
    (profile.ours / "blender_manifest.toml").write_text('id = "hitpoint"\nversion = "9"\nname = "Other"\n')
    assert profile.installed() == ""
    install.remove(machine)
    assert profile.ours.is_dir()


def test_the_environment_names_one_folder_for_all(machine: Machine, tmp_path: Path) -> None:
    environ = {**machine.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "one")}
    machine = Machine("linux", environ, machine.home, machine.root)
    (profile,) = places.profiles(machine)
    assert profile.ours == tmp_path / "one" / "extensions" / "user_default" / "hitpoint"
    other = {**environ, "BLENDER_USER_EXTENSIONS": str(tmp_path / "two")}
    (profile,) = places.profiles(Machine("linux", other, machine.home, machine.root))
    assert profile.extensions == tmp_path / "two"


def test_the_one_of_path_comes_first_and_a_link_to_another_is_no_second_one(
    machine: Machine, tmp_path: Path
) -> None:
    a_blender(machine, "4.5")
    newer = a_blender(machine, "5.0")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "blender").symlink_to(newer)
    machine = Machine("linux", {**machine.environ, "PATH": str(tmp_path / "bin")}, machine.home, machine.root)
    found = places.programs(machine)
    assert found[0] == tmp_path / "bin" / "blender" and len(found) == 2


def age(machine: Machine) -> None:
    for profile in places.profiles(machine):
        path = profile.ours / "blender_manifest.toml"
        path.write_text(path.read_text().replace(f'version = "{version()}"', 'version = "0.0.1"'))


def change(machine: Machine) -> None:
    for profile in places.profiles(machine):
        (profile.ours / "plugin" / "hosts" / "base.py").write_text("")


def take_out(machine: Machine) -> None:
    for profile in places.profiles(machine):
        install._delete(profile.ours)


def lose_zip(machine: Machine) -> None:
    install.zip_file().unlink()


def age_zip(machine: Machine) -> None:
    install.zip_file().rename(install.zip_file().with_name("hitpoint-0.0.1.zip"))


def never_run(machine: Machine) -> None:
    for profile in places.profiles(machine):
        install._delete(profile.folder)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (age, "has the extension of Hitpoint 0.0.1, and this is"),
        (change, "has another build of the extension ('plugin/hosts/base.py' differs)"),
        (take_out, "does not have the extension: run 'hitpoint hosts install blender' again"),
        (lose_zip, "the extension was not built"),
        (age_zip, "is of another Hitpoint than this"),
        (never_run, "no Blender from 4.5 on has run here yet"),
    ],
)
def test_each_thing_that_is_wrong_is_said_with_what_to_do(
    machine: Machine, spoil: Callable[[Machine], None], said: str
) -> None:
    a_blender(machine, "4.5")
    install.install(machine)
    assert wrong(machine) == []
    spoil(machine)
    (found,) = wrong(machine)
    assert said in found


def test_the_panel_may_be_missing_where_the_side_bar_works_without_it(machine: Machine) -> None:
    a_blender(machine, "4.5")
    install.install(machine)
    found = dict((sentence, well) for well, sentence in doctor.findings(machine))
    assert [well for sentence, well in found.items() if "panel's parts" in sentence] == [True]


def test_the_note_is_the_same_one_that_blender_reads(machine: Machine) -> None:
    install.install(machine)
    told = note.read_note()
    assert told is not None
    assert (told.python, told.put["blender"]) == (sys.executable, (str(install.zip_file()),))


def test_the_zip_is_of_the_version_and_an_older_one_goes(machine: Machine, tmp_path: Path) -> None:
    note.hosts_dir().mkdir(parents=True)
    old = note.hosts_dir() / "hitpoint-0.0.1.zip"
    old.write_bytes(b"")
    install.install(machine)
    assert install.zips() == [install.zip_file()] and not old.exists()


def test_a_blender_that_does_not_answer_is_passed_over(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_blender(machine, "4.5").write_text("#!/nowhere\n")
    assert list(install.blenders(machine)) == []
    hung: Any = a_blender(machine, "5.0")
    hung.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    monkeypatch.setattr(install, "_ASK_S", 0.2)
    assert list(install.blenders(machine)) == []
