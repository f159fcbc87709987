"""The road by the vendor's own module: tried in a process that may crash, then served over pipes."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.piped import PipedHost
from hitpoint.plugin.hosts.resolve import attach

SHIM = Path(__file__).resolve().parents[3] / "fakes" / "resolve_script" / "DaVinciResolveScript.py"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A Resolve Studio in a folder of its own, named by the variables."""
    modules = tmp_path / "api" / "Modules"
    modules.mkdir(parents=True)
    (modules / "DaVinciResolveScript.py").symlink_to(SHIM)
    (tmp_path / "fusionscript.so").touch()
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RESOLVE_SCRIPT_API", str(tmp_path / "api"))
    monkeypatch.setenv("RESOLVE_SCRIPT_LIB", str(tmp_path / "fusionscript.so"))
    return Machine("linux", dict(os.environ), str(tmp_path))


def vendors(machine: Machine, text: str) -> None:
    """Have the vendor's module be `text`."""
    path = Path(machine.environ["RESOLVE_SCRIPT_API"]) / "Modules" / "DaVinciResolveScript.py"
    path.unlink()
    path.write_text(text)


def test_a_studio_that_runs_answers_with_its_name(machine: Machine) -> None:
    found = attach.probe(sys.executable, machine)
    assert (found.how, found.why) == ("open", "")
    assert found.title.startswith("DaVinci Resolve Studio 2")
    assert attach.why_not() == ""


def test_its_timeline_is_read_over_the_pipes(machine: Machine) -> None:
    host = PipedHost.attached("resolve", attach.words(sys.executable))
    try:
        assert (host.known_facts().name, host.known_facts().road) == ("resolve", "attach")
        read = host.read()
        assert Path(read.path).is_file() and read.frames > 0
    finally:
        host.close()


def test_the_free_edition_is_said_to_answer_its_own_menu_alone(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"traps": {"edition": "free"}}))
    monkeypatch.setenv("HITPOINT_FAKE_RESOLVE", str(world))
    found = attach.probe(sys.executable, machine)
    assert found.how == "quiet"
    assert "External scripting using to Local" in found.why and "Workspace > Scripts" in found.why
    with pytest.raises(HostError, match="no DaVinci Resolve Studio answers"):
        PipedHost.attached("resolve", attach.words(sys.executable))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os\nos.abort()\n", r"ended the process that tried it \(signal 6\): it wants another Python"),
        ("import os\nos._exit(3)\n", r"ended the process that tried it \(3\)"),
        ("raise ImportError('Could not locate module dependencies')\n", "cannot be loaded .Could not locate"),
        ("def scriptapp(name):\n    raise SystemExit('no')\n", "ended the process that tried it"),
        ("print('Resolve says hello on stdout')\nscriptapp = str\n", "ended the process that tried it"),
    ],
)
def test_a_library_that_crashes_costs_a_sentence_and_nothing_else(
    machine: Machine, text: str, said: str
) -> None:
    vendors(machine, text)
    found = attach.probe(sys.executable, machine)
    assert found.how == "broken"
    assert re.search(said, found.why), found.why


def test_one_that_hangs_is_given_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    vendors(machine, "import time\ntime.sleep(600)\n")
    monkeypatch.setattr(attach, "_PROBE_S", 0.5)
    found = attach.probe(sys.executable, machine)
    assert found.how == "quiet" and "is a dialog open there?" in found.why


@pytest.mark.parametrize("missing", ["api/Modules/DaVinciResolveScript.py", "fusionscript.so"])
def test_a_file_of_the_vendors_that_is_missing_is_named(
    machine: Machine, tmp_path: Path, missing: str
) -> None:
    (tmp_path / missing).unlink()
    found = attach.probe(sys.executable, machine)
    assert found.how == "broken" and f"'{tmp_path / missing}' is missing" in found.why


def test_no_byte_code_is_left_in_the_vendors_folder(machine: Machine, tmp_path: Path) -> None:
    vendors(machine, "def scriptapp(name):\n    return None\n")
    attach.probe(sys.executable, machine)
    assert [path.name for path in (tmp_path / "api").rglob("*") if path.is_file()] == [
        "DaVinciResolveScript.py"
    ]


def test_windows_is_told_which_python_to_load() -> None:
    told = attach.variables(Machine("win32", {}, "C:\\Users\\zoe"))
    assert told["FUSION_PYTHON3_HOME"] == sys.base_prefix
    assert told["RESOLVE_SCRIPT_LIB"].endswith("fusionscript.dll")
    assert "FUSION_PYTHON3_HOME" not in attach.variables(Machine("linux", {}, "/home/zoe"))


@pytest.mark.parametrize(("code", "number"), [(-11, "signal 11"), (0xC0000005, "0xc0000005"), (1, "1")])
def test_how_it_ended_is_said_as_each_system_counts(code: int, number: str) -> None:
    assert f"({number}, 'last words')" in attach._read(code, b"", b"first\nlast words\n").why
