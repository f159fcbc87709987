"""GVMGen's encoder in ONNX Runtime: pictures to memory, memory to the decoder's keys and values."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...store.identity import sha256_file
from ..config import Precision
from .session import Device, graph_path, open_session, return_memory

if TYPE_CHECKING:
    import onnxruntime

Floats = npt.NDArray[np.float32]

# Frames a run. On a CPU one frame fills the matrix products (577 rows), more only cost memory (40 MB each),
# and in int8 a row would depend on the frames beside it: inputs are scaled by the largest of the run.
_CPU_FRAMES = 1
_GPU_FRAMES = 8
# Below zero: without a time.
_UNTIMED = np.float32(-1)


def encoder_file(precision: Precision) -> str:
    return f"encoder-{precision}.onnx"


def temporal_file(precision: Precision) -> str:
    return f"temporal-{precision}.onnx"


class PictureEncoder:
    """The encoder of a model's folder, opened when the first frame is encoded. Bounded memory.

    InputError when the folder has no such graph; EngineFault when `device` is "cuda" and does not run.
    """

    def __init__(self, folder: Path, precision: Precision, device: Device = "auto") -> None:
        self._path = graph_path(folder, encoder_file(precision))
        self._device = device
        self._opened: onnxruntime.InferenceSession | None = None

    @cached_property
    def sha256(self) -> str:
        """Names the weights that rows were made with: of the graph, and of the weights beside it if any."""
        weights = self._path.with_suffix(".safetensors")
        if not weights.is_file():
            return sha256_file(self._path)
        both = sha256_file(self._path) + sha256_file(weights)
        return hashlib.sha256(both.encode()).hexdigest()

    @property
    def image(self) -> int:
        """Side of the square frames it takes."""
        return int(self._session().get_inputs()[0].shape[-1])

    def memory(self, frames: Floats) -> Floats:
        """Rows [n, D] of `frames` [n, 3, image, image], normalised; what a row is depends on its frame only.

        (On a GPU up to rounding.)
        """
        session = self._session()
        count = _CPU_FRAMES if session.get_providers()[0] == "CPUExecutionProvider" else _GPU_FRAMES
        options = _only_wanted()
        rows = []
        for at in range(0, len(frames), count):
            chunk = np.ascontiguousarray(frames[None, at : at + count], np.float32)
            feeds = {"frames": chunk, "times": np.full(chunk.shape[:2], _UNTIMED)}
            rows.append(session.run(["memory"], feeds, options)[0][0])
        if not rows:
            return np.zeros((0, session.get_outputs()[0].shape[-1]), np.float32)
        return np.concatenate(rows)

    def close(self) -> None:
        """Free the weights; the next frame would load them again."""
        self._opened = None
        return_memory()

    def _session(self) -> onnxruntime.InferenceSession:
        if self._opened is None:
            self._opened = open_session(self._path, device=self._device)
        return self._opened


class Temporal:
    """A model's projection of memory to keys and values of every decoder layer's cross-attention.

    InputError when the folder has no such graph; EngineFault when `device` is "cuda" and does not run.
    """

    def __init__(self, folder: Path, precision: Precision, device: Device = "auto") -> None:
        self._path = graph_path(folder, temporal_file(precision))
        self._device = device
        self._opened: onnxruntime.InferenceSession | None = open_session(self._path, device=device)

    def project(self, memory: Floats, times: Floats | None = None) -> tuple[Floats, Floats]:
        """`memory` [B, N, D] with the times in it, and its keys and values [L, 2, B, N, D].

        times: [B, N], seconds from the window's start; below zero, or None, a row carries no time. Models
        that were not trained with times (`ModelConfig.timed`) give the same with or without.
        """
        given = np.full(memory.shape[:2], _UNTIMED) if times is None else np.asarray(times, np.float32)
        feeds = {"rows": np.ascontiguousarray(memory, np.float32), "times": given}
        if self._opened is None:
            self._opened = open_session(self._path, device=self._device)
        placed, temporal_kv = self._opened.run(["memory", "temporal_kv"], feeds)
        return placed, temporal_kv

    def close(self) -> None:
        """Free the weights; the next projection would load them again."""
        self._opened = None
        return_memory()


def _only_wanted() -> Any:
    """Nothing runs that leads to no wanted output: the keys and values are projected window by window."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.only_execute_path_to_fetches = True
    return options
