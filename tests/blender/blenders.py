"""The Blenders that the environment names, and programs run inside them: HITPOINT_BLENDERS is
"4.5=/path/python,5.0=/path/python", Pythons that have the module `bpy`.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHECKS = HERE / "checks"
INSIDE = HERE / "inside.py"
# One line of what a program inside says to the tests begins so; Blender itself says a lot.
TOLD = "TOLD "
# A whole file of checks, on a machine that does much else.
_MOST_S = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a program that ran in Blender. `told` is what it told the tests."""

    code: int
    told: tuple[dict[str, Any], ...]
    said: str


def blenders() -> dict[str, str]:
    """Series ("4.5") -> its Python."""
    found = {}
    for entry in filter(None, os.environ.get("HITPOINT_BLENDERS", "").split(",")):
        series, _, python = entry.partition("=")
        found[series.strip()] = python.strip()
    return found


def environment(profile: Path) -> dict[str, str]:
    """Of a Blender with a profile, and a Hitpoint, of its own in folder `profile`."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "HITPOINT_", "BLENDER_"))
    }
    return kept | {
        "BLENDER_USER_RESOURCES": str(profile / "blender"),
        "HITPOINT_HOME": str(profile / "hitpoint"),
    }


def start(
    python: str, script: Path, profile: Path, *words: str, before: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """A program inside Blender's Python; what it tells comes over its stdout, line by line. `before` are the
    words of another program that runs it."""
    profile.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [*before, python, "-W", "error::DeprecationWarning:bpy", str(script), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(profile),
        cwd=profile,
    )


def run(
    python: str,
    script: Path,
    profile: Path,
    *words: str,
    before: Sequence[str] = (),
    most_s: float = _MOST_S,
) -> Outcome:
    """The same to its end; killed after `most_s` seconds."""
    with start(python, script, profile, *words, before=before) as process:
        try:
            said, _ = process.communicate(timeout=most_s)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
    return Outcome(process.returncode, tuple(heard(said)), said)


def heard(said: str) -> list[dict[str, Any]]:
    return [json.loads(line[len(TOLD) :]) for line in said.splitlines() if line.startswith(TOLD)]


def checks_of(path: Path) -> list[str]:
    """The functions of a check file that are checks, in the order in which they stand there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
    ]


@cache
def checked(python: str, path: Path, profile: Path) -> dict[str, str]:
    """Every check of a file, run in one Blender: "" where it passed, else what went wrong. A check that the
    process did not come to is missing."""
    outcome = run(python, INSIDE, profile, str(path))
    results = {one["check"]: str(one["failed"]) for one in outcome.told if "check" in one}
    begun = [one["begins"] for one in outcome.told if "begins" in one]
    for name in begun:
        results.setdefault(name, f"Blender ended with {outcome.code}:\n{outcome.said[-4000:]}")
    results.setdefault("", outcome.said[-4000:])
    return results
