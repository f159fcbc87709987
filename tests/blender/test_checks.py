"""Every check of tests/blender/checks holds in every Blender that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from blenders import CHECKS, blenders, checked, checks_of

pytestmark = pytest.mark.blender

FILES = sorted(path for path in CHECKS.glob("*.py") if checks_of(path))


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profiles")


@pytest.mark.parametrize("series", sorted(blenders()))
@pytest.mark.parametrize(
    ("path", "check"),
    [
        pytest.param(path, check, id=f"{path.stem}-{check.removeprefix('check_')}")
        for path in FILES
        for check in checks_of(path)
    ],
)
def test_it_holds(series: str, path: Path, check: str, profiles: Path) -> None:
    results = checked(blenders()[series], path, profiles / f"{series}-{path.stem}")
    assert check in results, results[""]
    assert not results[check], results[check]


def test_there_are_blenders_to_check_with() -> None:
    assert blenders(), "no Blender is named in HITPOINT_BLENDERS: run this by 'make test-blender'"
    for series, python in blenders().items():
        assert Path(python).is_file(), f"the Python of Blender {series} is not at {python}"
