"""ONNX Runtime sessions: which device, how many threads, and graphs whose weights lie beside them."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EngineFault, InputError, OptionError
from .graphfile import damaged, read_graph

if TYPE_CHECKING:
    import onnxruntime

Device = str
_PACKAGES = ("onnxruntime", "onnxruntime-gpu")
_SPIN_US = "10"
_CPU_FACTS = Path("/proc/cpuinfo")


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
    InputError when the file is no graph that can be run, or not the one that was imported (`graphfile`).
    arena: whether working memory is kept from one run to the next, and grown by doubling.
    """
    check_runtime()
    import onnxruntime
    import onnxruntime.capi.onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or int(os.environ.get("HITPOINT_THREADS", "0")) or 0
    options.enable_cpu_mem_arena = arena
    # Threads that wait for the next operator spin over the gap between two (15 % of a decoder's step), and no
    # longer: spinning without end takes the cores from the editor that runs beside us.
    options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN_US)
    if _bytes_saturate():
        options.add_session_config_entry("session.x64quantprecision", "1")
    kept = _feed_weights(options, path.with_suffix(".safetensors"))
    data = read_graph(path, kept[0] if kept else ())
    # `get_available_providers` lists CUDA even where it cannot run: only the session itself knows.
    available = onnxruntime.get_available_providers()
    wanted = [] if device == "cpu" or "CUDAExecutionProvider" not in available else ["CUDAExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(data, options, providers=[*wanted, "CPUExecutionProvider"])
    except (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf) as error:
        raise damaged(path) from error
    # The session would hold the file's bytes beside the weights that it made of them, for another provider.
    session._model_bytes = None
    del kept, data
    return_memory()
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


def return_memory() -> None:
    """Hand what was freed back to the system: glibc keeps half a gigabyte of a graph's file after loading."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _bytes_saturate() -> bool:
    """Whether ONNX Runtime must be asked for its exact product of unsigned and signed bytes.

    On x86 without VNNI the fast one sums pairs in 16 bits, saturates, and ruins an int8 graph. With VNNI it
    is exact, and asking would cost most of its speed. Where the processor cannot be asked, exactness wins.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    try:
        return "vnni" not in _CPU_FACTS.read_text(encoding="utf-8")
    except OSError:
        return True


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
