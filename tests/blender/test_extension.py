"""The built extension in real Blenders: put there by Blender's own installer, on and off, and taken away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blenders import Outcome, blenders, run
from hitpoint.engine.style import style_names
from hitpoint.plugin.hosts.blender.extension import build_extension, extension_files

pytestmark = pytest.mark.blender

LIFE = Path(__file__).parent / "programs" / "life.py"
PROGRAM = "scripts/addons_core/bl_pkg/cli/blender_ext.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_extension(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module", params=sorted(blenders()))
def life(
    request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, Path]:
    profile = tmp_path_factory.mktemp("profile")
    outcome = run(blenders()[request.param], LIFE, profile, str(built), sys.executable)
    assert outcome.code == 0, outcome.said
    return outcome, profile


def told(outcome: Outcome, key: str) -> list[Any]:
    return [facts[key] for facts in outcome.told if key in facts]


def test_it_is_enabled_and_disabled_whole_and_twice(life: tuple[Outcome, Path]) -> None:
    outcome, _ = life
    assert [all(there) for there in told(outcome, "enabled")] == [True] * 4
    assert [any(there) for there in told(outcome, "disabled")] == [False, False, False]
    assert told(outcome, "uninstalled") == [["FINISHED"]]


def test_it_brings_nothing_into_blenders_python_but_itself(life: tuple[Outcome, Path]) -> None:
    outcome, _ = life
    (loaded,) = told(outcome, "loaded")
    # The first two are what Blender itself has extensions with.
    assert set(loaded) <= {"_bpy_internal", "bl_pkg", "bl_ext"}


def test_nothing_runs_until_the_side_bar_is_drawn_or_when_it_is_disabled(
    life: tuple[Outcome, Path],
) -> None:
    outcome, _ = life
    assert told(outcome, "timers") == [False, True, False, False]


def test_without_an_engine_the_side_bar_says_what_to_do(life: tuple[Outcome, Path]) -> None:
    outcome, _ = life
    (said,) = told(outcome, "without_engine")
    assert "hitpoint hosts install blender" in " ".join(said)


def test_the_side_bar_has_what_can_be_asked(life: tuple[Outcome, Path]) -> None:
    outcome, _ = life
    (asked,) = told(outcome, "asked")
    assert {"hitpoint.score", "hitpoint.seed", "hitpoint.open_panel"} <= set(asked)
    (said,) = told(outcome, "with_engine")
    assert {"Generator", "Style", "Mood", "Seed"} <= set(said)
    assert "not installed" not in " ".join(said)


def test_generators_and_styles_are_the_engines(life: tuple[Outcome, Path]) -> None:
    outcome, _ = life
    (styles,) = told(outcome, "styles")
    assert styles == ["auto", *style_names()]
    (models,) = told(outcome, "models")
    assert models[:2] == ["auto", "sketch"]
    (missing,) = told(outcome, "missing")
    assert all("hitpoint models" in why for why in missing.values())


def test_nothing_is_fetched_without_leave(life: tuple[Outcome, Path]) -> None:
    outcome, _ = life
    assert told(outcome, "online") == [False]


def test_uninstalling_leaves_nothing_of_it(life: tuple[Outcome, Path]) -> None:
    _, profile = life
    assert not (profile / "blender" / "extensions" / "user_default" / "hitpoint").exists()


@pytest.mark.parametrize("series", sorted(blenders()))
def test_blenders_own_program_takes_it_and_builds_the_same(series: str, tmp_path: Path, built: Path) -> None:
    python = Path(blenders()[series])
    (program,) = (python.parents[1] / "lib").glob(f"python3*/site-packages/bpy/{series}/{PROGRAM}")
    source = tmp_path / "source"
    for name, data in extension_files().items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    for words in (
        ["validate", str(built)],
        ["validate", str(source)],
        ["build", "--source-dir", str(source), "--output-dir", str(tmp_path)],
    ):
        done = subprocess.run([python, program, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    (theirs,) = tmp_path.glob("*.zip")
    import zipfile

    names = {name for name in zipfile.ZipFile(theirs).namelist() if not name.endswith("/")}
    assert names == set(zipfile.ZipFile(built).namelist())
