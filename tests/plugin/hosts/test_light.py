"""The host's side loads nothing but the standard library, and works, in each Python that hosts bring."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from fakes import made_host

import layers
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.base import Landing
from hitpoint.plugin.hosts.piped import PipedHost

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
MODULES = sorted(
    module
    for module, path in layers.modules()
    if module.startswith("hitpoint.plugin.hosts") and path.name != "__init__.py"
)

# As a host loads it: nothing installed, the checkout's root as the package's only place.
BARE = f"""
import importlib, sys, types
package = types.ModuleType("hitpoint")
package.__path__ = [{str(layers.ROOT)!r}]
sys.modules["hitpoint"] = package
"""
LOAD = f"""{BARE}
before = set(sys.modules)
for name in {MODULES!r}:
    importlib.import_module(name)
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}} - {{"hitpoint"}}
print(sorted(loaded - set(sys.stdlib_module_names)))
from hitpoint.plugin.hosts.files import FilesHost
print(FilesHost().change({str(Path(__file__))!r}, ""), FilesHost().change("/nowhere/x.otio", ""))
"""
SERVE = f"""{BARE}
import runpy
runpy.run_path({made_host.__file__!r}, run_name="__main__")
"""


@cache
def interpreter(version: str) -> str:
    """The Python of that version, "" where this machine has none."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    roots = [root for root in (os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")) if root]
    found = [
        str(path / "bin" / "python")
        for root in roots
        for path in sorted((Path(root) / "versions").glob(f"{version}.*"))
    ]
    return next(iter(found), shutil.which(f"python{version}") or "")


@pytest.fixture(params=PYTHONS)
def python(request: pytest.FixtureRequest) -> str:
    found = interpreter(request.param)
    if not found:
        pytest.skip(f"Python {request.param} is missing: this promise was NOT checked")
    return found


def test_it_loads_the_standard_library_only(python: str) -> None:
    done = subprocess.run([python, "-I", "-c", LOAD], capture_output=True, text=True, check=False)
    assert (done.stdout.split("\n")[:2], done.stderr) == (["[]", "unknown gone"], "")


def test_a_host_is_served_by_that_python(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    # More items than fit a message: letters are written and read there, too.
    words = [python, "-I", "-W", "error", "-c", SERVE, str(tmp_path), json.dumps({"items": 10_000})]
    host = PipedHost.attached("resolve", words)
    version = subprocess.run(
        [python, "-I", "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert host.known_facts().python == version
    read = host.read()
    assert len(read.seen) == 10_000
    stem = Placement("Stem: pads", "1m1", "pads", "/pads.wav", "0" * 64, 0, 24, 0, 24)
    landed = host.place(Landing("a", "sketch", Rate(24), (stem,), (), read.ident, read.seen))
    assert landed.added == ("Stem: pads",)
    assert host.verify("a") == ()
    host.close()


def test_a_panel_is_started_and_answered_by_that_python(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    log = tmp_path / "log"
    panel = [sys.executable, "-I", str(Path(made_host.__file__).with_name("made_panel.py")), str(log), "once"]
    words = [python, "-I", "-W", "error", "-c", SERVE, str(tmp_path), "{}", *panel]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "taken\nover\n", "")
    told = [line.partition(" ")[2] for line in log.read_text().splitlines()]
    assert told[:2] == [f"opened {made_host.TITLE}", "read"]
