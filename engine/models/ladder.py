"""What is tried when memory runs out all the same: fewer candidates, half the precision, then the CPU.

Each rung is told: it makes other music than was asked for, or takes longer. What is made on one is therefore
never kept under the name of what was asked for (models/stepped.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import EngineFault, HitpointError, OptionError, Problem
from ..generator import NeuralOptions
from .backends import Backend, choose_backend, half_precision
from .library import Installed

# Where memory runs out: before the decoder fewer candidates help nobody.
Where = Literal["condition", "music"]

# torch, CUDA's libraries, ONNX Runtime on a CPU and on a card, C++ (onnxruntime 14438, 22702).
_FULL = (
    "out of memory",
    "not enough memory: you tried to allocate",
    "can't allocate memory",
    "failed to allocate memory for requested buffer",
    "bad allocation",
    "bad_alloc",
    "_status_alloc_failed",
    "cudaerrormemoryallocation",
)
# After these the process can use the card no more (pytorch 17425).
_LOST = (
    "device-side assert",
    "illegal memory access",
    "unspecified launch failure",
    "gpu is lost",
    "fallen off the bus",
    "uncorrectable ecc",
    "cudnn_status_execution_failed",
    "an illegal instruction was encountered",
    "misaligned address",
    "launch timed out",
)
# Bytes of weights that a processor reads a second, while it computes: for a rough promise only.
_READ_A_SECOND = 6e9

Ints = npt.NDArray[np.int64]


class CardLost(EngineFault):
    """The card failed in a way that this process cannot get over: it is to end once this is told."""

    ends_process = True


@dataclass(frozen=True, slots=True)
class Rung:
    """How a take is tried."""

    candidates: int
    backend: Backend

    @property
    def told(self) -> str:
        return f"{self.candidates} on {self.backend.device} in {self.backend.precision}"


@dataclass
class Ladder:
    """The rungs of one take, from what was asked for downwards. `told` hears a sentence for each."""

    installed: Installed
    asked: NeuralOptions
    rung: Rung
    told: Callable[[str], None]
    problems: list[Problem] = field(default_factory=list)
    rungs: list[str] = field(default_factory=list)

    def step_down(self, where: Where, steps_left: int) -> None:
        """Go to the next rung after memory ran out at `where`, with `steps_left` of music to make.

        OptionError when there is none: published mode has none at all, since its numbers are a paper's.
        """
        name = self.installed.card.name
        if self.asked.mode == "published":
            raise OptionError(
                f"the memory is not enough for '{name}' in published mode, where nothing may be made "
                "smaller: close other programs, or leave --mode published out"
            )
        found = self._below(where)
        if found is None:
            raise OptionError(
                f"the memory is not enough for '{name}', whatever is made smaller: close other programs, "
                "choose a smaller model, or --model sketch, which needs none of it"
            )
        self.rung, how = found
        text = f"the memory was not enough for '{name}' as asked: {how}"
        if self.rung.backend.device == "cpu" and "the CPU" in how:
            text += f", which takes about {_minutes(self._cpu_seconds(steps_left))}"
        self.problems.append(Problem("memory", text))
        self.rungs.append(self.rung.told)
        self.told(text)

    def _below(self, where: Where) -> tuple[Rung, str] | None:
        rung, backend = self.rung, self.rung.backend
        if where == "music" and rung.candidates > 1:
            fewer = rung.candidates // 2
            return replace(
                rung, candidates=fewer
            ), f"made with --candidates {fewer} instead of {rung.candidates}"
        half = half_precision(backend)
        if where == "music" and half is not None:
            return replace(rung, backend=half), f"computed in {half.precision} instead of {backend.precision}"
        if backend.device == "cuda":
            return replace(rung, backend=self._on_cpu()), "made on the CPU instead of the graphics card"
        return None

    def _on_cpu(self) -> Backend:
        """The leanest decoder that is here: ONNX Runtime's, else torch."""
        try:
            return choose_backend(self.installed, replace(self.asked, decoder="onnx"))
        except HitpointError:
            return replace(self.rung.backend, decoder="torch", device="cpu", precision="fp32")

    def _cpu_seconds(self, steps: int) -> float:
        """Rough: a step reads every weight once."""
        facts = self.installed.card.files
        fact = facts.get(f"decoder-{self.rung.backend.precision}.onnx") or facts.get("weights.safetensors")
        return steps * (fact.bytes if fact is not None else 0) / _READ_A_SECOND


def out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, here or in whatever `error` was raised from."""
    for one in _chain(error):
        if isinstance(one, MemoryError) or type(one).__name__ == "OutOfMemoryError":
            return True
        if _of_a_library(one) and any(part in str(one).lower() for part in _FULL):
            return True
    return False


def card_lost(error: BaseException) -> bool:
    """Whether the card is gone for this process: nothing is tried again in it."""
    return any(
        _of_a_library(one) and not out_of_memory(one) and any(part in str(one).lower() for part in _LOST)
        for one in _chain(error)
    )


def lost(name: str) -> CardLost:
    return CardLost(
        f"the graphics card stopped answering while '{name}' played: run the command again, what was "
        "finished is kept; when it happens again, update the card's driver or use --decoder onnx"
    )


def free_everything() -> None:
    """Give back what nobody refers to any more: to be called outside any `except` block, whose error refers
    to the frames that failed (pytorch 18853).
    """
    import gc

    from .runtime.session import return_memory

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    return_memory()


class Windows(Protocol):
    """As `generate.loop.KeptWindows`."""

    def load(self, index: int) -> Ints | None: ...

    def keep(self, index: int, codes: Ints) -> None: ...


class Carried:
    """Windows that one rung finished, for the next. Those of the first rung alone reach `inner`, whose names
    say what was asked for. `made` hears of every window when its tokens are there.
    """

    def __init__(self, inner: Windows | None, made: Callable[[int, Ints], None]) -> None:
        self._inner = inner
        self._made = made
        self._windows: dict[int, Ints] = {}
        self.candidates = 0
        self.stepped_down = False

    def load(self, index: int) -> Ints | None:
        found = self._windows.get(index)
        if found is None and self._inner is not None:
            found = self._inner.load(index)
        if found is None:
            return None
        self._windows[index] = found[: self.candidates]
        self._made(index, self._windows[index])
        return self._windows[index]

    def keep(self, index: int, codes: Ints) -> None:
        self._windows[index] = codes.copy()
        if self._inner is not None and not self.stepped_down:
            self._inner.keep(index, codes)
        self._made(index, codes)

    def finished(self) -> tuple[int, ...]:
        return tuple(sorted(self._windows))


def _chain(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _of_a_library(error: BaseException) -> bool:
    """Their own classes, and the plain RuntimeError of those that have none."""
    home = type(error).__module__.partition(".")[0]
    return isinstance(error, RuntimeError) or home in ("torch", "onnxruntime")


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
