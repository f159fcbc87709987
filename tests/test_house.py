"""Rules of the house that a machine can keep."""

from __future__ import annotations

import ast

import pytest

import layers

# A file that has outgrown this holds more than one idea.
MOST_LINES = 450


def test_no_file_has_outgrown_one_idea() -> None:
    tests = [path for path in (layers.ROOT / "tests").rglob("*.py")]
    long = {
        str(path.relative_to(layers.ROOT)): lines
        for path in [path for _, path in layers.modules()] + tests
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


MODULES = dict(layers.modules())
# Sound on its way from the sampler to the finish lies in a folder that is thrown away: nothing durable is
# wanted.
WORK_FILES = {"hitpoint.engine.audio.wav", "hitpoint.engine.audio.finish", "hitpoint.engine.sketch.render"}


@pytest.mark.parametrize(
    "module", sorted(name for name in MODULES if "engine.store" not in name and name not in WORK_FILES)
)
def test_files_are_written_through_the_durable_door_only(module: str) -> None:
    source = MODULES[module].read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        assert name not in {"write_text", "write_bytes"}, f"{module} line {node.lineno}"
        modes = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
        modes += [key.value.value for key in node.keywords if isinstance(key.value, ast.Constant)]
        writes = [
            mode for mode in modes if isinstance(mode, str) and len(mode) <= 3 and set(mode) & set("wax+")
        ]
        assert name != "open" or not writes, f"{module} line {node.lineno} opens a file for writing"
