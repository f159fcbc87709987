"""A machine with Resolve on it, in a folder: for what is installed there and looked after."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.resolve import doctor


def tree(*roots: Path) -> dict[str, bytes | None]:
    """All files with their bytes, and all folders."""
    return {
        os.fspath(path): path.read_bytes() if path.is_file() else None
        for root in roots
        for path in sorted(root.rglob("*"))
    }


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def a_machine(folder: Path) -> Machine:
    """Linux with Resolve, its scripting library, and a Python for its scripts."""
    root, home = folder / "root", folder / "home"
    put(root / "opt/resolve/bin/resolve")
    put(root / "opt/resolve/libs/Fusion/fusionscript.so")
    put(root / "opt/resolve/Developer/Scripting/Modules/DaVinciResolveScript.py")
    home.mkdir()
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(sys.executable)
    environ = {"PATH": str(folder / "bin"), "HITPOINT_HOME": str(folder / "ours")}
    return Machine("linux", environ, str(home), str(root))


def wrong(machine: Machine) -> list[str]:
    """What the doctor finds that is not well."""
    return [sentence for well, sentence in doctor.findings(machine) if not well]
