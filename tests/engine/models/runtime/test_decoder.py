"""The decoder in ONNX Runtime against a plain forward over the whole sequence, in numpy and float64."""

from __future__ import annotations

import math
import resource
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from hitpoint.engine.errors import InputError, OptionError
from hitpoint.engine.models.config import SMALL, DecoderConfig
from hitpoint.engine.models.generate.loop import generate_tokens
from hitpoint.engine.models.generate.sampling import Sampling
from hitpoint.engine.models.graphs.decoder import export_decoder
from hitpoint.engine.models.runtime.decoder import OnnxDecoder
from hitpoint.engine.models.state import State, decoder_shapes, random_state
from hitpoint.engine.models.step import Condition, Floats, Ints
from hitpoint.engine.models.tiny import TINY_DECODER, TINY_STEREO
from hitpoint.engine.progress import Cancel

Array = npt.NDArray[Any]
PREFIXED = DecoderConfig(dim=64, heads=4, layers=2, cross_attention=False)
LENGTH = 40
_ERF = np.vectorize(math.erf)


def reference(config: DecoderConfig, state: State, tokens: Ints, condition: Condition, null: bool) -> Array:
    """Logits [K,S,cardinality] of one row of tokens [K,S], in float64."""
    weights = {key: np.asarray(state[key], np.float64) for key in decoder_shapes(config)}
    hidden = sum(weights[f"emb.{k}.weight"][tokens[k]] for k in range(config.codebooks))
    if condition.prefix is not None:
        hidden = np.concatenate([condition.prefix[1 if null else 0], hidden])
    count = len(hidden)
    half = config.dim // 2
    phase = np.arange(count)[:, None] / 10_000 ** (np.arange(half) / (half - 1))
    hidden = hidden + np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    causal = np.tril(np.ones((count, count), bool))

    def norm(name: str) -> Array:
        centred = hidden - hidden.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attend(query: Array, key: Array, value: Array, allowed: Array) -> Array:
        heads = [np.split(part, config.heads, axis=-1) for part in (query, key, value)]
        out = []
        for q, k, v in zip(*heads, strict=True):
            score = np.where(allowed, q @ k.T / math.sqrt(config.head_dim), -np.inf)
            share = np.exp(score - score.max(-1, keepdims=True))
            out.append(share / share.sum(-1, keepdims=True) @ v)
        return np.concatenate(out, axis=-1)

    for index in range(config.layers):
        layer = f"transformer.layers.{index}."
        packed = norm(f"{layer}norm1") @ weights[f"{layer}self_attn.in_proj_weight"].T
        mixed = attend(*np.split(packed, 3, axis=-1), causal)
        hidden = hidden + mixed @ weights[f"{layer}self_attn.out_proj.weight"].T
        if condition.temporal_kv is not None and not null:
            projection = weights[f"{layer}cross_attention.in_proj_weight"][: config.dim]
            key, value = condition.temporal_kv[index, :, 0].astype(np.float64)
            seen = np.ones(len(key), bool) if condition.mask is None else condition.mask[0]
            mixed = attend(norm(f"{layer}norm_cross") @ projection.T, key, value, seen[None])
            hidden = hidden + mixed @ weights[f"{layer}cross_attention.out_proj.weight"].T
        inner = norm(f"{layer}norm2") @ weights[f"{layer}linear1.weight"].T
        inner = inner * (1 + _ERF(inner / math.sqrt(2))) / 2
        hidden = hidden + inner @ weights[f"{layer}linear2.weight"].T
    hidden = norm("out_norm")[-tokens.shape[1] :]
    return np.stack([hidden @ weights[f"linears.{k}.weight"].T for k in range(config.codebooks)])


def state_of(config: DecoderConfig) -> dict[str, Floats]:
    return random_state(decoder_shapes(config), 5)


def random_of(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def memory_of(config: DecoderConfig, frames: int = 6) -> Floats:
    return random_of(1).standard_normal((config.layers, 2, 1, frames, config.dim)).astype(np.float32)


def tokens_of(config: DecoderConfig, candidates: int = 1, count: int = LENGTH) -> Ints:
    # The special token too.
    return random_of(2).integers(0, config.cardinality + 1, (candidates, config.codebooks, count))


def cosines(left: Array, right: Array) -> Array:
    norms = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    return (left * right).sum(-1) / norms


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """decoder-*.onnx of the three tiny decoders, each in a folder of its own."""
    root = tmp_path_factory.mktemp("decoders")
    for name, config in (("mono", TINY_DECODER), ("stereo", TINY_STEREO), ("prefixed", PREFIXED)):
        for precision in ("fp32", "int8"):
            export_decoder(config, state_of(config), root / name, precision)
    return root


def opened(folder: Path, name: str = "mono", precision: str = "fp32") -> OnnxDecoder:
    config = {"mono": TINY_DECODER, "stereo": TINY_STEREO, "prefixed": PREFIXED}[name]
    return OnnxDecoder(folder / name, config, precision, threads=1)


def fed(decoder: OnnxDecoder, tokens: Ints, pieces: tuple[int, ...]) -> list[Floats]:
    ends = np.cumsum(pieces)
    return [decoder.feed(tokens[..., end - piece : end]) for piece, end in zip(pieces, ends, strict=True)]


@pytest.mark.parametrize("name", ["mono", "stereo"])
def test_conditioned_rows_and_null_rows_are_the_plain_forward(folder: Path, name: str) -> None:
    decoder = opened(folder, name)
    config = decoder.config
    condition, tokens = Condition(temporal_kv=memory_of(config)), tokens_of(config, candidates=2)
    decoder.begin(condition, candidates=2, guided=True, length=LENGTH)
    pieces = (9, 1, 1, 12, 1, 16)
    for out, end in zip(fed(decoder, tokens, pieces), np.cumsum(pieces), strict=True):
        assert out.shape == (4, config.codebooks, config.cardinality) and out.dtype == np.float32
        for row in range(4):
            expected = reference(config, state_of(config), tokens[row % 2, :, :end], condition, null=row >= 2)
            assert np.abs(out[row] - expected[:, -1]).max() < 1e-5


def test_a_prompt_in_one_piece_is_its_positions_one_by_one(folder: Path) -> None:
    condition, tokens = Condition(temporal_kv=memory_of(TINY_DECODER)), tokens_of(TINY_DECODER, 2, 600)
    decoder = opened(folder)
    ends = []
    # The last is longer than what is computed at once.
    for pieces in ((1,) * 600, (600,), (100, 500)):
        decoder.begin(condition, candidates=2, guided=True, length=601)
        ends.append(fed(decoder, tokens, pieces)[-1])
    assert np.abs(ends[1] - ends[0]).max() < 1e-5 and np.abs(ends[2] - ends[0]).max() < 1e-5


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_announced_length_changes_nothing(folder: Path, precision: str) -> None:
    tokens = tokens_of(TINY_DECODER, 1)
    outs = []
    for length in (LENGTH, 300, 1503):
        decoder = opened(folder, precision=precision)
        decoder.begin(
            Condition(temporal_kv=memory_of(TINY_DECODER)), candidates=1, guided=True, length=length
        )
        outs.append(np.array(fed(decoder, tokens, (8,) + (1,) * 32)))
    assert (outs[0] == outs[1]).all() and (outs[0] == outs[2]).all()


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_candidate_does_not_depend_on_the_others(folder: Path, precision: str) -> None:
    condition, tokens = Condition(temporal_kv=memory_of(TINY_DECODER)), tokens_of(TINY_DECODER, 3, 20)
    decoder = opened(folder, precision=precision)
    decoder.begin(condition, candidates=3, guided=True, length=20)
    together = fed(decoder, tokens, (7,) + (1,) * 13)[-1]
    for index in range(3):
        decoder.begin(condition, candidates=1, guided=True, length=20)
        alone = fed(decoder, tokens[index : index + 1], (7,) + (1,) * 13)[-1]
        assert np.abs(together[[index, 3 + index]] - alone).max() < (1e-5 if precision == "fp32" else 2e-2)


def test_padding_of_the_memory_is_not_attended_to(folder: Path) -> None:
    memory = memory_of(TINY_DECODER, frames=6)
    mask = np.array([[True, False, True, True, False, False]])
    tokens = tokens_of(TINY_DECODER)
    outs = []
    for condition in (
        Condition(temporal_kv=memory, mask=mask),
        Condition(temporal_kv=np.where(mask[0, :, None], memory, 99).astype(np.float32), mask=mask),
        Condition(temporal_kv=memory[:, :, :, mask[0]]),
        Condition(temporal_kv=memory),
    ):
        decoder = opened(folder)
        decoder.begin(condition, candidates=1, guided=False, length=LENGTH)
        outs.append(decoder.feed(tokens))
    assert (outs[0] == outs[1]).all() and (outs[0] == outs[2]).all()
    assert np.abs(outs[0] - outs[3]).max() > 1e-2


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_without_a_memory_every_row_is_a_null_row(folder: Path, precision: str) -> None:
    tokens = tokens_of(TINY_DECODER)
    decoder = opened(folder, precision=precision)
    decoder.begin(Condition(temporal_kv=memory_of(TINY_DECODER)), candidates=1, guided=True, length=LENGTH)
    null = decoder.feed(tokens)[1]
    for condition in (
        Condition(),
        Condition(temporal_kv=memory_of(TINY_DECODER), mask=np.zeros((1, 6), bool)),
    ):
        decoder.begin(condition, candidates=1, guided=False, length=LENGTH)
        assert np.abs(decoder.feed(tokens)[0] - null).max() < 1e-5
    expected = reference(TINY_DECODER, state_of(TINY_DECODER), tokens[0], Condition(), null=True)
    assert np.abs(null - expected[:, -1]).max() < (1e-5 if precision == "fp32" else 0.2)


@pytest.mark.parametrize("guided", [True, False])
def test_a_prefix_stands_before_the_first_token(folder: Path, guided: bool) -> None:
    prefix = random_of(4).standard_normal((2, 11, PREFIXED.dim)).astype(np.float32)
    condition, tokens = Condition(prefix=prefix), tokens_of(PREFIXED, 2, 20)
    decoder = opened(folder, "prefixed")
    decoder.begin(condition, candidates=2, guided=guided, length=20)
    out = fed(decoder, tokens, (1, 4, 1, 14))[-1]
    assert len(out) == (4 if guided else 2)
    for row in range(len(out)):
        expected = reference(PREFIXED, state_of(PREFIXED), tokens[row % 2], condition, null=row >= 2)
        assert np.abs(out[row] - expected[:, -1]).max() < 1e-5


def test_every_window_begins_empty_and_close_may_be_followed_by_begin(folder: Path) -> None:
    condition, tokens = Condition(temporal_kv=memory_of(TINY_DECODER)), tokens_of(TINY_DECODER)
    decoder = opened(folder)
    outs = []
    for _ in range(2):
        decoder.begin(condition, candidates=1, guided=True, length=LENGTH)
        decoder.feed(tokens[..., 5:9])
        decoder.begin(condition, candidates=1, guided=True, length=LENGTH)
        outs.append(decoder.feed(tokens))
        decoder.close()
    decoder.close()
    assert (outs[0] == outs[1]).all()
    with pytest.raises(AssertionError, match="begin comes before feed"):
        decoder.feed(tokens)


def test_more_positions_than_announced_are_our_own_mistake(folder: Path) -> None:
    decoder = opened(folder)
    decoder.begin(Condition(), candidates=1, guided=False, length=4)
    with pytest.raises(AssertionError, match="more positions than were announced"):
        decoder.feed(tokens_of(TINY_DECODER, count=5))


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's own count of memory")
def test_close_gives_the_memory_back(folder: Path) -> None:
    decoder = opened(folder)
    decoder.begin(Condition(), candidates=4, guided=True, length=25_000)
    caches = 4 * 2 * 2 * 2 * 64 * 25_000 * 4
    before = resident_bytes()
    assert decoder._window is not None
    decoder._window._cache.fill(1)
    assert resident_bytes() - before > 0.8 * caches
    decoder.close()
    assert resident_bytes() - before < 0.2 * caches


def test_eight_bits_and_a_cache_of_sixteen_point_the_same_way(folder: Path) -> None:
    tokens = tokens_of(TINY_STEREO, count=200)
    outs = []
    for precision in ("fp32", "int8"):
        decoder = opened(folder, "stereo", precision)
        decoder.begin(Condition(temporal_kv=memory_of(TINY_STEREO)), candidates=1, guided=True, length=200)
        outs.append(np.array(fed(decoder, tokens, (50,) + (1,) * 150)))
    assert cosines(*outs).min() > 0.999


def greedy(decoder: Any, condition: Condition, steps: int, seed: int = 0) -> Ints:
    return generate_tokens(
        decoder, condition, steps=steps, sampling=Sampling(greedy=True), seed=seed,
        told=lambda done: None, cancel=Cancel(),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["mono", "stereo"])
def test_two_hundred_greedy_tokens_are_those_of_torch(folder: Path, name: str) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    from hitpoint.engine.models.generate.torch_step import TorchDecoder

    decoder = opened(folder, name)
    condition = Condition(temporal_kv=memory_of(decoder.config))
    ours = greedy(decoder, condition, 200)
    theirs = greedy(TorchDecoder(decoder.config, state_of(decoder.config)), condition, 200)
    assert len(np.unique(ours)) >= 50
    assert (ours == theirs).all()


def test_a_file_of_another_size_is_refused(folder: Path) -> None:
    others = (
        DecoderConfig(dim=64, heads=4, layers=3),
        DecoderConfig(dim=64, heads=4, layers=2, cardinality=9),
    )
    for config in (TINY_STEREO, PREFIXED, *others):
        decoder = OnnxDecoder(folder / "mono", config, "fp32", threads=1)
        with pytest.raises(InputError, match=r"'decoder-fp32.onnx' belongs to a decoder of another size"):
            decoder.begin(Condition(), candidates=1, guided=False, length=1)


def test_a_missing_file_and_a_precision_that_is_not_there_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no decoder-int8.onnx"):
        OnnxDecoder(tmp_path, TINY_DECODER)
    with pytest.raises(OptionError, match="does not compute in fp16: use fp32 or int8"):
        OnnxDecoder(folder / "mono", TINY_DECODER, "fp16")


@pytest.mark.heavy
def test_the_small_size_keeps_its_logits_in_eight_bits(tmp_path: Path) -> None:
    state = state_of(SMALL)
    tokens, condition = tokens_of(SMALL, count=120), Condition(temporal_kv=memory_of(SMALL, 30))
    outs = []
    for precision in ("fp32", "int8"):
        export_decoder(SMALL, state, tmp_path, precision)
        decoder = OnnxDecoder(tmp_path, SMALL, precision)
        decoder.begin(condition, candidates=1, guided=True, length=120)
        outs.append(np.array(fed(decoder, tokens, (100,) + (1,) * 20)))
        decoder.close()
    assert cosines(*outs).min() > 0.999
