"""When memory runs out: each rung is tried in its order, said, and never taken for what was asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hitpoint.engine.errors import EngineFault, InputError, OptionError
from hitpoint.engine.generator import NeuralOptions, TakeRequest
from hitpoint.engine.kept import KeptTakes
from hitpoint.engine.models import backends, neural
from hitpoint.engine.models.backends import Backend, choose_backend
from hitpoint.engine.models.gvmgen import picture_conditioner
from hitpoint.engine.models.ladder import CardLost, Carried, Ladder, Rung, card_lost, out_of_memory
from hitpoint.engine.models.library import Installed, find
from hitpoint.engine.models.neural import NeuralGenerator
from hitpoint.engine.models.step import Condition, Decoder, Floats, Ints
from hitpoint.engine.models.stepped import STEPPED_DOWN
from hitpoint.engine.models.tokens import load_tokens
from hitpoint.engine.models.warm import WARM
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.store.locks import held
from hitpoint.engine.store.stages import Stages
from hitpoint.engine.types import Take
from neural_models import tiny_home
from tools.made import take_request

CARD = Backend("torch", "cuda", "fp32", "int8")


class Full(Exception):
    """As ONNX Runtime's classes: of no other kind than Exception."""


Full.__module__ = "onnxruntime.capi.onnxruntime_pybind11_state"


def _raised(error: BaseException, cause: BaseException) -> BaseException:
    try:
        raise error from cause
    except type(error) as found:
        return found


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        np._core._exceptions._ArrayMemoryError((9,), np.dtype(np.float32)),  # type: ignore[attr-defined]
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 66.00 MiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("AllocateRawInternal Failed to allocate memory for requested buffer of size 9"),
        Full("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Status Message: std::bad_alloc"),
        Full("[ONNXRuntimeError] : 1 : FAIL : bad allocation"),
        _raised(EngineFault("cuda has not enough memory"), torch.OutOfMemoryError("CUDA out of memory")),
        _raised(InputError("'decoder.onnx' is damaged"), Full("std::bad_alloc")),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_failed_allocation_is_known_whoever_failed(error: BaseException) -> None:
    assert out_of_memory(error) and not card_lost(error)


@pytest.mark.parametrize(
    "error", [ValueError("out of memory"), RuntimeError("shapes differ"), InputError("a file is damaged")]
)
def test_what_is_another_fault_takes_no_rung(error: BaseException) -> None:
    assert not out_of_memory(error) and not card_lost(error)


@pytest.mark.parametrize(
    "text",
    ["CUDA error: device-side assert triggered", "CUDA error: an illegal memory access was encountered"],
)
def test_a_lost_card_is_not_a_full_one(text: str) -> None:
    assert card_lost(RuntimeError(text)) and not out_of_memory(RuntimeError(text))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Installed]:
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data" / "models").symlink_to(tiny_home("tiny-gvmgen") / "data" / "models")
    monkeypatch.setenv("HITPOINT_HOME", str(home))
    WARM.close_all()
    yield find("tiny-gvmgen")
    WARM.close_all()


class Narrow:
    """The real decoder, where `fits` says so; else memory runs out as it begins a window."""

    def __init__(self, inner: Decoder, fits: Callable[[int], bool], error: Exception) -> None:
        self.config = inner.config
        self._inner = inner
        self._fits = fits
        self._error = error

    def begin(self, condition: Condition, *, candidates: int, guided: bool, length: int) -> None:
        if not self._fits(candidates):
            raise self._error
        self._inner.begin(condition, candidates=candidates, guided=guided, length=length)

    def feed(self, tokens: Ints) -> Floats:
        return self._inner.feed(tokens)

    def close(self) -> None:
        self._inner.close()


class Machine:
    """Which backends are tried, and which of them have room for how many candidates."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, installed: Installed) -> None:
        self.installed = installed
        self.tried: list[tuple[str, str, int]] = []
        self.said: list[str] = []
        self.fits: Callable[[Backend, int], bool] = lambda backend, candidates: True
        self.error: Exception = MemoryError()
        really = Backend.open

        def opened(backend: Backend, found: Installed, *, stays: bool = False) -> Decoder:
            here = Backend("onnx", "cpu", "int8", "int8")

            def fits(candidates: int) -> bool:
                self.tried.append((backend.device, backend.precision, candidates))
                return self.fits(backend, candidates)

            return Narrow(really(here, found, stays=False), fits, self.error)

        monkeypatch.setattr(Backend, "open", opened)

    def on_card(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A card that computes in 32 bits, as audiocraft's decoder or an older torch would."""

        def chosen(installed: Installed, asked: NeuralOptions) -> Backend:
            return choose_backend(installed, asked) if asked.decoder == "onnx" else CARD

        monkeypatch.setattr(neural, "choose_backend", chosen)
        monkeypatch.setattr(backends, "_half", lambda: "bf16")

    def take(self, folder: Path, request: TakeRequest, stages: Stages | None = None) -> Take:
        folder.mkdir(exist_ok=True)
        generator: Any = NeuralGenerator(self.installed, folder, picture_conditioner, stages)
        if stages is not None:
            generator = KeptTakes(generator, folder, stages)
        return generator.generate(request, progress=self._hear, cancel=Cancel())  # type: ignore[no-any-return]

    def _hear(self, step: Step) -> None:
        if "memory" in step.text:
            self.said.append(step.text)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tiny: Installed) -> Machine:
    return Machine(monkeypatch, tiny)


def asked(seconds: int = 2, **options: Any) -> TakeRequest:
    request = take_request(seconds=seconds, style="piano", energy=0.5)
    return replace(request, handle_frames=(0, 0), neural=NeuralOptions(**options))


def test_candidates_are_halved_until_they_fit_and_each_halving_is_said(
    machine: Machine, tmp_path: Path
) -> None:
    machine.fits = lambda backend, candidates: candidates < 3
    take = machine.take(tmp_path / "a", asked(candidates=8))
    # What was open beside it goes first: the first rung is tried twice.
    assert [candidates for _, _, candidates in machine.tried] == [8, 8, 4, 2]
    assert len(take.extra["candidates"]) == 2
    told = [problem.text for problem in take.problems if problem.kind == "memory"]
    assert "--candidates 4 instead of 8" in told[0] and "--candidates 2 instead of 4" in told[1]
    assert machine.said == told and len(take.extra[STEPPED_DOWN]) == 2


def test_what_is_made_on_a_rung_is_what_its_own_options_would_make(machine: Machine, tmp_path: Path) -> None:
    machine.fits = lambda backend, candidates: candidates < 2
    stepped = machine.take(tmp_path / "a", asked(candidates=2))
    machine.fits = lambda backend, candidates: True
    usual = machine.take(tmp_path / "b", asked(candidates=1))
    one, other = (load_tokens(Path(take.extra["tokens"])) for take in (stepped, usual))
    np.testing.assert_array_equal(one, other)
    assert STEPPED_DOWN not in usual.extra


def test_a_card_goes_by_half_precision_to_the_cpu_which_says_how_long_it_takes(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.on_card(monkeypatch)
    machine.error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    machine.fits = lambda backend, candidates: backend.device == "cpu"
    take = machine.take(tmp_path / "a", asked(candidates=2))
    assert machine.tried[1:] == [
        ("cuda", "fp32", 2), ("cuda", "fp32", 1), ("cuda", "bf16", 1), ("cpu", "int8", 1),
    ]  # fmt: skip
    assert take.extra["backend"]["device"] == "cpu"
    assert "in bf16 instead of fp32" in machine.said[1]
    assert "on the CPU instead of the graphics card, which takes about" in machine.said[2]


def test_published_mode_takes_no_rung(machine: Machine, tmp_path: Path) -> None:
    machine.fits = lambda backend, candidates: False
    with pytest.raises(OptionError, match="published mode, where nothing may be made smaller"):
        machine.take(tmp_path / "a", asked(mode="published", candidates=2))
    assert {candidates for _, _, candidates in machine.tried} == {2}


def test_the_last_rung_ends_in_a_sentence(machine: Machine, tmp_path: Path) -> None:
    machine.fits = lambda backend, candidates: False
    with pytest.raises(OptionError, match="whatever is made smaller: close other programs"):
        machine.take(tmp_path / "a", asked(candidates=2))


def test_before_the_decoder_fewer_candidates_are_no_way_out(tiny: Installed) -> None:
    ladder = Ladder(tiny, NeuralOptions(), Rung(2, CARD), lambda text: None)
    ladder.step_down("condition", 100)
    assert (ladder.rung.candidates, ladder.rung.backend.device) == (2, "cpu")
    with pytest.raises(OptionError, match="whatever is made smaller"):
        ladder.step_down("condition", 100)


def test_a_lost_card_ends_the_take_at_once(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.on_card(monkeypatch)
    machine.error = RuntimeError("CUDA error: device-side assert triggered")
    machine.fits = lambda backend, candidates: False
    with pytest.raises(CardLost, match="run the command again, what was finished is kept"):
        machine.take(tmp_path / "a", asked())
    assert len(machine.tried) == 1


def test_a_take_of_a_lower_rung_is_never_found_as_the_one_that_was_asked_for(
    machine: Machine, tmp_path: Path
) -> None:
    stages = Stages()
    machine.fits = lambda backend, candidates: candidates < 2
    stepped = machine.take(tmp_path / "a", asked(), stages)
    machine.fits = lambda backend, candidates: True
    whole = machine.take(tmp_path / "b", asked(), stages)
    again = machine.take(tmp_path / "c", asked(), stages)
    assert len(stepped.extra["candidates"]) == 1
    assert len(whole.extra["candidates"]) == len(again.extra["candidates"]) == 2
    assert whole.stems[0].sha256 == again.stems[0].sha256
    undisturbed = machine.take(tmp_path / "d", asked())
    assert whole.stems[0].sha256 == undisturbed.stems[0].sha256


def test_windows_that_were_finished_are_carried_down_and_not_drawn_again() -> None:
    kept: dict[int, Ints] = {}

    class Store:
        def load(self, index: int) -> Ints | None:
            return kept.get(index)

        def keep(self, index: int, codes: Ints) -> None:
            kept[index] = codes

    heard: list[int] = []
    carried = Carried(Store(), lambda index, codes: heard.append(index))
    carried.candidates = 4
    full = np.arange(4 * 2 * 5).reshape(4, 2, 5)
    carried.keep(0, full)
    carried.candidates, carried.stepped_down = 2, True
    np.testing.assert_array_equal(carried.load(0), full[:2])
    carried.keep(1, full[:2])
    assert set(kept) == {0} and kept[0].shape[0] == 4
    np.testing.assert_array_equal(carried.load(1), full[:2])
    assert carried.load(2) is None and heard == [0, 0, 1, 1]


def test_memory_that_runs_out_late_keeps_the_windows_before(machine: Machine, tmp_path: Path) -> None:
    begun: list[int] = []

    def fits(backend: Backend, candidates: int) -> bool:
        begun.append(candidates)
        # The second window does not fit, however often it is tried with two.
        return candidates == 1 or begun.count(2) == 1

    machine.fits = fits
    card = machine.installed.card
    machine.installed = replace(
        machine.installed, card=replace(card, config=replace(card.config, max_duration_s=2.0))
    )
    take = machine.take(tmp_path / "a", asked(seconds=3))
    assert begun == [2, 2, 2, 1]
    assert "--candidates 1 instead of 2" in take.problems[-1].text


_CHILD = """
import json, re, resource, sys
from dataclasses import replace
from pathlib import Path
from hitpoint.engine.fit import choose
from hitpoint.engine.generator import NeuralOptions
from hitpoint.engine.models.gvmgen import picture_conditioner
from hitpoint.engine.models.library import find
from hitpoint.engine.models.neural import NeuralGenerator
from hitpoint.engine.progress import Cancel, silent
from tools.made import take_request

# Which of them is the best takes longest, and is not asked here.
choose.choose = lambda decoded, *_, cancel: choose.Choice(0, tuple({} for _ in decoded))
folder = Path(sys.argv[1])
generator = NeuralGenerator(find("gvmgen-nano"), folder, picture_conditioner)

def take(seconds, candidates):
    request = take_request(seconds=seconds, style="piano", energy=0.5)
    asked = NeuralOptions(candidates=candidates)
    request = replace(request, handle_frames=(0, 0), neural=asked)
    return generator.generate(request, progress=silent, cancel=Cancel())

take(1, 1)
# Room for the graph and the caches of eight candidates over seven seconds (35 MB), not of sixteen (69 MB).
size = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + 50_000_000, resource.RLIM_INFINITY))
done = take(7, 16)
print(json.dumps({"candidates": len(done.extra["candidates"]), "told": [p.text for p in done.problems]}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_a_process_that_really_has_no_memory_left_makes_fewer_candidates(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={
            **os.environ,
            "HITPOINT_HOME": str(tmp_path / "home"),
            "MALLOC_ARENA_MAX": "1",
            "HITPOINT_THREADS": "1",
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert 1 <= told["candidates"] <= 8
    assert "instead of 16" in told["told"][0]


_HOLDER = """
import sys
from hitpoint.engine.store.locks import held
with held("gpu"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_needs_the_card_waits_for_another_process_and_says_so(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.on_card(monkeypatch)
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waited: list[str] = []

    def hear(step: Step) -> None:
        if "waiting for the graphics card" in step.text:
            assert not machine.tried
            waited.append(step.text)
            assert holder.stdin is not None
            holder.stdin.close()

    generator = NeuralGenerator(machine.installed, tmp_path, picture_conditioner)
    generator.generate(asked(), progress=hear, cancel=Cancel())
    assert waited == ["waiting for the graphics card, which another Hitpoint uses"]
    assert machine.tried and holder.wait(30) == 0
    holder.stdout.close()


def test_a_cpu_waits_for_nobody(machine: Machine, tmp_path: Path) -> None:
    with held("gpu"):
        NeuralGenerator(machine.installed, tmp_path, picture_conditioner).generate(
            asked(), progress=silent, cancel=Cancel()
        )
    assert machine.tried
