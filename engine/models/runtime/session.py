"""ONNX Runtime sessions: which device, how many threads, and graphs whose weights lie beside them."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EngineFault, InputError, OptionError

if TYPE_CHECKING:
    import onnxruntime

Device = str
_PACKAGES = ("onnxruntime", "onnxruntime-gpu")
_SPIN_US = "10"


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
    path: Path, *, device: Device = "auto", threads: int | None = None, arena: bool = True
) -> onnxruntime.InferenceSession:
    """A session over `path`; weights in `path` with the ending .safetensors are fed from memory.

    device: "auto" (CUDA where it really runs, else CPU), "cpu" or "cuda" (EngineFault when it does not run).
    arena: whether working memory is kept from one run to the next, and grown by doubling.
    """
    check_runtime()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or int(os.environ.get("HITPOINT_THREADS", "0")) or 0
    options.enable_cpu_mem_arena = arena
    # Threads that wait for the next operator spin over the gap between two (15 % of a decoder's step), and no
    # longer: spinning without end takes the cores from the editor that runs beside us.
    options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN_US)
    # On processors with AVX2 and no VNNI the product of unsigned and signed bytes saturates and ruins an int8
    # graph; this makes ONNX Runtime take its exact product there, and changes nothing elsewhere.
    options.add_session_config_entry("session.x64quantprecision", "1")
    kept = _feed_weights(options, path.with_suffix(".safetensors"))
    # `get_available_providers` lists CUDA even where it cannot run: only the session itself knows.
    available = onnxruntime.get_available_providers()
    wanted = [] if device == "cpu" or "CUDAExecutionProvider" not in available else ["CUDAExecutionProvider"]
    session = onnxruntime.InferenceSession(str(path), options, providers=[*wanted, "CPUExecutionProvider"])
    del kept
    if device == "cuda" and "CUDAExecutionProvider" not in session.get_providers():
        raise EngineFault("CUDA was asked for and does not run here: check the driver, or choose the CPU")
    return session


def graph_path(folder: Path, name: str) -> Path:
    """`name` in a model's folder. InputError when it is not there."""
    path = folder / name
    if not path.is_file():
        raise InputError(
            f"the model '{folder.name}' has no {name}: import it again with hitpoint models import"
        )
    return path


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
