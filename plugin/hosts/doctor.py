"""What is wrong between an editor's program and the engine, and what to do: findings, one sentence each.
Standard library only.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...engine.manifest import version
from ...engine.worker import life
from .note import note_path, read_note

# Whether it is well, and the sentence: what to do where it is not.
Finding = tuple[bool, str]

# What the host's side was tried with.
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
_LITTLE_ROOM = 5 << 30
_ASK_S = 60.0
_QUESTION = (
    "import json; from importlib.util import find_spec; from hitpoint.engine.manifest import version; "
    "print(json.dumps([version(), find_spec('PyQt6') is not None]))"
)


@dataclass(frozen=True, slots=True)
class _Engine:
    version: str
    has_panel: bool


def engine_findings(host: str, *, panel_needed: bool) -> Iterator[Finding]:
    """The engine's environment as `host` will start it."""
    again = f"run 'hitpoint hosts install {host}' again"
    note = read_note()
    if note is None:
        what = "cannot be read" if note_path().exists() else "is not there"
        yield False, f"the note of the engine's Python '{note_path()}' {what}: {again}"
        return
    if not Path(note.python).is_file():
        yield False, f"the engine's Python '{note.python}' is gone: {again} from the environment you use now"
        return
    engine = _ask(note.python)
    if isinstance(engine, str):
        yield False, f"the engine's Python '{note.python}' does not run Hitpoint ({engine}): {again}"
    elif engine.version != version():
        yield (
            False,
            f"the engine in '{note.python}' is Hitpoint {engine.version}, and this is {version()}: {again} "
            "from the environment you use",
        )
    else:
        yield True, f"the engine's Python '{note.python}' runs Hitpoint {engine.version}"
        if not engine.has_panel:
            yield (
                not panel_needed,
                "the panel's parts are not in that environment: run "
                f"'{note.python}' -m pip install 'hitpoint[panel]'",
            )


def media_findings(folder: Path) -> Iterator[Finding]:
    """Whether timelines and stems can be written where they go; nothing is left there."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"hitpoint")
            file.flush()
    except OSError as error:
        yield (
            False,
            f"the folder for timelines and stems '{folder}' cannot be written ({error.strerror}): give "
            "yourself the right to",
        )
        return
    free = shutil.disk_usage(there).free
    if free < _LITTLE_ROOM:
        yield False, f"only {free / 1e9:.1f} GB are free for timelines and stems in '{folder}': free some"
    else:
        yield True, f"'{folder}' can be written, {free / 1e9:.0f} GB are free there"


def python_version(program: Path) -> tuple[int, int] | None:
    """(3, 11); None where it does not run."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = _run(program, code)
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def python_finding(found: tuple[int, int], where: str) -> Finding:
    """Whether a host may run our side in a Python of that version; `where` names it."""
    text = f"{found[0]}.{found[1]}"
    if found < OLDEST_PYTHON:
        return False, f"{where} is Python {text}, and Hitpoint needs 3.10 to 3.13 there: install 3.12"
    if found > NEWEST_PYTHON:
        return (
            False,
            f"{where} is Python {text}, newer than Hitpoint was tried with: install 3.12 and have it used",
        )
    return True, f"{where} is Python {text}"


def host_python(prefix: str, modules: frozenset[str]) -> str:
    """Which program the running Python belongs to, "" for one of its own. `prefix` is sys.base_prefix,
    `modules` the names that can be imported among those that only programs have."""
    path = Path(prefix)
    if "bpy" in modules or (path.name == "python" and (path.parent / "scripts" / "startup").is_dir()):
        return "Blender"
    if "fusionscript" in modules or any(part.lower() in _RESOLVE_PARTS for part in path.parts):
        return "DaVinci Resolve"
    return ""


_RESOLVE_PARTS = {"davinci resolve", "davinci resolve.app", "blackmagic design"}


def running_in() -> str:
    """Which program this very Python belongs to, "" for one of its own."""
    from importlib.util import find_spec

    known = frozenset(name for name in ("bpy", "fusionscript") if find_spec(name) is not None)
    return host_python(sys.base_prefix, known)


def _ask(python: str) -> _Engine | str:
    """What the engine's environment says of itself; the last line of its complaint where it cannot."""
    try:
        done = _run(python, _QUESTION)
        told, has_panel = json.loads(done.stdout)
        return _Engine(str(told), bool(has_panel))
    except subprocess.TimeoutExpired:
        return f"no answer within {_ASK_S:g} s"
    except OSError as error:
        return error.strerror or str(error)
    except ValueError:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else f"it ended with {done.returncode}"


def _run(python: str | Path, code: str) -> subprocess.CompletedProcess[bytes]:
    """`code` in a child that may crash. OSError, TimeoutExpired."""
    return subprocess.run(
        [python, "-I", "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_ASK_S,
        check=False,
        env=life.clean_environment(),
    )
