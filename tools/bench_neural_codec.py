"""The codec at its published size on random weights: ours against transformers' `EncodecModel`.

Each runs in a process of its own, in turns, best of three, so that peak memory is its own and a busy machine
slows all. Needs [cpu], [neural], [export] and [hf].

python -m tools.bench_neural_codec
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

from hitpoint.engine.models.codec_state import random_codec_state
from hitpoint.engine.models.config import FRAME_RATE, CodecConfig

Row = tuple[str, str, str]

_CONFIG = CodecConfig()
_SECONDS = 30
_LONG_SECONDS = 300
_ROUNDS = 3
_WEIGHTS = "codec.safetensors"
_MB = 2**20


@dataclass(frozen=True)
class Measured:
    """One child: seconds of work for a second of music (nothing loaded in it), and the process's peak."""

    cost: float
    peak_mb: float


def rows() -> Iterable[Row]:
    """The table: what, measured, wanted."""
    from safetensors.numpy import save_file

    from hitpoint.engine.models.graphs.codec import export_codec

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = random_codec_state(_CONFIG, 1)
        save_file(state, folder / _WEIGHTS)
        export_codec(_CONFIG, state, folder)
        best: dict[str, Measured] = {}
        floor = 1e9
        for _ in range(_ROUNDS):
            floor = min(floor, _floor(state))
            for kind in _KINDS:
                found = _in_child(kind, folder, _SECONDS)
                if kind not in best or found.cost < best[kind].cost:
                    best[kind] = found
        long = _in_child("decode onnx", folder, _LONG_SECONDS)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    what = f"codec, {_SECONDS} s of music, {cores} cores"
    for kind, found in best.items():
        yield f"{what}: {kind}", f"{found.cost:.3f} s/s", ""
        yield f"{what}: {kind}, peak", f"{found.peak_mb:.0f} MB", ""
    ours = best["decode onnx"]
    ratio = best["decode transformers"].cost / ours.cost
    yield f"{what}: decode, transformers / ONNX", f"{ratio:.2f} x", "at least 1.8"
    ratio = best["encode transformers"].cost / best["encode onnx"].cost
    yield f"{what}: encode, transformers / ONNX", f"{ratio:.2f} x", ""
    yield f"{what}: decode onnx / reading the LSTM once a step", f"{ours.cost / floor:.1f} x", ""
    yield f"codec, {_LONG_SECONDS} s of music: decode onnx", f"{long.cost:.3f} s/s", ""
    yield f"codec, {_LONG_SECONDS} s of music: decode onnx, peak", f"{long.peak_mb:.0f} MB", "under 600"
    more = long.peak_mb - ours.peak_mb
    yield f"codec, {_LONG_SECONDS} s after {_SECONDS} s: decode onnx, peak", f"{more:+.0f} MB", "flat"


def _in_child(kind: str, folder: Path, seconds: int) -> Measured:
    command = [sys.executable, "-m", "tools.bench_neural_codec", kind, str(folder), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _child(kind: str, folder: Path, seconds: int) -> Measured:
    random = np.random.Generator(np.random.Philox(7))
    codes = random.integers(0, _CONFIG.cardinality, (_CONFIG.codebooks, FRAME_RATE * seconds))
    sound = 0.3 * random.standard_normal((_CONFIG.sample_rate * seconds, 1)).astype(np.float32)
    run = _KINDS[kind](folder, codes, sound)
    begin = time.perf_counter()
    run()
    return Measured((time.perf_counter() - begin) / seconds, _peak_mb())


Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Run = Callable[[], object]


def _decode_onnx(folder: Path, codes: Ints, sound: Floats) -> Run:
    from hitpoint.engine.models.runtime.codec import Codec

    codec = Codec(folder, _CONFIG, device="cpu")
    # The session opens with the first piece.
    for _ in codec.decode(codes[:, :50]):
        pass

    def run() -> None:
        for _ in codec.decode(codes):
            pass

    return run


def _encode_onnx(folder: Path, codes: Ints, sound: Floats) -> Run:
    from hitpoint.engine.models.runtime.codec import Codec

    codec = Codec(folder, _CONFIG, device="cpu")
    codec.encode(sound[:32_000])
    return lambda: codec.encode(sound)


def _decode_torch(folder: Path, codes: Ints, sound: Floats) -> Run:
    import torch

    network = _torch_network(folder)
    network.decode(torch.from_numpy(codes[None, :, :50]))
    return lambda: network.decode(torch.from_numpy(codes[None]))


def _encode_torch(folder: Path, codes: Ints, sound: Floats) -> Run:
    import torch

    network = _torch_network(folder)
    given = torch.from_numpy(sound.T[None].copy())
    network.encode(given[..., :32_000])
    return lambda: network.encode(given)


def _decode_transformers(folder: Path, codes: Ints, sound: Floats) -> Run:
    import torch

    model = _transformers_network(folder)
    model.decode(torch.from_numpy(codes[None, None, :, :50]), [None])
    return lambda: model.decode(torch.from_numpy(codes[None, None]), [None])


def _encode_transformers(folder: Path, codes: Ints, sound: Floats) -> Run:
    import torch

    model = _transformers_network(folder)
    given = torch.from_numpy(sound.T[None].copy())
    bandwidth = model.config.target_bandwidths[0]
    model.encode(given[..., :32_000], bandwidth=bandwidth)
    return lambda: model.encode(given, bandwidth=bandwidth)


_KINDS: dict[str, Callable[[Path, Ints, Floats], Run]] = {
    "decode transformers": _decode_transformers,
    "decode torch": _decode_torch,
    "decode onnx": _decode_onnx,
    "encode transformers": _encode_transformers,
    "encode torch": _encode_torch,
    "encode onnx": _encode_onnx,
}


def _torch_network(folder: Path) -> Any:
    from safetensors.numpy import load_file

    from hitpoint.engine.models.net.codec import load_codec

    return load_codec(_CONFIG, load_file(folder / _WEIGHTS))


def _transformers_network(folder: Path) -> Any:
    import torch
    from safetensors.torch import load_file
    from transformers import EncodecConfig, EncodecModel

    names = EncodecConfig(
        target_bandwidths=[2.2],
        sampling_rate=_CONFIG.sample_rate,
        audio_channels=1,
        hidden_size=_CONFIG.hidden,
        codebook_dim=_CONFIG.hidden,
        codebook_size=_CONFIG.cardinality,
        num_filters=_CONFIG.filters,
        upsampling_ratios=list(_CONFIG.ratios),
        use_causal_conv=False,
        use_conv_shortcut=False,
    )
    model = EncodecModel(names)
    model.load_state_dict(load_file(folder / _WEIGHTS), strict=True)
    torch.set_grad_enabled(False)
    return model.eval()


def _floor(state: dict[str, Floats]) -> float:
    """Seconds for a second of music to read the LSTM's recurrent weights once a step, the least there is."""
    read = sum(value.nbytes for key, value in state.items() if "decoder" in key and ".weight_hh" in key)
    matrix = np.ones((4096, 8192), np.float32)
    vector = np.ones(8192, np.float32)
    best = 1e9
    for _ in range(9):
        begin = time.perf_counter()
        matrix @ vector
        best = min(best, time.perf_counter() - begin)
    return FRAME_RATE * read * best / matrix.nbytes


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss, which a child takes over from its parent.
        return int(re.findall(r"VmHWM:\s+(\d+)", status.read_text(encoding="utf-8"))[0]) * 1024 / _MB
    import resource

    # In bytes on macOS, the only other system that has it.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(vars(_child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))))
    else:
        for what, measured, wanted in rows():
            print(f"{what:72} {measured:>12}  {wanted}", flush=True)
