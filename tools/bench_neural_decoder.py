"""A step of MusicGen small with guidance: audiocraft's and transformers' own loops beside our decoders.

python -m tools.bench_neural decoder

Ten seconds are 500 steps. To save time 40 steps are measured at their beginning and 40 near their end
(positions 440 to 480; for 30 s 1440 to 1480); keys and values grow evenly, so the mean of the two medians is
the mean step. The floor is the time in which the weights of one step are read: their bytes over the best rate
of a matrix product in this run.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from hitpoint.engine.models.config import LARGE, MEDIUM, SMALL, DecoderConfig, Precision
from hitpoint.engine.models.generate.loop import generate_tokens
from hitpoint.engine.models.generate.sampling import Sampling, draw, guide
from hitpoint.engine.models.generate.torch_step import TorchDecoder
from hitpoint.engine.models.state import decoder_shapes, random_state
from hitpoint.engine.models.step import Condition, Decoder
from hitpoint.engine.progress import Cancel

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
# By its own name: some packages install one that is called `tests`.
import music_references

Row = tuple[str, str, str]
State = dict[str, Any]

_STEPS = 40
_FIRST = 5
_NEAR, _FAR, _LONG = 0, 440, 1440
_FRAMES = 30


@dataclass
class Timer:
    """Moments at which positions were finished."""

    moments: list[float] = field(default_factory=list)

    def __call__(self, *_: Any) -> None:
        self.moments.append(time.perf_counter())

    @property
    def step_ms(self) -> float:
        """Without the first, which read the prompt or warm up."""
        return 1000 * median(np.diff(self.moments)[_FIRST:].tolist())


def rows() -> Iterable[Row]:
    state = random_state(decoder_shapes(SMALL), 1)
    rate = _streaming_rate()
    yield "memory, best matrix product of two rows", f"{rate / 1e9:.1f} GB/s", ""
    yield from _sampling()
    found: dict[str, float] = {}
    for name, bits, measure in _contenders(state):
        near, far = measure(_NEAR), measure(_FAR)
        found[name] = (near + far) / 2
        floor = 1000 * _read_weights(SMALL) * bits / 8 / rate
        text = f"{found[name]:.1f} ms, {found[name] / floor:.1f} x"
        target = "at most 3 x its floor" if name.startswith(("torch", "ONNX")) else ""
        yield f"decoder small, 10 s, {name}: a step, over its floor", text, target
        if name == "ONNX int8":
            rate_30 = 2000 / (near + measure(_LONG))
            yield f"decoder small, a 30-s window, {name}", f"{rate_30:.0f} steps/s", "at least 50 steps/s"
        gc.collect()
    for name, target in (("audiocraft fp32", "at least 10 x"), ("transformers bf16", "at least 2 x")):
        for ours in (key for key in found if key.startswith(("torch", "ONNX"))):
            if name in found:
                yield (
                    f"decoder small, 10 s, {ours}: over {name}",
                    f"{found[name] / found[ours]:.1f} x",
                    target,
                )
    del state
    if torch.cuda.is_available():
        yield from _card()


def _contenders(state: State) -> Iterable[tuple[str, int, Callable[[int], float]]]:
    """Name, bits of a weight, and the milliseconds of a step behind a prompt of so many positions."""
    memory = music_references.random_rows((1, _FRAMES, SMALL.dim))
    condition = music_references.condition_of(SMALL, state, memory)
    if find_spec("audiocraft") is not None:

        def audiocraft(prompt: int) -> float:
            timer = Timer()
            music_references.audiocraft_generate(
                SMALL,
                state,
                memory,
                max_gen_len=prompt + _STEPS,
                prompt=torch.from_numpy(_prompt(prompt)),
                callback=timer,
            )
            return timer.step_ms

        yield "audiocraft fp32", 32, audiocraft
    if find_spec("transformers") is not None:
        for name, bits, dtype in (("fp32", 32, torch.float32), ("bf16", 16, torch.bfloat16)):
            model = music_references.transformers_model(SMALL, state).to(dtype)

            def transformers(prompt: int, model: Any = model) -> float:
                timer = Timer()
                music_references.transformers_generate(
                    model, memory, steps=prompt + _STEPS, prompt=_prompt(prompt)[0], told=timer
                )
                return timer.step_ms

            yield f"transformers {name}", bits, transformers
            del model
    for name, bits in (("fp32", 32), ("bf16", 16)):
        decoder = TorchDecoder(SMALL, state, dtype=name)
        yield f"torch {name}", bits, lambda prompt, one=decoder: _ours(one, condition, prompt)
        del decoder
    yield from _onnx(state, condition)


def _onnx(state: State, condition: Condition) -> Iterable[tuple[str, int, Callable[[int], float]]]:
    if find_spec("onnxruntime") is None or find_spec("onnx") is None:
        return
    from hitpoint.engine.models.graphs.decoder import export_decoder
    from hitpoint.engine.models.runtime.decoder import OnnxDecoder

    precisions: tuple[tuple[Precision, int], ...] = (("fp32", 32), ("int8", 8))
    for precision, bits in precisions:
        with tempfile.TemporaryDirectory() as folder:
            export_decoder(SMALL, state, Path(folder), precision)
            decoder = OnnxDecoder(Path(folder), SMALL, precision)
            yield f"ONNX {precision}", bits, lambda prompt, one=decoder: _ours(one, condition, prompt)
            decoder.close()


def _ours(decoder: Decoder, condition: Condition, prompt: int, steps: int = _STEPS) -> float:
    timer = Timer()
    generate_tokens(
        decoder,
        condition,
        steps=prompt + steps,
        sampling=Sampling(),
        seed=1,
        prompt=_prompt(prompt),
        told=timer,
        cancel=Cancel(),
    )
    return timer.step_ms


def _prompt(steps: int) -> Any:
    return music_references.random_tokens((1, SMALL.codebooks, steps))


def _read_weights(config: DecoderConfig) -> int:
    """Weights that a step reads where cross-attention's keys and values are projected already."""
    per_layer = 12 * config.dim**2 + (2 * config.dim**2 if config.cross_attention else 0)
    return config.layers * per_layer + config.codebooks * config.cardinality * config.dim


def _sampling() -> Iterable[Row]:
    random = np.random.Generator(np.random.Philox(1))
    for candidates in (1, 4):
        logits = random.standard_normal((2 * candidates, 4, 2048)).astype(np.float32)
        numbers = random.random((candidates, 4))
        timer = Timer()
        for _ in range(100):
            draw(guide(logits, 3.0), Sampling(), numbers)
            timer()
        yield (
            f"guidance and top-k drawing of a step, {candidates} candidates",
            f"{timer.step_ms:.2f} ms",
            "1 ms",
        )


def _streaming_rate() -> float:
    """Bytes of weights a second, the best of several products that read more than any cache holds."""
    weights = [torch.ones(4096, 1024) for _ in range(24)]
    halves = [weight.bfloat16() for weight in weights]
    rows_ = torch.ones(2, 1024)
    best = 0.0
    with torch.inference_mode():
        for given, held in ((rows_, weights), (rows_.bfloat16(), halves), (rows_[:1], weights)):
            for _ in range(6):
                start = time.perf_counter()
                for weight in held:
                    torch.nn.functional.linear(given, weight)
                read = sum(weight.numel() * weight.element_size() for weight in held)
                best = max(best, read / (time.perf_counter() - start))
    return best


def _card() -> Iterable[Row]:
    """On a CUDA card: the share of its bandwidth that a step of 10-s music reaches, weights only."""
    name = torch.cuda.get_device_name()
    rate = _card_rate()
    yield f"{name}: a copy", f"{rate / 1e9:.0f} GB/s", ""
    for size, config, share in (("small", SMALL, 0.5), ("medium", MEDIUM, 0.7), ("large", LARGE, 0.7)):
        state = random_state(decoder_shapes(config), 1)
        memory = music_references.random_rows((1, _FRAMES, config.dim))
        condition = music_references.condition_of(config, state, memory)
        decoder = TorchDecoder(config, state, device="cuda")
        step = (_ours(decoder, condition, _NEAR, 300) + _ours(decoder, condition, _FAR, 300)) / 2
        limit = 1000 * decoder.bytes_a_step / rate
        yield f"{name}: decoder {size}, torch, a step", f"{step:.2f} ms", ""
        yield f"{name}: decoder {size}, share of the limit", f"{limit / step:.2f}", f"at least {share}"
        del decoder
        if size == "small" and find_spec("audiocraft") is not None:
            from hitpoint.engine.models.generate.audiocraft_step import AudiocraftDecoder

            theirs = _ours(AudiocraftDecoder(config, state, device="cuda"), Condition(memory=memory), _NEAR)
            yield f"{name}: decoder small, over audiocraft fp16", f"{theirs / step:.1f} x", "at least 10 x"
        del state, condition
        gc.collect()
        torch.cuda.empty_cache()


def _card_rate() -> float:
    """Bytes read and written a second by the best of several copies."""
    source = torch.ones(1 << 28, device="cuda")
    target = torch.empty_like(source)
    best = 0.0
    for _ in range(6):
        torch.cuda.synchronize()
        start = time.perf_counter()
        target.copy_(source)
        torch.cuda.synchronize()
        best = max(best, 2 * source.numel() * source.element_size() / (time.perf_counter() - start))
    return best
