"""Which decoder runs a model on this machine, where, and how precisely."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..errors import OptionError
from ..generator import DecoderName, Mode, NeuralOptions
from .config import Precision
from .library import Installed
from .runtime.session import check_runtime
from .step import Decoder

Device = Literal["cpu", "cuda"]
# torch computes in bfloat16 too, which no graph of ours is written in.
DecoderPrecision = Literal["fp32", "fp16", "bf16", "int8"]

# A paper's music is the first that comes.
_USUAL_CANDIDATES: dict[Mode, int] = {"default": 2, "published": 1}


@dataclass(frozen=True, slots=True)
class Backend:
    """A choice that holds for a whole run. `precision` is the decoder's; graphs beside it have their own."""

    decoder: DecoderName
    device: Device
    precision: DecoderPrecision
    encoder_precision: Precision

    @property
    def graphs_device(self) -> Literal["cpu", "auto"]:
        """Where the graphs beside the decoder run: torch has a card when ONNX Runtime may not."""
        return "auto" if self.device == "cuda" else "cpu"

    @property
    def told(self) -> dict[str, str]:
        return {
            "decoder": self.decoder,
            "device": self.device,
            "precision": self.precision,
            "encoder_precision": self.encoder_precision,
        }

    def open(self, installed: Installed, *, stays: bool = False) -> Decoder:
        """The decoder with its weights loaded. OptionError when an extra is missing.

        stays: whether closing it frees its caches alone (`runtime.decoder.OnnxDecoder`)
        """
        config = installed.card.config.decoder
        if self.decoder == "onnx":
            from .runtime.decoder import OnnxDecoder

            assert self.precision != "bf16", "torch's alone"
            return OnnxDecoder(installed.folder, config, self.precision, stays=stays)
        state = _weights(installed)
        if self.decoder == "audiocraft":
            from .generate.audiocraft_step import AudiocraftDecoder

            return AudiocraftDecoder(config, state, device=self.device)
        from .generate.torch_step import TorchDecoder

        return TorchDecoder(config, state, device=self.device, dtype=self.precision)


def candidates_of(asked: NeuralOptions) -> int:
    """How many pieces are made at once."""
    return asked.candidates or _USUAL_CANDIDATES[asked.mode]


def choose_backend(installed: Installed, asked: NeuralOptions) -> Backend:
    """What `asked` comes to here. OptionError names the file, extra or device that is missing."""
    check_runtime()
    published = asked.mode == "published"
    name: DecoderName = asked.decoder
    device: Device = "cuda" if name != "onnx" and _cuda() else "cpu"
    if name == "auto":
        name = "torch" if device == "cuda" else "onnx"
    if name in ("torch", "audiocraft") and importlib.util.find_spec("torch") is None:
        raise OptionError(f"--decoder {name} needs torch: run pip install 'hitpoint[neural]'")
    precision: DecoderPrecision
    if name == "onnx":
        precision = _graph(installed, "decoder", published, prefer="int8")
    else:
        precision = _half() if device == "cuda" and not published and name == "torch" else "fp32"
    which = "encoder" if installed.card.config.visual is not None else "text"
    on_card = device == "cuda" and _graphs_on_card()
    encoder = _graph(installed, which, published, prefer="fp16" if on_card else "int8")
    return Backend(name, device, precision, encoder)


def half_precision(backend: Backend) -> Backend | None:
    """The same in half the bytes; None where there is no such way, or it is gone already."""
    if backend.decoder != "torch" or backend.precision != "fp32":
        return None
    return replace(backend, precision=_half() if backend.device == "cuda" else "bf16")


def _graph(installed: Installed, which: str, published: bool, *, prefer: Precision) -> Precision:
    """The precision of the graph to use: fp32 in published mode, else the preferred one that exists."""
    orders: dict[bool, tuple[Precision, ...]] = {
        True: ("fp32",),
        False: (prefer, *(p for p in ("int8", "fp16", "fp32") if p != prefer)),
    }
    for precision in orders[published]:
        if (installed.folder / f"{which}-{precision}.onnx").is_file():
            return precision
    needed = "fp32" if published else "int8"
    raise OptionError(
        f"the model '{installed.card.name}' has no {needed} {which} graph on this machine: "
        f"import it again with --precision {needed}"
    )


def _cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _half() -> Literal["bf16", "fp16"]:
    """What the card computes in: bfloat16 has the range that long contexts need (gvmgen.md 9)."""
    import torch

    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def _graphs_on_card() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def _weights(installed: Installed) -> dict[str, Any]:
    """The decoder's weights by name, as numpy arrays. The picture side stays in the file."""
    from safetensors import safe_open

    path = installed.folder / "weights.safetensors"
    if not path.is_file():
        raise OptionError(
            f"the model '{installed.card.name}' was installed without its weights, which only the ONNX "
            "decoder does without: use --decoder onnx, or import it again"
        )
    with safe_open(path, framework="numpy") as file:
        names = [name for name in file.keys() if not name.startswith("condition_provider.")]  # noqa: SIM118
        return {name: file.get_tensor(name) for name in names}
