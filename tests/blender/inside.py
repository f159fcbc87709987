"""Runs the checks of one file inside Blender's Python: `python inside.py FILE [NAME...]`.

Every check begins with an empty scene of 24 frames a second that has a sequencer. A check may take `scene`,
the scene, and `folder`, an empty one. It passes when it returns.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import tempfile
import traceback
import types
import warnings
from pathlib import Path

TOLD = "TOLD "
ROOT = Path(__file__).resolve().parents[2]


def tell(**facts: object) -> None:
    print(TOLD + json.dumps(facts), flush=True)


def have_hitpoint() -> None:
    """The checkout as the package `hitpoint`, with nothing installed."""
    package = types.ModuleType("hitpoint")
    package.__path__ = [str(ROOT)]
    sys.modules["hitpoint"] = package


def main() -> None:
    path, names = Path(sys.argv[1]), sys.argv[2:]
    have_hitpoint()
    sys.path.insert(0, str(path.parent))
    warnings.simplefilter("error", DeprecationWarning)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    failed = 0
    for name, check in list(vars(module).items()):
        if name.startswith("check_") and inspect.isfunction(check) and (not names or name in names):
            tell(begins=name)
            try:
                with tempfile.TemporaryDirectory(prefix="check-") as folder:
                    call(check, Path(folder))
                tell(check=name, failed="")
            except BaseException:  # noqa: BLE001  whatever it was is the check's result
                failed += 1
                tell(check=name, failed=traceback.format_exc())
    sys.exit(failed > 0)


def call(check: types.FunctionType, folder: Path) -> None:
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.sequence_editor_create()
    scene.render.fps, scene.render.fps_base = 24, 1.0
    given = {"scene": scene, "folder": folder, "bpy": bpy}
    check(**{name: given[name] for name in inspect.signature(check).parameters})


if __name__ == "__main__":
    main()
