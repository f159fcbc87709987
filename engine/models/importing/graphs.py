"""The graphs of a model: which there are of each kind, and the export of one after another."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import OptionError
from ..config import PRECISIONS, ModelConfig, Precision
from ..weights import Array
from .checkpoint import EXTRAS

State = Mapping[str, Array]
# ONNX Runtime's decoder has no use for half precision on a CPU; on a GPU torch runs it from the weights.
_DECODER_PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")


@dataclass(frozen=True, slots=True)
class GraphWork:
    """One export: what it is called in the progress, and the call that writes its files."""

    name: str
    run: Callable[[Path], Sequence[Path]]


def need_extras() -> None:
    """OptionError with the command that installs what importing needs."""
    for module in ("torch", "onnx"):
        if importlib.util.find_spec(module) is None:
            raise OptionError(EXTRAS)


def check_precisions(precisions: Sequence[str]) -> tuple[Precision, ...]:
    """OptionError for one that does not exist."""
    known = tuple(precision for precision in PRECISIONS if precision in precisions)
    unknown = [precision for precision in precisions if precision not in PRECISIONS]
    if unknown or not known:
        raise OptionError(
            f"--precision cannot be '{unknown[0] if unknown else ''}': choose {', '.join(PRECISIONS)}"
        )
    return known


def graph_work(
    config: ModelConfig, state: State, codec: State, text: State | None, precisions: Sequence[Precision]
) -> Iterator[GraphWork]:
    """All exports of a model in the order of their size, smallest first."""
    if config.codec is not None:
        yield GraphWork("codec graphs", lambda folder: _codec(config, codec, folder))
    for precision in precisions:
        yield from _of_precision(config, state, text, precision)


def _of_precision(
    config: ModelConfig, state: State, text: State | None, precision: Precision
) -> Iterator[GraphWork]:
    if config.decoder.cross_attention:
        yield GraphWork(f"temporal {precision}", lambda folder: _temporal(config, state, folder, precision))
    if text is not None:
        yield GraphWork(f"text {precision}", lambda folder: _text(config, text, state, folder, precision))
    if config.visual is not None:
        yield GraphWork(f"encoder {precision}", lambda folder: _encoder(config, state, folder, precision))
    if precision in _DECODER_PRECISIONS:
        yield GraphWork(f"decoder {precision}", lambda folder: _decoder(config, state, folder, precision))


# Each exporter brings torch or onnx with it, so it is imported when its turn comes.


def _codec(config: ModelConfig, codec: State, folder: Path) -> Sequence[Path]:
    from ..graphs.codec import export_codec

    return export_codec(config.encodec, codec, folder)


def _temporal(config: ModelConfig, state: State, folder: Path, precision: Precision) -> Sequence[Path]:
    from ..graphs.temporal import export_temporal

    return export_temporal(config, state, folder, precision)


def _text(
    config: ModelConfig, text: State, state: State, folder: Path, precision: Precision
) -> Sequence[Path]:
    from ..graphs.text import export_text

    return export_text(config, text, state, folder, precision)


def _encoder(config: ModelConfig, state: State, folder: Path, precision: Precision) -> Sequence[Path]:
    from ..graphs.encoder import export_encoder

    return export_encoder(config, state, folder, precision)


def _decoder(config: ModelConfig, state: State, folder: Path, precision: Precision) -> Sequence[Path]:
    from ..graphs.decoder import export_decoder

    return export_decoder(config.decoder, state, folder, precision)
