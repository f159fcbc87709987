"""The host's side loads nothing but the standard library, in each Python that hosts bring."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import layers

MODULES = sorted(
    module
    for module, path in layers.modules()
    if module.startswith("hitpoint.plugin.hosts") and path.name != "__init__.py"
)

# As a host loads it: nothing installed, the checkout's root as the package's only place.
CODE = f"""
import importlib, sys, types
package = types.ModuleType("hitpoint")
package.__path__ = [{str(layers.ROOT)!r}]
sys.modules["hitpoint"] = package
before = set(sys.modules)
for name in {MODULES!r}:
    importlib.import_module(name)
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}} - {{"hitpoint"}}
print(sorted(loaded - set(sys.stdlib_module_names)))
from hitpoint.plugin.hosts.files import FilesHost
print(FilesHost().change({str(Path(__file__))!r}, ""), FilesHost().change("/nowhere/x.otio", ""))
"""


def interpreters() -> list[str]:
    roots = [
        Path(root) / "versions" for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv") if root
    ]
    found = {
        f"{version}": str(path / "bin" / "python")
        for root in roots
        for version in ("3.10", "3.12", "3.13")
        for path in sorted(root.glob(f"{version}.*"))
    }
    return [sys.executable, *found.values()]


@pytest.mark.parametrize("python", interpreters())
def test_it_loads_the_standard_library_only(python: str) -> None:
    done = subprocess.run([python, "-I", "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.stdout.split("\n")[:2], done.stderr) == (["[]", "unknown gone"], "")
