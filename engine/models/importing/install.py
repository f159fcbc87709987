"""Puts a model in its place: weights, graphs, card, built aside and swapped in by rename."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import OutputError
from ...manifest import version
from ...progress import Cancel, Progress, Step
from ...serial import pretty
from ...store.durable import durable_write, output_error, sync_folder
from ...store.identity import sha256_file
from ..card import FileFact, ModelCard
from ..codec_state import codec_shapes
from ..config import ModelConfig, Precision
from ..library import CARD, check_name
from ..spectral.state import spectral_shapes
from ..state import Shapes, model_shapes, parameters, text_shapes
from ..weights import Array, Tensors, write_tensors
from .graphs import GraphWork, graph_work

WEIGHTS = "weights.safetensors"
CODEC = "codec.safetensors"
TEXT = "text.safetensors"
TOKENIZER = "tokenizer.json"
_BYTES_A_PARAMETER: Mapping[Precision, float] = {"fp32": 4.0, "fp16": 2.0, "int8": 1.2}


@dataclass(frozen=True, slots=True)
class Parts:
    """A model's weights, every key and shape of them checked, in the names of `state` and `codec_state`."""

    config: ModelConfig
    state: Mapping[str, Array]
    codec: Mapping[str, Array]
    text: Mapping[str, Array] | None = None
    tokenizer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What the card says of where a model came from and what may be done with it."""

    source: str
    code_licence: str
    weights_licence: str
    commercial: bool | None
    weights_sha256: str
    origin: str = "published"
    by_name_only: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


def install(
    parts: Parts,
    origin: Origin,
    name: str,
    folder: Path,
    *,
    precisions: Sequence[Precision],
    half: bool = False,
    only: Collection[str] | None = None,
    progress: Progress,
    cancel: Cancel,
) -> ModelCard:
    """Write the model `name` as `folder`, which then replaces what was there. Needs torch and onnx.

    half  weights are kept in float16, and the graphs made of what is left of them
    only  names of the graphs to write ("decoder int8"); None: all of `precisions`
    Peak memory is that of the largest export. OutputError when the disk refuses; nothing is left behind then.
    """
    check_name(name)
    shapes = model_shapes(parts.config)
    _need_space(folder, parameters(shapes), parts, precisions)
    with built_aside(folder) as building:
        facts: dict[str, FileFact] = {}
        files = 3 if parts.text is not None else 2
        works = len(list(_works(parts, building, precisions, only)))
        steps = _Steps(progress, cancel, files + works)
        steps("weights")
        facts[WEIGHTS] = write_tensors(building / WEIGHTS, shapes, parts.state, half=half, check=cancel.check)
        steps("codec")
        wanted = sound_shapes(parts.config)
        facts[CODEC] = write_tensors(building / CODEC, wanted, parts.codec, check=cancel.check)
        if parts.text is not None:
            assert parts.config.text is not None
            steps("text encoder")
            facts[TEXT] = write_tensors(
                building / TEXT, text_shapes(parts.config.text), parts.text, check=cancel.check
            )
        if parts.tokenizer is not None:
            durable_write(building / TOKENIZER, parts.tokenizer)
            facts[TOKENIZER] = _fact(building / TOKENIZER, cancel)
        for work in _works(parts, building, precisions, only):
            steps(work.name)
            for path in work.run(building):
                facts[path.name] = _fact(path, cancel)
        card = ModelCard(
            name=name,
            config=parts.config,
            source=origin.source,
            code_licence=origin.code_licence,
            weights_licence=origin.weights_licence,
            commercial=origin.commercial,
            weights_sha256=origin.weights_sha256,
            files=facts,
            version=version(),
            origin=origin.origin,
            by_name_only=origin.by_name_only,
            extra=origin.extra,
        )
        # Last: a folder without a card is no model.
        durable_write(building / CARD, pretty(card))
        steps("done")
        cancel.check()
    return card


@contextmanager
def built_aside(final: Path) -> Iterator[Path]:
    """A folder that becomes `final` when the block ends well, and vanishes when it does not."""
    mark = secrets.token_hex(6)
    building = final.with_name(f".{final.name}.{mark}.part")
    old = final.with_name(f".{final.name}.{mark}.old")
    try:
        building.mkdir(parents=True)
        try:
            yield building
            if final.exists():
                final.rename(old)
            building.rename(final)
            sync_folder(final.parent)
        finally:
            if old.exists() and not final.exists():
                old.rename(final)
            shutil.rmtree(building, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise output_error(final, error) from error


def sound_shapes(config: ModelConfig) -> Shapes:
    """Every key of codec.safetensors, of whichever codec the model has."""
    if config.spectral is not None:
        return spectral_shapes(config.spectral)
    return codec_shapes(config.encodec)


def _works(
    parts: Parts, building: Path, precisions: Sequence[Precision], only: Collection[str] | None
) -> Iterator[GraphWork]:
    """Exports read what was written, so that they never hold on to a foreign file."""

    def written(name: str) -> Mapping[str, Array]:
        path = building / name
        return Tensors(path) if path.is_file() else {}

    text = written(TEXT) if parts.text is not None else None
    works = graph_work(parts.config, written(WEIGHTS), written(CODEC), text, precisions)
    return (work for work in works if only is None or work.name in only)


def _fact(path: Path, cancel: Cancel) -> FileFact:
    return FileFact(sha256_file(path, cancel=cancel), path.stat().st_size)


def _need_space(folder: Path, count: int, parts: Parts, precisions: Sequence[Precision]) -> None:
    if parts.config.text is not None:
        count += parameters(text_shapes(parts.config.text))
    needed = int(count * (4 + sum(_BYTES_A_PARAMETER[precision] for precision in precisions)))
    place = folder.parent
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutputError(
            f"no space left for this model on the disk of '{place}': it needs {needed / 1e9:.1f} GB "
            f"and {free / 1e9:.1f} GB are free"
        )


class _Steps:
    """Tells one step after another, and stops between them."""

    def __init__(self, progress: Progress, cancel: Cancel, total: int) -> None:
        self._progress = progress
        self._check: Callable[[], None] = cancel.check
        self._total = total
        self._done = 0

    def __call__(self, text: str) -> None:
        self._check()
        self._progress(Step("import", min(self._done, self._total), self._total, text))
        self._done += 1
