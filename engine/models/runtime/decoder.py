"""The decoder on a CPU in ONNX Runtime: a file that graphs/decoder.py wrote, and caches that it fills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...errors import InputError, OptionError
from ..channels import at_positions
from ..config import DecoderConfig, Precision
from ..step import Condition, Floats, Ints
from .session import graph_path, open_session, return_memory

if TYPE_CHECKING:
    import onnxruntime

Array = npt.NDArray[Any]

DECODER_PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
# Positions of a prompt that are computed at once: bounds the working memory, and is enough to use the cores.
_PIECE = 256
# Base of the sinusoids' wavelengths (audiocraft `create_sin_embedding`).
_PERIOD = np.float32(10_000)


class OnnxDecoder:
    """Implements `step.Decoder`: keys and values in 32 bits (fp32) or 16 (int8), of the announced length.

    A step costs what the positions reached so far cost, whatever length was announced.

    threads  of one step; None: one for every core
    stays    whether `close` leaves the weights, until `unload`
    OptionError for a precision that is not exported; InputError when the folder lacks the file, or it belongs
    to a decoder of another size.
    """

    def __init__(
        self,
        folder: Path,
        config: DecoderConfig,
        precision: Precision = "int8",
        threads: int | None = None,
        *,
        stays: bool = False,
    ) -> None:
        if precision not in DECODER_PRECISIONS:
            raise OptionError(
                f"the ONNX decoder does not compute in {precision}: use {' or '.join(DECODER_PRECISIONS)}"
            )
        self.config = config
        self._path = graph_path(folder, f"decoder-{precision}.onnx")
        self._kind: type[np.floating[Any]] = np.float16 if precision == "int8" else np.float32
        self._threads = threads
        self._stays = stays
        self._session: onnxruntime.InferenceSession | None = None
        self._window: _Window | None = None

    def begin(self, condition: Condition, *, candidates: int, guided: bool, length: int) -> None:
        """As `step.Decoder.begin`; the prefix is computed together with the first tokens."""
        # The last window's caches go before the next one's come.
        self._window = None
        if self._session is None:
            self._session = self._opened()
        rows = 2 * candidates if guided else candidates
        prefix = np.zeros((rows, 0, self.config.dim), np.float32)
        if condition.prefix is not None:
            branches = condition.prefix if guided else condition.prefix[:1]
            prefix = np.repeat(np.asarray(branches, np.float32), candidates, axis=0)
        cross = _cross(condition, self.config)
        conditioned = np.zeros((rows, 1, 1), np.float32)
        conditioned[:candidates] = 1
        # Rows of zeros add exactly nothing: null rows, and all of them without a plan.
        plan = np.zeros((rows, length, self.config.plan_channels), np.float32)
        if condition.plan is not None:
            plan[:candidates] = at_positions(condition.plan, self.config, length)
        self._window = _Window(
            self._session, self.config, self._kind, length + prefix.shape[1], prefix, cross, conditioned, plan
        )

    def feed(self, tokens: Ints) -> Floats:
        """As `step.Decoder.feed`."""
        assert self._window is not None, "begin comes before feed"
        return self._window.feed(tokens)

    def close(self) -> None:
        """Free caches and weights; the next `begin` reads the file again. With `stays`, the caches alone."""
        self._window = None
        if self._stays:
            return_memory()
        else:
            self.unload()

    def unload(self) -> None:
        """Free all of it, whatever stays else."""
        self._window = None
        self._session = None
        return_memory()

    def _opened(self) -> onnxruntime.InferenceSession:
        session = open_session(self._path, device="cpu", threads=self._threads, arena=False)
        config = self.config
        shapes = {value.name: value.shape for value in (*session.get_inputs(), *session.get_outputs())}
        keys = [shape for name, shape in shapes.items() if name.startswith("past_key.")]
        fits = (
            len(keys) == config.layers
            and all(shape[1::2] == [config.heads, config.head_dim] for shape in keys)
            and shapes.get("logits", [])[1:] == [config.codebooks, config.cardinality]
            and ("conditioned" in shapes) == config.cross_attention
            and shapes.get("plan", [0])[-1] == config.plan_channels
        )
        if not fits:
            raise InputError(
                f"'{self._path.name}' belongs to a decoder of another size than the model "
                f"'{self._path.parent.name}': import the model again"
            )
        return session


class _Window:
    """Caches of one window, and one run of the graph after another over them."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        config: DecoderConfig,
        kind: type[np.floating[Any]],
        capacity: int,
        prefix: Floats,
        cross: Sequence[tuple[Floats, Floats]],
        conditioned: Floats,
        plan: Floats,
    ) -> None:
        self._session = session
        self._config = config
        self._capacity = capacity
        self._prefix = prefix
        self._cross = cross
        self._conditioned = conditioned
        # Of every position but the prefix's, [R, length, C]; C is 0 where the decoder takes no plan.
        self._plan = plan
        self._rows = len(conditioned)
        # One allocation, which goes back to the system whole. Zeros: a kernel may read past what is filled.
        shape = (config.layers, 2, self._rows, config.heads, capacity, config.head_dim)
        self._cache = np.zeros(shape, kind)
        self._at = 0
        self._all = self._binding(slice(None))

    def feed(self, tokens: Ints) -> Floats:
        config = self._config
        candidates, codebooks, count = tokens.shape
        assert self._rows in (candidates, 2 * candidates) and codebooks == config.codebooks, "as announced"
        assert count > 0, "a feed has at least one position"
        given = np.tile(np.asarray(tokens, np.int64), (self._rows // candidates, 1, 1))
        out = np.empty((self._rows, config.codebooks, config.cardinality), np.float32)
        for start in range(0, count, _PIECE):
            prefix, self._prefix = self._prefix, self._prefix[:, :0]
            self._append(given[:, :, start : start + _PIECE], prefix, out)
        return out

    def _append(self, tokens: Ints, prefix: Floats, out: Floats) -> None:
        first, self._at = self._at, self._at + prefix.shape[1] + tokens.shape[2]
        assert self._at <= self._capacity, "more positions than were announced"
        places = positional_code(first, self._at - first, self._config.dim)
        end = self._at - (self._capacity - self._plan.shape[1])
        plan = self._plan[:, end - tokens.shape[2] : end]
        if self._at == first + 1 or not first:
            self._run(self._all, tokens, prefix, places, plan, out)
            return
        # Several positions behind others: `GroupQueryAttention` takes those of one row at a time.
        for row in range(self._rows):
            only = slice(row, row + 1)
            self._run(self._binding(only), tokens[only], prefix[only], places, plan[only], out[only])

    def _run(
        self, binding: Any, tokens: Ints, prefix: Floats, places: Floats, plan: Floats, out: Floats
    ) -> None:
        inputs: dict[str, Array] = {
            "tokens": np.ascontiguousarray(tokens),
            "prefix": np.ascontiguousarray(prefix),
            "places": places,
            "last": np.full(len(tokens), self._at - 1, np.int32),
            "total": np.array([self._at], np.int32),
        }
        if self._config.plan_channels:
            inputs["plan"] = np.ascontiguousarray(plan)
        for name, array in inputs.items():
            _bind_input(binding, name, array)
        _bind_output(binding, "logits", out)
        self._session.run_with_iobinding(binding)

    def _binding(self, rows: slice) -> Any:
        """What stays bound for a whole window. The arrays are alive as long as this window is."""
        binding = self._session.io_binding()
        for index, layer in enumerate(self._cache):
            for name, held in zip(("key", "value"), layer[:, rows], strict=True):
                # The same memory as past and as present: new positions are written in place.
                _bind_input(binding, f"past_{name}.{index}", held)
                _bind_output(binding, f"present_{name}.{index}", held)
        if self._config.cross_attention:
            _bind_input(binding, "conditioned", self._conditioned[rows])
            for index, (key, value) in enumerate(self._cross):
                _bind_input(binding, f"cross_key.{index}", key)
                _bind_input(binding, f"cross_value.{index}", value)
        return binding


def positional_code(first: int, count: int, dim: int) -> Floats:
    """float32 [count, dim] of the positions from `first`: cosines, then sines (gvmgen.md 7.1).

    Power and phase are taken in float32, as audiocraft takes them.
    """
    half = dim // 2
    wavelengths = _PERIOD ** (np.arange(half, dtype=np.float32) / np.float32(half - 1))
    phase = np.arange(first, first + count, dtype=np.float32)[:, None] / wavelengths
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1)


def _cross(condition: Condition, config: DecoderConfig) -> list[tuple[Floats, Floats]]:
    """Keys and values of every layer, each [1,H,N,64], without padding. Nothing to attend to is one zero."""
    if not config.cross_attention:
        assert condition.temporal_kv is None, "this decoder has no cross-attention"
        return []
    pairs = condition.temporal_kv
    if pairs is None:
        assert condition.memory is None, "the memory comes projected, as temporal_kv"
    elif condition.mask is not None:
        pairs = pairs[:, :, :, condition.mask[0]]
    if pairs is None or not pairs.shape[3]:
        # The value zero, through a projection without bias, adds exactly nothing.
        pairs = np.zeros((config.layers, 2, 1, 1, config.dim), np.float32)
    split = pairs.reshape(*pairs.shape[:4], config.heads, config.head_dim).swapaxes(3, 4)
    held = np.ascontiguousarray(split, np.float32)
    return [(layer[0], layer[1]) for layer in held]


def _bind_input(binding: Any, name: str, array: Array) -> None:
    binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)


def _bind_output(binding: Any, name: str, array: Array) -> None:
    binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
