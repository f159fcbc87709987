"""A converted model where there is no torch: python -m tools.check_cpu FOLDER (see `make test-cpu`).

Scores the demo film with the model `tiny-gvmgen`; fails when anything heavier than the extra [cpu] is there.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from hitpoint.plugin.cli import main as hitpoint
from hitpoint.plugin.demo.film import make_demo

ABSENT = ("torch", "onnx", "transformers", "audiocraft", "demucs")


def main() -> None:
    folder = Path(sys.argv[1])
    present = [name for name in ABSENT if importlib.util.find_spec(name) is not None]
    if present:
        sys.exit(f"this environment has {', '.join(present)}: make one with the extra [cpu] alone")
    film = make_demo(folder / "film", problems=[])
    if hitpoint(["score", str(film), "-o", str(folder / "run"), "--model", "tiny-gvmgen", "--seed", "1"]):
        sys.exit("scoring with the converted model failed")
    report = json.loads((folder / "run" / "report.json").read_text())
    (cue,) = report["cues"]
    loaded = [name for name in ABSENT if name in sys.modules]
    if report["generator"] != "gvmgen" or cue["loudness_lufs"] is None or loaded:
        sys.exit(f"the run was not a neural one without torch: {report['why']}, loaded {loaded}")
    print(f"without torch: {cue['neural']['backend']}, {cue['loudness_lufs']} LUFS")


if __name__ == "__main__":
    main()
