"""What running a model takes, phase by phase, and what is free: asked before anything is loaded.

A phase is closed before the next one needs its room (models/warm.py), so a run needs its largest phase, not
the sum. Factors are measured (docs/memory.md); those of a card are reckoned.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from ..errors import HitpointError
from ..generator import NeuralOptions
from .backends import Backend, candidates_of, choose_backend
from .config import FRAME_RATE, DecoderConfig
from .library import Installed
from .state import decoder_shapes

# Of a graph's file: read as bytes, parsed, and laid out anew for the processor, all at once as it loads ...
_LOADING = 3.0
# ... and what stays of it.
_LOADED = 1.1
# A session itself.
_SESSION = 4 << 20
# Libraries that a run loads beside the model, the pictures' analysis, and some minutes of finished sound.
_BESIDE = 90 << 20
# What operators hold at once of a prompt, of which 256 positions are computed together: bytes of a position,
# a layer and a column, at least, and for each row that is computed beside others.
_WORKING_LEAST, _WORKING_ROW = 36, 11
_WORKING_POSITIONS = 256
# Pictures go through the tower one by one: its patches in every layer's operators.
_PICTURE = 48 << 20
# Rows of memory that a window attends to: its seconds, and a few of the whole.
_ROWS_BESIDE = 16
# Layers of EnCodec that are held at once, of two seconds at the full rate.
_SOUND_LAYERS = 7
_SOUND_STEPS = 100
# The spectral codec's transforms, of a second.
_SPECTRAL = 32 << 20
# torch: its libraries; the weights as they are read, beside the network's own.
_TORCH = 200 << 20
_TORCH_READ = 2.05
# A card: CUDA's own context, libraries' workspaces and the captured steps.
_CONTEXT = 900 << 20
_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2, "int8": 1}
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class Phase:
    """Bytes of memory, and of the card, that one phase takes on top of the process."""

    name: str
    ram: int
    card: int = 0


@dataclass(frozen=True, slots=True)
class Need:
    phases: tuple[Phase, ...]

    @property
    def ram(self) -> int:
        return max(phase.ram for phase in self.phases)

    @property
    def card(self) -> int:
        return max(phase.card for phase in self.phases)

    def fits(self, free: Free) -> bool:
        return self.ram <= free.ram and (free.card is None or self.card <= free.card)


@dataclass(frozen=True, slots=True)
class Free:
    """Bytes; `card` is None where there is none."""

    ram: int
    card: int | None = None


def need(installed: Installed, backend: Backend, candidates: int) -> Need:
    """A run of the model with windows of its full length: the cue decides little."""
    precision = backend.encoder_precision
    temporal = temporal_phase(installed, precision).ram
    decoder = decoder_phase(installed, backend, candidates)
    phases = (
        encoder_phase(installed, precision),
        # Its projection is asked for before every window, and may be closed by then.
        Phase("decoder", max(decoder.ram, temporal), decoder.card),
        sound_phase(installed),
    )
    return Need(tuple(replace(phase, ram=phase.ram + _BESIDE) for phase in phases))


def encoder_phase(installed: Installed, precision: str) -> Phase:
    """Pictures, or the prompt, to rows of memory."""
    visual = installed.card.config.visual
    if visual is None:
        return Phase("prompt", _graph(installed, f"text-{precision}", _PICTURE))
    share = visual.tokens * visual.width / (577 * 1024)
    return Phase("pictures", _graph(installed, f"encoder-{precision}", int(share * _PICTURE)))


def temporal_phase(installed: Installed, precision: str) -> Phase:
    """Rows of memory to the decoder's keys and values."""
    return Phase("projection", _graph(installed, f"temporal-{precision}", _crossed(installed)))


def decoder_phase(installed: Installed, backend: Backend, candidates: int) -> Phase:
    """The weights, and keys and values of all rows of a whole window."""
    config = installed.card.config.decoder
    rows = 2 * candidates
    half = backend.precision != "fp32"
    caches = cache_bytes(config, rows, _window_steps(installed), 2 if half else 4) + _crossed(installed)
    held = max(_WORKING_LEAST, _WORKING_ROW * rows) * _WORKING_POSITIONS
    working = held * config.dim * config.layers
    if backend.decoder == "onnx":
        size = _size(installed, f"decoder-{backend.precision}")
        return Phase("decoder", _SESSION + max(int(_LOADING * size), int(_LOADED * size) + caches + working))
    weights = sum(prod(shape) for shape in decoder_shapes(config).values())
    read = _TORCH + int(_TORCH_READ * 4 * weights)
    own = _BYTES[backend.precision] * weights
    if backend.device == "cuda":
        return Phase("decoder", read, _CONTEXT + own + caches + working)
    # What was read is let go of once the network has it.
    return Phase("decoder", max(read, _TORCH + int(_LOADED * own) + caches + working))


def sound_phase(installed: Installed) -> Phase:
    """Tokens to sound, a few seconds at a time."""
    config = installed.card.config
    if config.spectral is not None:
        return Phase("sound", 2 * _size(installed, "codec") + _SPECTRAL)
    codec = config.encodec
    layer = _SOUND_STEPS * codec.hop * codec.filters * codec.channels * 4
    return Phase("sound", _graph(installed, "codec-decode", _SOUND_LAYERS * layer))


def cache_bytes(config: DecoderConfig, rows: int, positions: int, width: int) -> int:
    """Keys and values of every layer: `rows` are candidates, twice as many with guidance."""
    return config.layers * 2 * rows * config.dim * positions * width


def _window_steps(installed: Installed) -> int:
    config = installed.card.config
    prefix = 0
    if config.melody is not None:
        # The guide's chroma and the prompt stand before the first token.
        prefix = int(config.melody.duration_s * config.melody.sample_rate / config.melody.hop) + _ROWS_BESIDE
    return int(FRAME_RATE * config.max_duration_s) + max(config.decoder.delays) + prefix


def _crossed(installed: Installed) -> int:
    """Keys and values of what a window attends to, in 32 bits."""
    config = installed.card.config
    if not config.decoder.cross_attention:
        return 0
    rows = int(config.max_duration_s * config.frame_rate) + _ROWS_BESIDE
    return 2 * cache_bytes(config.decoder, 1, rows, 4)


def _graph(installed: Installed, name: str, working: int) -> int:
    size = _size(installed, name)
    return _SESSION + max(int(_LOADING * size), int(_LOADED * size) + working)


def _size(installed: Installed, name: str) -> int:
    """Bytes of a graph's files: itself, and the weights beside it if there are any."""
    files = installed.card.files
    return sum(files[file].bytes for file in (f"{name}.onnx", f"{name}.safetensors") if file in files)


def free_now() -> Free:
    return Free(free_ram(), free_card())


def free_ram() -> int:
    """Bytes that this process can still take without the system swapping or a container ending it."""
    import psutil

    return min([int(psutil.virtual_memory().available), *_container_room(_OWN_CGROUPS, _CGROUPS)])


def free_card() -> int | None:
    """Bytes free on the card once what torch keeps unused is given back; None without a card.

    torch that nothing has loaded yet is not loaded to be asked.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    torch.cuda.empty_cache()
    return int(torch.cuda.mem_get_info()[0])


def _container_room(own: Path, root: Path) -> Iterable[int]:
    """What each limit of a control group above us leaves (version 2, and version 1's memory controller)."""
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = root / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        folder = top / path.lstrip("/")
        while True:
            limit, used = _number(folder / names[0]), _number(folder / names[1])
            if limit is not None and used is not None:
                # Pages of files that can be dropped count as used, and are not.
                yield max(0, limit - used + _statistic(folder / "memory.stat", names[2]))
            if folder == top or top not in folder.parents:
                break
            folder = folder.parent


def _number(path: Path) -> int | None:
    """None where there is no such file, or no limit."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _statistic(path: Path, name: str) -> int:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)


@dataclass(frozen=True, slots=True)
class Shortage:
    """What lacks, and what would fit: two halves of a sentence."""

    lack: str
    ways: str


def shortage(
    installed: Installed,
    asked: NeuralOptions,
    others: Sequence[Installed] = (),
    *,
    free: Callable[[], Free] = free_now,
) -> Shortage | None:
    """Why a run does not fit; None when it does. OptionError as for `choose_backend`.

    others: models that could be had in its place, the largest of which is named where it fits
    """
    backend = choose_backend(installed, asked)
    there = free()
    candidates = candidates_of(asked)
    wanted = need(installed, backend, candidates)
    if wanted.fits(there):
        return None
    if wanted.ram > there.ram:
        lack = f"about {amount(wanted.ram)} of memory, and {amount(there.ram)} are free"
    else:
        lack = f"about {amount(wanted.card)} on the graphics card, where {amount(there.card or 0)} are free"
    ways = ["close other programs", *_ways(installed, asked, backend, candidates, others, there)]
    return Shortage(
        f"'{installed.card.name}' needs {lack}", f"{', '.join(ways)}, or use sketch, which needs none of it"
    )


def _ways(
    installed: Installed,
    asked: NeuralOptions,
    backend: Backend,
    candidates: int,
    others: Sequence[Installed],
    there: Free,
) -> Iterable[str]:
    fewer = [n for n in range(candidates - 1, 0, -1) if need(installed, backend, n).fits(there)]
    if fewer:
        yield f"ask for fewer with --candidates {fewer[0]}"
    if asked.mode == "default" and backend.precision != "int8":
        eight = replace(backend, decoder="onnx", device="cpu", precision="int8")
        if _size(installed, "decoder-int8") and need(installed, eight, candidates).fits(there):
            yield "compute in 8 bits with --decoder onnx"
    fitting = [
        other for other in others if other.card.name != installed.card.name and _fits(other, asked, there)
    ]
    if fitting:
        best = max(fitting, key=lambda other: sum(fact.bytes for fact in other.card.files.values()))
        yield f"use --model {best.card.name}"


def _fits(installed: Installed, asked: NeuralOptions, there: Free) -> bool:
    try:
        return need(installed, choose_backend(installed, asked), candidates_of(asked)).fits(there)
    except HitpointError:
        # It cannot be run here as asked.
        return False


def amount(count: int) -> str:
    """Bytes for people."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{max(1, round(count / 1e6))} MB"
