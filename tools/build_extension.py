"""`python -m tools.build_extension [FOLDER]`: Blender's extension, checked by Blender's own validator where a
`bpy` is there: in .venv-blender (make test-blender).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hitpoint.plugin.hosts.blender.extension import build_extension

_PROGRAM = "scripts/addons_core/bl_pkg/cli/blender_ext.py"


def validators() -> list[tuple[str, str]]:
    """(Python, Blender's own program for extensions) of each `bpy` of this checkout."""
    found = []
    for python in sorted(Path(".venv-blender").glob("*/bin/python")):
        site = python.parents[1] / "lib"
        found += [(str(python), str(path)) for path in site.glob(f"python3*/site-packages/bpy/*/{_PROGRAM}")]
    return found


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    folder.mkdir(parents=True, exist_ok=True)
    built = build_extension(folder)
    print(built)
    for python, program in validators():
        done = subprocess.run([python, program, "validate", str(built)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"Blender refuses the extension: {done.stdout}{done.stderr}")
        print(f"valid for {Path(python).parents[1].name}")


if __name__ == "__main__":
    main()
