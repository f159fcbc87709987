"""ONNX Runtime sessions: which device, how many threads, and graphs whose weights lie beside them."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EngineFault, OptionError

if TYPE_CHECKING:
    import onnxruntime

Device = str
_PACKAGES = ("onnxruntime", "onnxruntime-gpu")


def check_runtime() -> None:
    """OptionError when ONNX Runtime is missing or installed twice, with the command that mends it."""
    present = [name for name in _PACKAGES if _installed(name)]
    if not present:
        raise OptionError("neural models need ONNX Runtime: run pip install 'hitpoint[cpu]'")
    if len(present) == 2:
        raise OptionError(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: run "
            "pip uninstall -y onnxruntime onnxruntime-gpu, then install 'hitpoint[cpu]' or 'hitpoint[gpu]'"
        )


def open_session(
    path: Path, *, device: Device = "auto", threads: int | None = None
) -> onnxruntime.InferenceSession:
    """A session over `path`; weights in `path` with the ending .safetensors are fed from memory.

    device: "auto" (CUDA where it really runs, else CPU), "cpu" or "cuda" (EngineFault when it does not run).
    """
    check_runtime()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or int(os.environ.get("HITPOINT_THREADS", "0")) or 0
    kept = _feed_weights(options, path.with_suffix(".safetensors"))
    # `get_available_providers` lists CUDA even where it cannot run: only the session itself knows.
    available = onnxruntime.get_available_providers()
    wanted = [] if device == "cpu" or "CUDAExecutionProvider" not in available else ["CUDAExecutionProvider"]
    session = onnxruntime.InferenceSession(str(path), options, providers=[*wanted, "CPUExecutionProvider"])
    del kept
    if device == "cuda" and "CUDAExecutionProvider" not in session.get_providers():
        raise EngineFault("CUDA was asked for and does not run here: check the driver, or choose the CPU")
    return session


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _feed_weights(options: Any, path: Path) -> list[Any]:
    """Hand a graph's weights over as values in memory: no file name inside a graph is ever followed."""
    if not path.is_file():
        return []
    import onnxruntime
    from safetensors.numpy import load_file

    arrays = load_file(path)
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in arrays.values()]
    options.add_external_initializers(list(arrays), values)
    return [arrays, values]
