"""Whole runs of `hitpoint score` with models of random weights, in processes of their own, for benchmarks."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hitpoint.engine.models.config import ModelConfig, Precision

HOME = Path("out") / "bench-home"


@dataclass(frozen=True)
class Ran:
    wall_s: float
    peak_mb: float
    report: dict[str, Any]


def installed(name: str, config: ModelConfig, precisions: tuple[Precision, ...] = ("int8",)) -> Path:
    """The home that holds a random model `name`: made once, in a child, since exporting takes memory."""
    if not (HOME / "data" / "models" / name / "model.json").is_file():
        from hitpoint.engine.serial import pretty

        HOME.mkdir(parents=True, exist_ok=True)
        script = (
            "import json, sys\n"
            "from hitpoint.engine.models.config import ModelConfig\n"
            "from hitpoint.engine.models.importing.random import install_random\n"
            "from hitpoint.engine.serial import from_json\n"
            "config = from_json(ModelConfig, json.load(sys.stdin))\n"
            f"install_random(config, {name!r}, precisions={precisions!r})\n"
        )
        subprocess.run([sys.executable, "-c", script], input=pretty(config), check=True, env=_environment())
    return HOME


def score(film: Path, out: Path, *options: object) -> Ran:
    """One run with the given options of `hitpoint score`."""
    command = [sys.executable, "-m", "hitpoint.plugin.cli", "score", str(film), "-o", str(out), "--json"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tools.neural_runs", *command[1:], *map(str, options)],
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    )
    wall_s = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told = json.loads(done.stdout)
    return Ran(wall_s, told["peak_mb"], told["report"])


def film(seconds: int) -> Path:
    """A made film of that length: moving gradients, a cut every four seconds, no sound."""
    path = HOME / f"film-{seconds}.mp4"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        source = f"testsrc2=size=640x360:rate=24:duration={seconds}"
        turning = "hue=h='90*floor(t/4)':s=1"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-vf", turning, "-g", "24", "-y", path],
            check=True,
        )
    return path


def _environment() -> dict[str, str]:
    return {**os.environ, "HITPOINT_HOME": str(HOME.resolve()), "HITPOINT_DEBUG": "1"}


def _main() -> None:
    """Runs a command as a child and prints its report with the child's peak memory."""
    done = subprocess.run([sys.executable, *sys.argv[1:]], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        sys.exit(done.returncode)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"peak_mb": peak, "report": json.loads(done.stdout)}))


if __name__ == "__main__":
    _main()
