"""The folders import one way only, and hosts load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import layers


def test_no_module_imports_against_the_layers() -> None:
    found = [
        line
        for module, path in layers.modules()
        for line in layers.violations(
            path.read_text(encoding="utf-8"), module, is_package=path.name == "__init__.py"
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("hitpoint.engine.types", "from ..ui.panel import panel"),
        ("hitpoint.engine.types", "from .. import export"),
        ("hitpoint.engine.plan.plan", "from ...plugin.cli import main"),
        ("hitpoint.export.midi", "from ..plugin import cli"),
        ("hitpoint.ui.panel", "from ..engine.audio.finish import finish"),
        ("hitpoint.ui.panel", "import hitpoint.export.bwf"),
        ("hitpoint.plugin.cli", "from engine.types import Cue"),
        ("hitpoint.plugin.cli", "import export"),
    ],
)
def test_a_planted_import_against_the_layers_is_caught(module: str, planted: str) -> None:
    assert layers.violations(planted, module)


@pytest.mark.parametrize(
    ("module", "lawful"),
    [
        ("hitpoint.ui.panel", "from ..engine.types import Cue"),
        ("hitpoint.export.midi", "from ..engine.types import Plan"),
        ("hitpoint.plugin.cli", "from ..export.midi import write_midi"),
    ],
)
def test_a_lawful_import_passes(module: str, lawful: str) -> None:
    assert layers.violations(lawful, module) == []


def test_light_modules_load_the_standard_library_only() -> None:
    names = sorted(
        name for name in layers.LIGHT if (layers.ROOT / (name[9:].replace(".", "/") + ".py")).exists()
    )
    code = (
        "import sys, importlib\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "heavy = {'numpy', 'scipy', 'torch', 'onnxruntime', 'PyQt6', 'opentimelineio', 'av', 'cv2'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
