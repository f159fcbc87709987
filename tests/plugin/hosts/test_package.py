"""What a host loads is found in the imports, is complete, and needs nothing but the standard library."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import layers
from hitpoint.engine.manifest import version
from hitpoint.plugin.hosts.package import BLENDER_SIDE, RESOLVE_SIDE, host_files, host_side
from pythons import interpreters

SIDES = {"resolve": RESOLVE_SIDE, "blender": BLENDER_SIDE}
# Only inside the program itself.
OF_HOSTS = {"bpy", "bl_ext"}
# Nothing of these is in Python 3.10.
NEWER = {"file_digest", "tomllib", "StrEnum", "ExceptionGroup", "add_note", "Self", "UTC", "chdir"}


def put(folder: Path, entries: tuple[str, ...]) -> None:
    for name, data in host_files(entries).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.mark.parametrize("host", SIDES)
def test_the_copy_holds_the_files_that_the_host_loads_and_no_others(host: str) -> None:
    names = set(host_files(SIDES[host]))
    assert names > set(host_side(SIDES[host]))
    assert {"engine/manifest.json", "LICENSE", "plugin/hosts/base.py"} <= names
    assert not [name for name in names if name.endswith(".pyc")]
    heavy = ("engine/picture", "engine/sketch", "engine/models", "plugin/timeline/", "ui/")
    assert not [name for name in names if name.startswith(heavy)]


@pytest.mark.parametrize("python", interpreters())
def test_the_copy_for_resolve_loads_alone_in_each_python_that_hosts_bring(
    python: str, tmp_path: Path
) -> None:
    put(tmp_path / "side", RESOLVE_SIDE)
    code = f"""
import importlib, sys, types
sys.dont_write_bytecode = True
package = types.ModuleType("anything.at.all")
package.__path__ = [{str(tmp_path / "side")!r}]
sys.modules["host"] = package
before = set(sys.modules)
for name in {[name[:-3].replace("/", ".") for name in host_side(RESOLVE_SIDE) if "__init__" not in name]!r}:
    if "windows" not in name:
        importlib.import_module("host." + name)
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}} - {{"host"}}
from host.engine.manifest import version
print(sorted(loaded - set(sys.stdlib_module_names)), version())
"""
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (f"[] {version()}", "")


@pytest.mark.parametrize("host", SIDES)
def test_nothing_in_it_imports_by_the_products_name_or_from_outside_the_standard_library(host: str) -> None:
    wrong = []
    for name in host_side(SIDES[host]):
        for node in ast.walk(ast.parse((layers.ROOT / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots = [alias.name.partition(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                roots = [(node.module or "").partition(".")[0]]
            else:
                continue
            known = sys.stdlib_module_names | (OF_HOSTS if host == "blender" else set())
            wrong += [f"{name}: {root}" for root in roots if root not in known]
    assert wrong == []


@pytest.mark.parametrize("host", SIDES)
def test_nothing_in_it_is_younger_than_python_3_10(host: str) -> None:
    wrong = []
    for name in host_side(SIDES[host]):
        source = (layers.ROOT / name).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source, feature_version=(3, 10))):
            used = getattr(node, "attr", "") or getattr(node, "id", "") or getattr(node, "name", "")
            if used in NEWER:
                wrong.append(f"{name} line {getattr(node, 'lineno', 0)}: {used}")
    assert wrong == []


def test_a_module_that_is_imported_inside_a_function_is_among_them() -> None:
    # `engine.worker.life` loads this only on Windows, inside `start`.
    assert "engine/worker/windows.py" in host_side(("plugin.client",))


def test_what_only_a_type_checker_reads_is_not() -> None:
    assert "plugin/console.py" not in host_side(("plugin.panel_command",))
