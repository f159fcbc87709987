"""The extension as a zip: what its rules ask, which Blender's own validator does not all look at."""

from __future__ import annotations

import ast
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import layers
from hitpoint.engine.manifest import manifest, version
from hitpoint.plugin.hosts.blender.extension import build_extension, extension_name

# https://docs.blender.org/manual/en/dev/advanced/extensions/tags.html, of add-ons.
TAGS = {
    "3D View", "Add Curve", "Add Mesh", "Animation", "Bake", "Camera", "Compositing", "Development",
    "Game Engine", "Geometry Nodes", "Grease Pencil", "Import-Export", "Lighting", "Material", "Modeling",
    "Mesh", "Node", "Object", "Paint", "Pipeline", "Physics", "Render", "Rigging", "Scene", "Sculpt",
    "Sequencer", "System", "Text Editor", "Tracking", "User Interface", "UV",
}  # fmt: skip


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build_extension(tmp_path_factory.mktemp("built")))


@pytest.fixture(scope="module")
def told(packed: zipfile.ZipFile) -> dict[str, Any]:
    return tomllib.loads(packed.read("blender_manifest.toml").decode())


def test_the_same_modules_make_the_same_bytes(tmp_path: Path) -> None:
    one, two = (build_extension(tmp_path / name) for name in ("one.zip", "two.zip"))
    assert one.read_bytes() == two.read_bytes()


def test_a_folder_gets_it_under_its_usual_name(tmp_path: Path) -> None:
    assert build_extension(tmp_path) == tmp_path / extension_name()
    assert extension_name() == f"hitpoint-{version()}.zip"


def test_the_manifest_is_of_this_release(told: dict[str, Any]) -> None:
    assert (told["id"], told["version"], told["type"]) == ("hitpoint", version(), "add-on")
    assert told["license"] == [f"SPDX:{manifest()['licence']}"]
    assert told["blender_version_min"] == "4.5.0"


def test_its_texts_keep_to_the_platforms_rules(told: dict[str, Any]) -> None:
    for text in (told["tagline"], *told["permissions"].values()):
        assert 0 < len(text) <= 64
        assert text[-1].isalnum()
    assert "blender" not in told["name"].lower()
    assert set(told["tags"]) <= TAGS


def test_it_asks_for_files_alone_and_brings_no_wheels(told: dict[str, Any]) -> None:
    assert set(told["permissions"]) == {"files"}
    assert "wheels" not in told
    assert "platforms" not in told


def test_it_holds_source_and_no_byte_code(packed: zipfile.ZipFile) -> None:
    kinds = {Path(name).suffix for name in packed.namelist()}
    assert kinds == {".py", ".toml", ".json", ""}
    assert "LICENSE" in packed.namelist()
    assert packed.read("engine/manifest.json") == (layers.ROOT / "manifest.json").read_bytes()


def test_every_module_imports_relatively_and_the_standard_library_else(packed: zipfile.ZipFile) -> None:
    names = set(packed.namelist())
    for name in sorted(names):
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(packed.read(name))):
            if isinstance(node, ast.Import):
                found = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found = {str(node.module).partition(".")[0]}
            else:
                continue
            assert found <= {"bpy", *sys.stdlib_module_names}, (name, found)


def test_every_module_that_it_holds_is_the_checkouts(packed: zipfile.ZipFile) -> None:
    for name in packed.namelist():
        if name.endswith(".py") and name != "__init__.py":
            assert packed.read(name) == (layers.ROOT / name).read_bytes()
    assert "plugin/hosts/blender/addon.py" in packed.namelist()
