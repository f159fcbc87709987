"""The decoder in ONNX Runtime, MusicGen's small size with guidance: time of a step, beside its floor.

python -m tools.bench_neural_onnx_decoder [fp32 int8]

The floor is the time to read the weights once, at the rate of the best streaming product of this machine and
run; keys and values are not in it. Each precision runs in a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from hitpoint.engine.models.config import SMALL, Precision
from hitpoint.engine.models.runtime.decoder import DECODER_PRECISIONS, OnnxDecoder
from hitpoint.engine.models.state import decoder_shapes, random_state
from hitpoint.engine.models.step import Condition

Row = tuple[str, str, str]

_LENGTH = 1504
_REACHED = (64, 512, 752, 1024, 1470)
_STEPS = 20
_PROMPT = 600
_FRAMES = 30
_BITS = {"fp32": 32, "int8": 8 + 32 / 128}


def rows(precisions: Sequence[Precision] = DECODER_PRECISIONS) -> Iterable[Row]:
    from hitpoint.engine.models.graphs.decoder import export_decoder

    rate = bandwidth()
    yield "best streaming product, float32", f"{rate / 1e9:.1f} GB/s", ""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        state = random_state(decoder_shapes(SMALL), 0)
        for precision in precisions:
            export_decoder(SMALL, state, Path(folder), precision)
        del state
        for precision in precisions:
            with context.Pool(1) as pool:
                yield from pool.apply(_measured, (folder, precision, rate))


def bandwidth() -> float:
    """Bytes a second of a product of one vector with 400 MB of matrices: the best of several."""
    matrices = [np.ones((4096, 1024), np.float32) for _ in range(24)]
    vector = np.ones(1024, np.float32)
    seconds = []
    for _ in range(12):
        start = time.perf_counter()
        for matrix in matrices:
            matrix @ vector
        seconds.append(time.perf_counter() - start)
    return sum(matrix.nbytes for matrix in matrices) / min(seconds)


def weights_read() -> int:
    """Numbers of the matrices that a step reads: all but embeddings and the memory's projections."""
    shapes = decoder_shapes(SMALL)
    read = sum(
        int(np.prod(shape)) for key, shape in shapes.items() if len(shape) == 2 and not key.startswith("emb.")
    )
    return read - 2 * SMALL.layers * SMALL.dim**2


def _measured(folder: str, precision: Precision, rate: float) -> list[Row]:
    floor_ms = 1000 * weights_read() * _BITS[precision] / 8 / rate
    out = [(f"{precision}: floor of a step", f"{floor_ms:.1f} ms", "")]
    random = np.random.Generator(np.random.Philox(0))
    memory = random.standard_normal((SMALL.layers, 2, 1, _FRAMES, SMALL.dim)).astype(np.float32)
    tokens = random.integers(0, SMALL.cardinality, (2, SMALL.codebooks, _LENGTH))
    decoder = OnnxDecoder(Path(folder), SMALL, precision)
    decoder.begin(Condition(temporal_kv=memory), candidates=1, guided=True, length=_LENGTH)
    at = 0
    for reached in _REACHED:
        decoder.feed(tokens[:1, :, at:reached])
        at = reached + _STEPS
        median_ms, best_ms = _steps(decoder, tokens[:1, :, reached:at])
        target = "<= 3.0 x floor" if reached <= 512 else ""
        if precision == "int8" and reached == 752:
            target = "20 ms (real time)"
        measured = f"{median_ms:.1f} ms, {median_ms / floor_ms:.2f} x"
        out.append((f"{precision}: step at {reached} positions (best {best_ms:.1f})", measured, target))
    out.append((f"{precision}: peak of the process, 30 s", f"{_peak_mb():.0f} MB", "int8 < 1024 MB"))
    decoder.begin(Condition(temporal_kv=memory), candidates=2, guided=True, length=_LENGTH)
    start = time.perf_counter()
    decoder.feed(tokens[..., :_PROMPT])
    seconds = time.perf_counter() - start
    out.append((f"{precision}: prompt of {_PROMPT} positions, 2 candidates", f"{seconds:.1f} s", ""))
    median_ms, best_ms = _steps(decoder, tokens[..., _PROMPT : _PROMPT + _STEPS])
    what = f"{precision}: step at {_PROMPT}, 2 candidates (best {best_ms:.1f})"
    out.append((what, f"{median_ms:.1f} ms, {median_ms / floor_ms:.2f} x", ""))
    decoder.close()
    return out


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss, which a child takes over from its parent.
        return int(re.findall(r"VmHWM:\s+(\d+)", status.read_text(encoding="utf-8"))[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def _steps(decoder: OnnxDecoder, tokens: np.ndarray) -> tuple[float, float]:
    times_ms = []
    for index in range(tokens.shape[-1]):
        start = time.perf_counter()
        decoder.feed(tokens[..., index : index + 1])
        times_ms.append(1000 * (time.perf_counter() - start))
    return statistics.median(times_ms), min(times_ms)


if __name__ == "__main__":
    chosen = [precision for precision in DECODER_PRECISIONS if precision in sys.argv]
    for what, measured, target in rows(chosen or DECODER_PRECISIONS):
        print(f"{what:58} {measured:>20}  {target}", flush=True)
