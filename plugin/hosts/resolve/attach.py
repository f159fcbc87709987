"""The road by which a process of ours finds a running DaVinci Resolve Studio: the vendor's module, loaded
into a process of its own, since the library below it has been seen to crash. Standard library only.

    python -I -B -m hitpoint.plugin.hosts.resolve.attach            answers host calls on its stdin and stdout
    python -I -B -m hitpoint.plugin.hosts.resolve.attach --probe    says whether that would work, and ends
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from ....engine.errors import HitpointError
from ....engine.worker import life
from ....engine.worker.channel import own_stdio
from ..base import HostError
from ..machine import Machine, this_machine
from . import places

_MODULE = "hitpoint.plugin.hosts.resolve.attach"
_PROBE = "--probe"
# Loading the library and asking for the version takes a second or two; a dialog in Resolve holds it.
_PROBE_S = 20.0
_SETTING = "Preferences > System > General > External scripting using"


class _Answers(Protocol):
    """The two calls that every edition of Resolve answers."""

    def GetProductName(self) -> str: ...
    def GetVersionString(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Probe:
    """What a throw-away process found.

    how     open     Resolve answers, and is `title`
            quiet    all is there, and nobody answers
            broken   a file is missing, or the library does not run here
    why     one sentence with what to do, "" where it is open
    """

    how: Literal["open", "quiet", "broken"]
    why: str = ""
    title: str = ""


def words(python: str) -> list[str]:
    """What starts the process that answers; `python` is the engine's own interpreter."""
    # -B: no byte code is left in the vendor's folder.
    return [python, "-I", "-B", "-m", _MODULE]


def why_not(python: str = sys.executable) -> str:
    """Why this road is closed, one sentence with what to do; "" where it is open. May take seconds."""
    return probe(python, this_machine()).why


def probe(python: str, machine: Machine) -> Probe:
    """Try it in a process that may crash. Whatever goes wrong is the answer."""
    missing = files_missing(machine)
    if missing:
        return Probe("broken", missing)
    try:
        done = subprocess.run(
            [*words(python), _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_S,
            check=False,
            env=life.clean_environment() | variables(machine),
        )
    except subprocess.TimeoutExpired:
        return Probe(
            "quiet", f"DaVinci Resolve did not answer within {_PROBE_S:g} s: is a dialog open there?"
        )
    except OSError as error:
        return Probe("broken", f"'{python}' could not be started ({error.strerror}): install Hitpoint again")
    return _read(done.returncode, done.stdout, done.stderr)


def files_missing(machine: Machine) -> str:
    """Which of the vendor's files this road lacks, and what to do; "" where they are there."""
    module = Path(places.script_api(machine) / "Modules" / "DaVinciResolveScript.py")
    for path, variable in (
        (module, "RESOLVE_SCRIPT_API"),
        (places.script_lib(machine), "RESOLVE_SCRIPT_LIB"),
    ):
        if not Path(path).is_file():
            how = "the variable names it" if machine.environ.get(variable) else f"or set {variable}"
            return (
                f"Resolve's scripting file '{path}' is missing: install DaVinci Resolve from "
                f"blackmagicdesign.com ({how})"
            )
    return ""


def variables(machine: Machine) -> dict[str, str]:
    """What the vendor's module reads, for a child of ours."""
    told = {
        "RESOLVE_SCRIPT_API": str(places.script_api(machine)),
        "RESOLVE_SCRIPT_LIB": str(places.script_lib(machine)),
    }
    if machine.system == "win32":
        # Its library loads the Python that this names, and crashes in any other.
        told["FUSION_PYTHON3_HOME"] = sys.base_prefix
    return told


def connect(environ: Mapping[str, str]) -> _Answers | None:
    """Resolve by the vendor's module, in this process; None where none answers. ImportError where the module
    or its library cannot be loaded."""
    modules = os.fspath(Path(environ["RESOLVE_SCRIPT_API"]) / "Modules")
    if modules not in sys.path:
        sys.path.append(modules)
    module: Any = importlib.import_module("DaVinciResolveScript")
    found: _Answers | None = module.scriptapp("Resolve")
    return found


def main(arguments: list[str], environ: MutableMapping[str, str]) -> int:
    """The process itself. 0; 1 where no Resolve answers, then a sentence is on stderr."""
    reads, writes = own_stdio()
    # A call into the library may hold us for as long as it likes.
    life.die_with_parent(os.getppid())
    environ.update(variables(this_machine()))
    resolve = None
    try:
        resolve = connect(environ)
        found = Probe("open") if resolve is not None else Probe("quiet", _unanswered())
    except ImportError as error:
        found = Probe("broken", f"Resolve's scripting library cannot be loaded ({error}): {_other_python()}")
    if arguments == [_PROBE]:
        if resolve is not None:
            title = f"{resolve.GetProductName()} {resolve.GetVersionString()}"
            found = replace(found, title=title)
        os.write(writes, json.dumps(asdict(found)).encode())
        return 0
    if resolve is None:
        sys.stderr.write(f"hitpoint: {found.why}\n")
        return 1
    return _serve(resolve, reads, writes)


def _serve(resolve: Any, reads: int, writes: int) -> int:
    from ..serving import Answering
    from .starting import StartedHost

    try:
        host = StartedHost(resolve, folder="", road="attach")
        try:
            Answering(host, reads, writes).serve_forever()
        finally:
            host.close()
    except (HostError, HitpointError) as error:
        sys.stderr.write(f"hitpoint: {error}\n")
        return 1
    return 0


def _read(code: int, out: bytes, complaints: bytes) -> Probe:
    last = complaints.decode(errors="replace").strip().splitlines()[-1:]
    if code:
        # Windows: 3221225477 is 0xC0000005, an access violation.
        number = f"signal {-code}" if code < 0 else f"{code & 0xFFFFFFFF:#x}" if code > 255 else str(code)
        said = f", '{last[0][:200]}'" if last else ""
        why = f"Resolve's scripting library ended the process that tried it ({number}{said})"
        return Probe("broken", f"{why}: {_other_python()}")
    try:
        told = json.loads(out)
        return Probe(told["how"], str(told["why"]), str(told["title"]))
    except (ValueError, KeyError, TypeError):
        return Probe(
            "broken", "Resolve's scripting library answered without sense: start Resolve again, then this"
        )


def _unanswered() -> str:
    return (
        f"no DaVinci Resolve Studio answers: start it, and set {_SETTING} to Local; the free edition answers "
        "only scripts that its own menu starts: Workspace > Scripts > hitpoint"
    )


def _other_python() -> str:
    return (
        "it wants another Python than "
        f"{sys.version_info.major}.{sys.version_info.minor}: make the engine's environment with Python 3.11 "
        "or 3.12, or start Hitpoint from Resolve's own menu"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
