"""GVMGen's encoder (ViT-L/14@336, Q-Former) at its published size on random weights: torch, ONNX Runtime.

Each runs in a process of its own with one thread, in turns, best of three; time is what its core spent, so
that a busy machine does not count. The floor is the time of the frame's multiplications at the rate of one
large float32 matrix product of torch in the same process.

python -m tools.bench_neural encoder
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hitpoint.engine.models.config import SMALL, CodecConfig, ModelConfig, Precision, VisualConfig
from hitpoint.engine.models.state import VISUAL, model_shapes, random_state

Row = tuple[str, str, str]
Floats = npt.NDArray[np.float32]

_VISUAL = VisualConfig()
_CONFIG = ModelConfig("gvmgen", SMALL, CodecConfig(), _VISUAL)
_ROUNDS = 3
_TIMES = 2
_FRAMES = 2
_WEIGHTS = "weights.safetensors"
_TARGETS: dict[Precision, str] = {"fp32": "at least 2 x", "int8": "at least 5 x"}
_KINDS = ("torch", *_TARGETS)


@dataclass(frozen=True)
class Measured:
    """One child: a frame's time on one core, what the process grew by, and the rows it made."""

    frame_ms: float
    grown_mb: float
    kept_mb: float
    floor_ms: float
    rows: Floats


def rows() -> Iterable[Row]:
    """The table: what, measured, wanted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", __spec__.name, "export", name], check=True)
        best: dict[str, Measured] = {}
        for _ in range(_ROUNDS):
            for kind in _KINDS:
                found = _child(kind, folder)
                if kind not in best or found.frame_ms < best[kind].frame_ms:
                    best[kind] = found
    torch = best["torch"]
    floor = f"{torch.frame_ms:.0f} ms, {torch.frame_ms / torch.floor_ms:.2f} x floor"
    yield "encoder L/14@336, torch fp32: a frame on one core", floor, ""
    for precision, target in _TARGETS.items():
        found = best[precision]
        label = f"encoder L/14@336, ONNX {precision}"
        yield f"{label}: a frame on one core", f"{found.frame_ms:.0f} ms", ""
        yield f"{label}: over torch fp32", f"{torch.frame_ms / found.frame_ms:.2f} x", target
        memory = f"{found.grown_mb:.0f} MB, {found.kept_mb:.0f} MB"
        yield f"{label}: memory it adds at its peak, and while it runs", memory, ""
        cosine = float((found.rows * torch.rows).sum())
        cosine /= float(np.linalg.norm(found.rows) * np.linalg.norm(torch.rows))
        most = float(np.abs(found.rows - torch.rows).max())
        yield f"{label}: against torch, cosine and largest difference", f"{cosine:.6f}, {most:.1e}", ""


def _child(kind: str, folder: Path) -> Measured:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HITPOINT_THREADS": "1"}
    command = [sys.executable, "-m", __spec__.name, kind, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told = json.loads(done.stdout.splitlines()[-1])
    frame_ms, grown_mb, kept_mb, floor_ms = told
    return Measured(frame_ms, grown_mb, kept_mb, floor_ms, np.load(folder / f"{kind}.npy"))


def _measure(kind: str, folder: Path) -> None:
    random = np.random.Generator(np.random.Philox(1))
    frames = random.standard_normal((_FRAMES, 3, _VISUAL.image, _VISUAL.image), np.float32)
    run = _torch(folder) if kind == "torch" else _onnx(folder, kind)
    before = _memory_mb("VmRSS")
    found = run(frames)
    best = float("inf")
    for _ in range(_TIMES):
        start = time.process_time()
        found = run(frames)
        best = min(best, (time.process_time() - start) / _FRAMES)
    np.save(folder / f"{kind}.npy", found)
    grown, kept = _memory_mb("VmHWM") - before, _memory_mb("VmRSS") - before
    floor = _floor_s() if kind == "torch" else 0.0
    print(json.dumps([1000 * best, grown, kept, 1000 * floor]))


def _onnx(folder: Path, precision: Any) -> Callable[[Floats], Floats]:
    import onnxruntime  # noqa: F401  its own weight is not the encoder's

    from hitpoint.engine.models.runtime.encoder import PictureEncoder

    # Opened with the first frame, and so counted.
    return PictureEncoder(folder, precision, "cpu").memory


def _torch(folder: Path) -> Callable[[Floats], Floats]:
    import torch
    from safetensors.numpy import load_file

    from hitpoint.engine.models.net.visual import load_visual

    torch.set_num_threads(1)
    encoder = load_visual(_CONFIG, load_file(folder / _WEIGHTS))

    def run(frames: Floats) -> Floats:
        with torch.inference_mode():
            found: Floats = torch.cat(
                [encoder(one[None, None])[0] for one in torch.from_numpy(frames)]
            ).numpy()
        return found

    return run


def _floor_s() -> float:
    """A frame's multiplications at the rate of one large product."""
    import torch

    side = 2048
    given = torch.ones(side, side)
    best = float("inf")
    for _ in range(4):
        start = time.process_time()
        torch.mm(given, given)
        best = min(best, time.process_time() - start)
    width, tokens = _VISUAL.width, _VISUAL.tokens
    a_block = 12 * width**2 * tokens + 2 * tokens**2 * width
    patches = (tokens - 1) * width * 3 * _VISUAL.patch**2
    reading = 3 * 2 * width**2 * tokens
    return (_VISUAL.layers * a_block + patches + reading) * best / side**3


def _memory_mb(which: str) -> float:
    found = re.search(rf"{which}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    assert found is not None
    return int(found[1]) / 1024


def _export(folder: Path) -> None:
    from safetensors.numpy import save_file

    from hitpoint.engine.models.graphs.encoder import export_encoder

    shapes = {
        key: shape
        for key, shape in model_shapes(_CONFIG).items()
        if key.startswith(VISUAL) or key.endswith("cross_attention.in_proj_weight")
    }
    state = random_state(shapes, 1)
    save_file(state, folder / _WEIGHTS)
    for precision in _TARGETS:
        export_encoder(_CONFIG, state, folder, precision)


if __name__ == "__main__":
    asked, where = sys.argv[1], Path(sys.argv[2])
    if asked == "export":
        _export(where)
    else:
        _measure(asked, where)
