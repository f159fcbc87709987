"""The wheel holds the product, whole and alone, and works where nothing else of the project is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import layers

MOST_BYTES = 60_000_000
DATA = {
    "hitpoint/engine/manifest.json",
    "hitpoint/engine/sketch/sounds/attacks.json",
    "hitpoint/engine/sketch/sounds/hitpoint.sf3",
    "hitpoint/engine/sketch/sounds/NOTICE.txt",
    *(f"hitpoint/engine/styles/{path.name}" for path in (layers.ROOT / "engine" / "styles").glob("*.toml")),
    "hitpoint/engine/train/recipes/nano.toml",
    *(
        f"hitpoint/engine/models/bundled/gvmgen-nano/{path.name}"
        for path in (layers.ROOT / "engine" / "models" / "bundled" / "gvmgen-nano").iterdir()
    ),
    "hitpoint/plugin/hosts/blender/blender_manifest.toml",
    *(f"hitpoint/{folder}/py.typed" for folder in layers.FOLDERS),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Built from a copy: building in place would leave files in the checkout.
    copy = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=layers.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    for name in listed:
        source = layers.ROOT / name
        if name and source.is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(source.read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, copy],
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_every_module_and_every_data_file_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {f"hitpoint/{path.relative_to(layers.ROOT).as_posix()}" for _, path in layers.modules()}
    inside = {name for name in names if ".dist-info/" not in name}
    assert inside == modules | DATA
    (top,) = [name for name in names if name.endswith("top_level.txt")]
    assert zipfile.ZipFile(wheel).read(top).decode().split() == ["hitpoint"]
    assert wheel.stat().st_size < MOST_BYTES


def test_the_manifest_inside_is_the_projects(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).read("hitpoint/engine/manifest.json")
    assert inside == (layers.ROOT / "manifest.json").read_bytes()


def test_it_runs_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            tmp_path / "site",
            wheel,
        ],
        check=True,
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); "
        "from hitpoint.engine.sketch.voices import bundled_font; "
        "from hitpoint.engine.manifest import version; "
        "print(bundled_font().is_file(), version(), bundled_font())"
    )
    # -S: without the editable install of the checkout.
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.startswith("True 0."), done.stderr
    assert str(tmp_path) in done.stdout


def test_an_installed_one_puts_its_host_sides_where_programs_look(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(tmp_path / "site")!r})
from hitpoint.plugin.hosts.blender.extension import build_extension
from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.resolve.install import install, side_folder
home = Path({str(tmp_path)!r})
install(Machine("linux", {{}}, str(home)), home / "Utility")
print(side_folder(), build_extension(home / "hitpoint.zip"))
"""
    environ = {"HITPOINT_HOME": str(tmp_path / "ours")}
    words = [sys.executable, "-S", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=environ, check=False)
    assert done.stderr == ""
    side, built = map(Path, done.stdout.split())
    assert (side / "LICENSE").read_bytes() == (layers.ROOT / "LICENSE").read_bytes()
    assert (side / "engine" / "manifest.json").is_file() and (tmp_path / "Utility" / "hitpoint.py").is_file()
    assert "blender_manifest.toml" in zipfile.ZipFile(built).namelist()
