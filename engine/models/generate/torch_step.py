"""The decoder in torch: a static key/value cache, and on CUDA one captured graph a step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ...errors import EngineFault, OptionError
from ..channels import at_positions
from ..config import DecoderConfig
from ..net.cached import CachedDecoder, SlicedKeys, StaticKeys
from ..net.decoder import load_decoder
from ..state import State
from ..step import Condition, Floats, Ints
from .sampling import Sampling, Uniform

_DTYPES: dict[str, torch.dtype] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
# Attention over static shapes reads the cache up to the next multiple: a graph for each of them.
_BUCKET = 256
# Lengths of the cache: kernels take masks as they are when their rows are aligned to this.
_ALIGNED = 8


@dataclass(slots=True)
class _Window:
    """What `begin` allocates; graphs hold the addresses of these tensors."""

    candidates: int
    guided: bool
    cache: Tensor
    places: Tensor
    # Keys and values of cross-attention [L,2,1,H,N,64].
    cross: Tensor | None
    # What the plan adds at every position of conditioned rows, float32 [positions, D].
    plan: Tensor | None
    # Of the static step: tokens [C,K,1], the position [1], a random number for each token [C,K].
    tokens: Tensor
    place: Tensor
    uniform: Tensor
    at: int = 0
    graphs: dict[tuple[int, Sampling | None], tuple[torch.cuda.CUDAGraph, Tensor]] = field(
        default_factory=dict
    )

    @property
    def rows(self) -> int:
        return 2 * self.candidates if self.guided else self.candidates


class TorchDecoder:
    """Implements `step.Decoder`, and `sampling.DrawingDecoder`: tokens are drawn where the logits lie.

    device  "cpu", "cuda" or a name such as "cuda:1"
    dtype   None: bf16 on a card that has it, else fp16; fp32 on a CPU
    static  None: as the device needs it. True: single positions in the fixed shapes that a graph is captured
            from, also on a CPU.
    OptionError for a device or dtype that is not possible here.
    """

    def __init__(
        self,
        config: DecoderConfig,
        state: State,
        device: str = "cpu",
        dtype: str | torch.dtype | None = None,
        *,
        static: bool | None = None,
    ) -> None:
        self.config = config
        where = _device(device)
        self._graphed = where.type == "cuda"
        self._static = self._graphed if static is None else static
        with _memory(where, "the model's weights"):
            self._net = CachedDecoder(load_decoder(config, state), where, _dtype(dtype, where))
        self._window: _Window | None = None

    @property
    def bytes_a_step(self) -> int:
        """Of weights read for one step."""
        return self._net.bytes_a_step

    @torch.inference_mode()
    def begin(self, condition: Condition, *, candidates: int, guided: bool, length: int) -> None:
        cross = self._cross(condition)
        prefix = (
            None if condition.prefix is None else torch.from_numpy(np.array(condition.prefix, np.float32))
        )
        total = length + (0 if prefix is None else prefix.shape[1])
        with _memory(self._net.device, f"{candidates} candidates of {length} positions"):
            plan = self._plan(condition, total, length)
            window = self._reused(candidates, guided, total, cross, plan)
            if window is None:
                self._window = None
                window = self._allocated(candidates, guided, total, cross, plan)
            self._window = window
            if prefix is not None:
                branches = prefix if guided else prefix[:1]
                rows = branches.to(self._net.device).repeat_interleave(candidates, dim=0)
                self._piece(window, rows)

    @torch.inference_mode()
    def feed(self, tokens: Ints) -> Floats:
        return self._fed(tokens, None, None).cpu().numpy()

    @torch.inference_mode()
    def feed_and_draw(self, tokens: Ints, sampling: Sampling, uniform: Uniform) -> Ints:
        return self._fed(tokens, sampling, torch.from_numpy(uniform)).cpu().numpy()

    def close(self) -> None:
        self._window = None
        if self._graphed:
            torch.cuda.empty_cache()

    def _fed(self, tokens: Ints, sampling: Sampling | None, uniform: Tensor | None) -> Tensor:
        """Logits, or with `sampling` the tokens drawn from them."""
        window = self._window
        assert window is not None, "begin comes before feed"
        given = torch.from_numpy(np.ascontiguousarray(tokens))
        assert window.at + given.shape[-1] <= len(window.places), "more positions than were announced"
        if uniform is not None:
            window.uniform.copy_(uniform)
        if self._static and given.shape[-1] == 1:
            window.tokens.copy_(given)
            window.place.fill_(window.at)
            window.at += 1
            reach = min(_up(window.at, _BUCKET), window.cache.shape[4])
            if self._graphed:
                return self._replayed(window, reach, sampling)
            return self._single(window, reach, sampling)
        embedded = self._net.embed(given.to(self._net.device))
        hidden = self._piece(window, embedded.repeat(window.rows // window.candidates, 1, 1))
        return self._answer(window, hidden[:, -1], sampling)

    def _piece(self, window: _Window, embedded: Tensor) -> Tensor:
        """Run [R,n,D] through the layers at the cache's end."""
        end = window.at + embedded.shape[1]
        hidden = embedded + window.places[window.at : end]
        if window.plan is not None:
            hidden[: window.candidates] += window.plan[window.at : end]
        keys = SlicedKeys(window.cache, window.at)
        window.at = end
        return self._net.run(hidden, keys, window.cross, window.candidates)

    def _single(self, window: _Window, reach: int, sampling: Sampling | None) -> Tensor:
        """One position from the window's static tensors: what a graph is captured from."""
        embedded = self._net.embed(window.tokens).repeat(window.rows // window.candidates, 1, 1)
        hidden = embedded + window.places.index_select(0, window.place)
        if window.plan is not None:
            hidden[: window.candidates] += window.plan.index_select(0, window.place)
        keys = StaticKeys(window.cache, window.place, reach)
        hidden = self._net.run(hidden, keys, window.cross, window.candidates)
        return self._answer(window, hidden[:, 0], sampling)

    def _answer(self, window: _Window, last: Tensor, sampling: Sampling | None) -> Tensor:
        logits = self._net.logits(last)
        if sampling is None:
            return logits
        if window.guided:
            conditioned, null = torch.chunk(logits, 2)
            logits = null + sampling.guidance * (conditioned - null)
        return draw(logits, sampling, window.uniform)

    def _replayed(self, window: _Window, reach: int, sampling: Sampling | None) -> Tensor:
        key = (reach, sampling)
        with torch.cuda.device(self._net.device), _memory(self._net.device, "a graph of one step"):
            if key not in window.graphs:
                window.graphs[key] = self._captured(window, reach, sampling)
            graph, out = window.graphs[key]
            graph.replay()
            return out

    def _captured(
        self, window: _Window, reach: int, sampling: Sampling | None
    ) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        # Libraries allocate their workspaces at first use, which a capture does not allow. Running the
        # position more than once is harmless: it writes the same keys and values to the same place.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                self._single(window, reach, sampling)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Graphs of one window run one after the other, so they may share their memory.
        pool = next(iter(window.graphs.values()))[0].pool() if window.graphs else None
        with torch.cuda.graph(graph, pool=pool):
            out = self._single(window, reach, sampling)
        return graph, out

    def _cross(self, condition: Condition) -> Tensor | None:
        """[L,2,1,H,N,64] without padding."""
        config = self.config
        if condition.temporal_kv is None:
            assert condition.memory is None, "the memory comes projected, as temporal_kv"
            return None
        assert config.cross_attention, "this decoder has no cross-attention"
        pairs = torch.from_numpy(np.array(condition.temporal_kv, np.float32))
        if condition.mask is not None:
            pairs = pairs[:, :, :, torch.from_numpy(condition.mask[0])]
        if not pairs.shape[3]:
            return None
        split = pairs.view(*pairs.shape[:4], config.heads, config.head_dim).transpose(3, 4)
        return split.contiguous().to(self._net.device, self._net.dtype)

    def _plan(self, condition: Condition, total: int, length: int) -> Tensor | None:
        """float32 [total, D]: zeros at the prefix, then what the plan adds at each of `length` positions."""
        if condition.plan is None:
            return None
        added = self._net.plan(torch.from_numpy(at_positions(condition.plan, self.config, length)))
        return torch.cat([added.new_zeros((total - length, self.config.dim)), added])

    def _allocated(
        self, candidates: int, guided: bool, total: int, cross: Tensor | None, plan: Tensor | None
    ) -> _Window:
        config, device = self.config, self._net.device
        rows = 2 * candidates if guided else candidates
        shape = (config.layers, 2, rows, config.heads, _up(total, _ALIGNED), config.head_dim)
        return _Window(
            candidates,
            guided,
            # Zeros: what is masked is multiplied by zero, and must be finite for that.
            torch.zeros(shape, device=device, dtype=self._net.dtype),
            self._net.places(total),
            cross,
            plan,
            torch.zeros((candidates, config.codebooks, 1), device=device, dtype=torch.int64),
            torch.zeros(1, device=device, dtype=torch.int64),
            torch.zeros((candidates, config.codebooks), device=device, dtype=torch.float64),
        )

    def _reused(
        self, candidates: int, guided: bool, total: int, cross: Tensor | None, plan: Tensor | None
    ) -> _Window | None:
        """The last window's memory and graphs where the next one is of the same shape."""
        window = self._window
        if window is None or (window.candidates, window.guided) != (candidates, guided):
            return None
        if len(window.places) != total or _shape(window.cross) != _shape(cross):
            return None
        if _shape(window.plan) != _shape(plan):
            return None
        if window.cross is not None and cross is not None:
            window.cross.copy_(cross)
        if window.plan is not None and plan is not None:
            window.plan.copy_(plan)
        window.at = 0
        return window


def draw(logits: Tensor, sampling: Sampling, uniform: Tensor) -> Tensor:
    """`sampling.draw` on the device: logits float32 [..., tokens], uniform float64 [...], int64 [...]."""
    if sampling.argmax:
        return logits.argmax(dim=-1)
    weights = torch.exp((logits - logits.amax(dim=-1, keepdim=True)) / sampling.temperature)
    if sampling.top_p > 0:
        falling, order = weights.sort(dim=-1, descending=True, stable=True)
        falling = falling.double()
        before = falling.cumsum(dim=-1) - falling
        dropped = before > sampling.top_p * falling.sum(dim=-1, keepdim=True)
        weights = weights.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), 0)
    elif 0 < sampling.top_k < logits.shape[-1]:
        smallest = logits.topk(sampling.top_k, dim=-1).values[..., -1:]
        weights = weights.masked_fill(logits < smallest, 0)
    cumulative = weights.double().cumsum(dim=-1)
    total = cumulative[..., -1]
    threshold = torch.minimum(uniform * total, torch.nextafter(total, torch.zeros_like(total)))
    return (cumulative <= threshold[..., None]).sum(dim=-1)


def _up(count: int, step: int) -> int:
    return -(-count // step) * step


def _shape(tensor: Tensor | None) -> torch.Size | None:
    return None if tensor is None else tensor.shape


def _device(name: str) -> torch.device:
    if name != "cpu" and name.partition(":")[0] != "cuda":
        raise OptionError(f"the device '{name}' is not possible: give cpu or cuda")
    if name != "cpu" and not torch.cuda.is_available():
        raise OptionError(
            "CUDA does not run here: check the driver and the torch that is installed, or use cpu"
        )
    return torch.device(name)


def _dtype(asked: str | torch.dtype | None, device: torch.device) -> torch.dtype:
    if isinstance(asked, torch.dtype):
        return asked
    if asked is None:
        if device.type == "cpu":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if asked not in _DTYPES:
        raise OptionError(
            f"the torch decoder does not compute in {asked}: use one of {', '.join(_DTYPES)}, "
            "or --decoder onnx"
        )
    return _DTYPES[asked]


@contextmanager
def _memory(device: torch.device, what: str) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise EngineFault(
            f"{device} has not enough memory for {what}: ask for fewer candidates, or use the CPU"
        ) from error
