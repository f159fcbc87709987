"""Drums, bass and the rest out of finished music, through demucs where the user has its weights.

demucs (Defossez, "Hybrid spectrogram and waveform source separation", 2021; MIT) runs window by window, so
memory does not grow with the music. Its other sources are folded into the rest, which is what is left of the
music without drums and bass: the stems add up to it. Nothing is ever downloaded here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import soxr

from ..audio.wav import WorkWriter, work_blocks, work_frames
from ..errors import InputError, Problem
from ..paths import data_dir
from ..progress import Cancel, Progress, Step
from ..types import Stem, Take

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float32]

MUSIC = "music"
STEMS = ("drums", "bass", "other")
# The published htdemucs: its signature on the demucs server, its repository on the hub.
_SIGNATURE, _HUB = "955717e8", "adefossez/HTDemucs"
_OVERLAP = 0.25
_STEREO = 2


def separate(take: Take, folder: Path, *, progress: Progress, cancel: Cancel) -> Take:
    """`take` with the stems drums, bass and other in place of `music`: same length, rate and channels.

    They add up to the music within float rounding. Where demucs or its weights are missing or damaged the
    take keeps `music`, and a problem says what to do. Cancelled between windows; no file is left then.
    """
    music = next((stem for stem in take.stems if stem.name == MUSIC), None)
    if music is None:
        return take
    try:
        separator = _load()
    except InputError as error:
        return replace(take, problems=(*take.problems, Problem("stems", str(error))))
    stems = _write(separator, music, folder, progress, cancel)
    kept = tuple(stem for stem in take.stems if stem is not music)
    told = {"model": separator.name, "stems": list(STEMS)}
    return replace(take, stems=(*stems, *kept), extra={**take.extra, "separation": told})


@dataclass(frozen=True, slots=True)
class _Separator:
    """A loaded demucs model or bag of models."""

    name: str
    model: Any
    rate: int
    # Frames that one run takes.
    window: int
    # Which of its sources are drums and bass.
    places: tuple[int, int]

    def run(self, sound: torch.Tensor) -> torch.Tensor:
        """Drums and bass of float32 [2, n], n up to `window`: [2, 2, n]."""
        from demucs.apply import apply_model
        from torch import cuda, float32

        device = "cuda" if cuda.is_available() else "cpu"
        found = apply_model(self.model, sound[None], shifts=0, split=False, device=device)[0]
        return found[list(self.places)].to("cpu", float32)


def _write(
    separator: _Separator, music: Stem, folder: Path, progress: Progress, cancel: Cancel
) -> tuple[Stem, ...]:
    path = Path(music.path)
    frames, rate = work_frames(path)
    channels = next((block.shape[1] for block in work_blocks(path, stop=1)), _STEREO)
    found = _parts(separator, path, frames, rate, progress, cancel)
    with ExitStack() as stack:
        files = [
            stack.enter_context(
                WorkWriter(folder / f"{name}.wav", frames, channels=channels, sample_rate=rate)
            )
            for name in STEMS
        ]
        waiting = np.zeros((2, 0, _STEREO), np.float32)
        for mix in work_blocks(path):
            while waiting.shape[1] < len(mix):
                waiting = np.concatenate((waiting, next(found)), axis=1)
            drums, bass = (_channels(part[: len(mix)], channels) for part in waiting)
            waiting = waiting[:, len(mix) :]
            for file, sound in zip(files, (drums, bass, mix - drums - bass), strict=True):
                file.write(sound)
    return tuple(
        replace(music, name=name, path=str(file.path), sha256=file.sha256)
        for name, file in zip(STEMS, files, strict=True)
    )


def _channels(sound: Floats, channels: int) -> Floats:
    return sound if channels == _STEREO else np.asarray(sound.mean(axis=1, keepdims=True), np.float32)


def _parts(
    separator: _Separator, path: Path, frames: int, rate: int, progress: Progress, cancel: Cancel
) -> Iterator[Floats]:
    """Drums and bass at the music's own rate, float32 [2, n, 2], then silence for ever."""
    streams = [soxr.ResampleStream(separator.rate, rate, _STEREO, dtype="float32") for _ in range(2)]

    def resampled(part: Floats, *, last: bool) -> Floats:
        if rate == separator.rate:
            return part
        made = [
            stream.resample_chunk(np.ascontiguousarray(p), last=last)
            for stream, p in zip(streams, part, strict=True)
        ]
        return np.stack(made)

    seconds = frames / rate
    done = 0
    for part in _windows(separator, _at_rate(path, rate, separator.rate), *_scale(path), cancel):
        yield resampled(part, last=False)
        done += part.shape[1]
        progress(Step("separate", min(seconds, done / separator.rate), seconds, "drums and bass"))
    yield resampled(np.zeros((2, 0, _STEREO), np.float32), last=True)
    while True:
        yield np.zeros((2, rate, _STEREO), np.float32)


def _scale(path: Path) -> tuple[float, float]:
    """Mean and deviation of the mono sound, which demucs was trained to have taken out."""
    count, total, squares = 0, 0.0, 0.0
    for block in work_blocks(path):
        mono = block.mean(axis=1, dtype=np.float64)
        count, total, squares = count + len(mono), total + float(mono.sum()), squares + float(mono @ mono)
    mean = total / max(count, 1)
    return mean, max(squares / max(count, 1) - mean * mean, 0.0) ** 0.5 + 1e-8


def _at_rate(path: Path, rate: int, wanted: int) -> Iterator[Floats]:
    """The music as stereo at `wanted` Hz, float32 [n, 2]."""
    stream = soxr.ResampleStream(rate, wanted, _STEREO, dtype="float32")
    for block in work_blocks(path):
        stereo = np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block
        yield stereo if rate == wanted else stream.resample_chunk(np.ascontiguousarray(stereo))
    if rate != wanted:
        yield stream.resample_chunk(np.zeros((0, _STEREO), np.float32), last=True)


def _windows(
    separator: _Separator, sound: Iterator[Floats], mean: float, deviation: float, cancel: Cancel
) -> Iterator[Floats]:
    """Drums and bass, float32 [2, n, 2], window by window: overlapping triangles, as demucs' own `apply`."""
    import torch

    window = separator.window
    stride = int((1 - _OVERLAP) * window)
    ramp = np.minimum(np.arange(1, window + 1), np.arange(window, 0, -1)).astype(np.float32)
    ramp /= ramp.max()
    total = np.zeros((2, window, _STEREO), np.float32)
    weight = np.zeros(window, np.float32)
    held = np.zeros((0, _STEREO), np.float32)
    past = np.zeros((window, _STEREO), np.float32)
    more = True
    while more or len(held):
        while more and len(held) < window:
            block = next(sound, None)
            more = block is not None
            if block is not None:
                held = np.concatenate((held, (block - np.float32(mean)) / np.float32(deviation)))
        if not len(held):
            return
        cancel.check()
        chunk = held[:window]
        size = len(chunk)
        # The short windows at the end see half of what they lack of the past, and as much silence.
        before = (window - size) // 2
        after = np.zeros((window - size - before, _STEREO), np.float32)
        whole = np.concatenate((past[window - before :], chunk, after))
        found = separator.run(torch.from_numpy(np.ascontiguousarray(whole.T))).numpy().transpose(0, 2, 1)
        found = found[:, before : before + size] * np.float32(deviation) + np.float32(mean)
        total[:, :size] += ramp[:size, None] * found
        weight[:size] += ramp[:size]
        ready = min(stride, size)
        yield total[:, :ready] / weight[None, :ready, None]
        total = np.concatenate((total[:, ready:], np.zeros((2, ready, _STEREO), np.float32)), axis=1)
        weight = np.concatenate((weight[ready:], np.zeros(ready, np.float32)))
        past = np.concatenate((past, held[:ready]))[ready:]
        held = held[ready:]


def _load() -> _Separator:
    """The model on this machine. InputError, with what to do, when there is none or it is damaged."""
    if importlib.util.find_spec("demucs") is None or importlib.util.find_spec("torch") is None:
        raise InputError(
            "the music stays one stem: separating it needs demucs, run pip install 'hitpoint[stems]'"
        )
    from demucs.apply import BagOfModels

    folder = data_dir() / "models" / "demucs"
    files, weights = _in_folder(folder) or _in_caches()
    if not files:
        raise InputError(
            f"the music stays one stem: put demucs' weights ({_SIGNATURE}-8726e21a.th) into '{folder}'"
        )
    models = [_model(path) for path in files]
    bag = BagOfModels(models, weights)
    missing = [name for name in STEMS[:2] if name not in bag.sources]
    if missing or bag.audio_channels != _STEREO:
        raise InputError(
            f"the music stays one stem: '{files[0].name}' does not separate drums and bass of stereo"
        )
    window = int(min(float(model.segment) for model in models) * bag.samplerate)
    bag.eval()
    drums, bass = (bag.sources.index(name) for name in STEMS[:2])
    return _Separator(", ".join(path.name for path in files), bag, int(bag.samplerate), window, (drums, bass))


Found = tuple[list[Path], list[list[float]] | None]


def _in_folder(folder: Path) -> Found | None:
    """The user's own weights: a bag (.yaml) with its models beside it, else the first model."""
    import yaml

    models = {path.stem.split("-")[0]: path for path in _files(folder, ".th", ".safetensors")}
    for path in _files(folder, ".yaml"):
        try:
            bag = yaml.safe_load(path.read_text(encoding="utf-8"))
            names = [str(name) for name in bag["models"]]
            weights = bag.get("weights")
        except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"the music stays one stem: '{path}' lists no demucs models: put the published file there"
            ) from error
        if all(name in models for name in names):
            return [models[name] for name in names], weights
    return ([next(iter(models.values()))], None) if models else None


def _in_caches() -> Found:
    """Where demucs itself keeps what it downloaded: torch's folder, then the hub's."""
    import torch

    found = _files(Path(torch.hub.get_dir()) / "checkpoints", ".th")
    found = [path for path in found if path.stem.startswith(_SIGNATURE)]
    if not found:
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(_HUB, f"{_SIGNATURE}.safetensors")
        found = [Path(cached)] if isinstance(cached, str) else []
    return found[:1], None


def _files(folder: Path, *endings: str) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in endings) if folder.is_dir() else []


def _model(path: Path) -> Any:
    """One model from its file; no code in a file is ever run."""
    import torch
    from demucs.demucs import Demucs
    from demucs.hdemucs import HDemucs
    from demucs.htdemucs import HTDemucs
    from safetensors import SafetensorError

    kinds = {f"{kind.__module__}.{kind.__name__}": kind for kind in (Demucs, HDemucs, HTDemucs)}
    try:
        _check_sum(path)
        if path.suffix == ".safetensors":
            package = _safetensors(path, kinds)
        else:
            with torch.serialization.safe_globals([*kinds.values(), Fraction, OrderedDict]):
                package = torch.load(path, map_location="cpu", weights_only=True)
        if package["klass"] not in kinds.values():
            raise ValueError("another kind of model")
        model = package["klass"](*package["args"], **package["kwargs"])
        model.load_state_dict(package["state"])
        return model
    except (
        OSError, EOFError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, UnpicklingError,
        SafetensorError,
    ) as error:  # fmt: skip
        raise InputError(
            f"the music stays one stem: '{path}' is damaged or no demucs model: download it again"
        ) from error


def _check_sum(path: Path) -> None:
    """Published files carry the first digits of their sha256 in their names."""
    wanted = path.stem.partition("-")[2]
    if wanted:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not found.startswith(wanted):
            raise ValueError(f"sha256 {found[: len(wanted)]} instead of {wanted}")


def _safetensors(path: Path, kinds: dict[str, Any]) -> dict[str, Any]:
    """The package of demucs' hub format: tensors, and the class and its arguments as JSON."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        told = file.metadata() or {}
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if "structure" in told:
        raise ValueError("packed weights")
    return {
        "klass": kinds[told["klass"]],
        "args": json.loads(told["args"], object_hook=_fraction),
        "kwargs": json.loads(told["kwargs"], object_hook=_fraction),
        "state": state,
    }


def _fraction(value: dict[str, Any]) -> Any:
    """JSON has no fractions: demucs writes them as objects."""
    if value.get("_type") == "fraction":
        return Fraction(value["numerator"], value["denominator"])
    return value
