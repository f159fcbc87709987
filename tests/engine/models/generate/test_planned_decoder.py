"""A plan at the decoder's input: one meaning in training's forward, both torch paths and ONNX Runtime."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [neural]")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from hitpoint.engine.errors import InputError, OptionError  # noqa: E402
from hitpoint.engine.models.config import DecoderConfig  # noqa: E402
from hitpoint.engine.models.generate.audiocraft_step import AudiocraftDecoder  # noqa: E402
from hitpoint.engine.models.generate.delay import to_sequence  # noqa: E402
from hitpoint.engine.models.generate.loop import generate_long, generate_tokens  # noqa: E402
from hitpoint.engine.models.generate.sampling import Sampling  # noqa: E402
from hitpoint.engine.models.generate.torch_step import TorchDecoder  # noqa: E402
from hitpoint.engine.models.generate.windows import Window, plan_windows  # noqa: E402
from hitpoint.engine.models.graphs.decoder import export_decoder  # noqa: E402
from hitpoint.engine.models.net.decoder import MusicDecoder, load_decoder  # noqa: E402
from hitpoint.engine.models.runtime.decoder import OnnxDecoder  # noqa: E402
from hitpoint.engine.models.state import PLAN, decoder_shapes  # noqa: E402
from hitpoint.engine.models.step import Condition, Decoder, Floats, Ints  # noqa: E402
from hitpoint.engine.models.tiny import TINY_DECODER, tiny_gvmgen  # noqa: E402
from hitpoint.engine.progress import Cancel  # noqa: E402
from music_references import condition_of, random_decoder, random_rows, random_tokens  # noqa: E402

PLANNED = replace(TINY_DECODER, plan_channels=10)
# The plan's reach beyond which positions take its last row.
STEPS = 30
KINDS = ("sliced", "static", "onnx")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planned")
    torch.set_num_threads(1)
    for precision in ("fp32", "int8"):
        export_decoder(PLANNED, random_decoder(PLANNED), root, precision)
    return root


def opened(kind: str, folder: Path) -> Decoder:
    if kind == "onnx":
        return OnnxDecoder(folder, PLANNED, "fp32", threads=1)
    return TorchDecoder(PLANNED, random_decoder(PLANNED), static=kind == "static")


def plan_of(steps: int = STEPS, seed: int = 7) -> Floats:
    return random_rows((steps, PLANNED.plan_channels), seed)


def told(plan: Floats | None, *, seed: int = 0) -> Condition:
    state = random_decoder(PLANNED)
    return replace(condition_of(PLANNED, state, random_rows((1, 6, PLANNED.dim), seed)), plan=plan)


def sequence_of(candidates: int, steps: int = STEPS) -> Ints:
    codes = random_tokens((candidates, PLANNED.codebooks, steps))
    return to_sequence(codes, PLANNED.delays, PLANNED.special)[..., :-1]


def fed(
    decoder: Decoder, condition: Condition, sequence: Ints, pieces: tuple[int, ...], guided: bool
) -> Floats:
    """Logits after each piece: [pieces, R, K, cardinality]."""
    length = sequence.shape[-1]
    decoder.begin(condition, candidates=len(sequence), guided=guided, length=length)
    ends = np.cumsum(pieces)
    return np.stack([decoder.feed(sequence[..., e - p : e]) for p, e in zip(pieces, ends, strict=True)])


def whole(sequence: Ints, condition: Condition, plan: Floats | None) -> Floats:
    """Training's forward: [S, candidates, K, cardinality] of conditioned rows."""
    assert condition.memory is not None
    codes, memory = torch.from_numpy(sequence), torch.from_numpy(condition.memory)
    rows = None if plan is None else torch.from_numpy(plan).expand(len(sequence), -1, -1)
    with torch.inference_mode():
        logits = load_decoder(PLANNED, random_decoder(PLANNED))(
            codes, memory.expand(len(sequence), -1, -1), plan=rows
        )
    return np.asarray(logits.permute(2, 0, 1, 3).numpy())


def per_position(plan: Floats, positions: int) -> Floats:
    return plan[np.minimum(np.arange(positions), len(plan) - 1)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "pieces", [(1,) * 33, (9,) + (1,) * 24, (9, 1, 12, 11)], ids=["steps", "prompt", "cut"]
)
def test_steps_with_a_plan_equal_the_whole_forward(folder: Path, kind: str, pieces: tuple[int, ...]) -> None:
    sequence, plan = sequence_of(2), plan_of()
    condition = told(plan)
    ours = fed(opened(kind, folder), condition, sequence, pieces, guided=True)
    expected = whole(sequence, condition, per_position(plan, sequence.shape[-1]))
    np.testing.assert_allclose(ours[:, :2], expected[np.cumsum(pieces) - 1], atol=1e-4, rtol=0)
    # It is not nothing that is compared.
    assert np.abs(expected - whole(sequence, condition, None)).max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_null_rows_hear_nothing_of_the_plan(folder: Path, kind: str) -> None:
    sequence = sequence_of(2)
    pieces = (9,) + (1,) * 24
    with_plan, other, without = (
        fed(opened(kind, folder), told(plan), sequence, pieces, guided=True)
        for plan in (plan_of(), plan_of(seed=8), None)
    )
    np.testing.assert_array_equal(with_plan[:, 2:], without[:, 2:])
    np.testing.assert_array_equal(with_plan[:, 2:], other[:, 2:])
    assert np.abs(with_plan[:, :2] - without[:, :2]).max() > 0.1
    assert np.abs(with_plan[:, :2] - other[:, :2]).max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_of_zeros_is_no_plan(folder: Path, kind: str) -> None:
    sequence = sequence_of(1)
    nothing, none = (
        fed(opened(kind, folder), told(plan), sequence, (1,) * 33, guided=False)
        for plan in (np.zeros_like(plan_of()), None)
    )
    np.testing.assert_array_equal(nothing, none)


def test_an_untrained_projection_says_nothing() -> None:
    net = MusicDecoder(PLANNED)
    net.initialise(torch.Generator().manual_seed(1))
    assert not net.plan_proj.weight.any()
    sequence = torch.from_numpy(sequence_of(2))
    plan = torch.from_numpy(per_position(plan_of(), sequence.shape[-1])).expand(2, -1, -1)
    net.eval()
    for norm in net.modules():
        if isinstance(norm, torch.nn.LayerNorm):
            norm.reset_parameters()
    with torch.inference_mode():
        assert torch.equal(net(sequence, plan=plan), net(sequence))


def test_a_projection_learns_from_a_plan() -> None:
    net = load_decoder(PLANNED, random_decoder(PLANNED)).train()
    sequence = torch.from_numpy(sequence_of(2))
    plan = torch.from_numpy(per_position(plan_of(), sequence.shape[-1])).expand(2, -1, -1)
    net(sequence, plan=plan).square().mean().backward()
    gradient = net.plan_proj.weight.grad
    assert gradient is not None and bool(gradient.any())


@pytest.mark.parametrize("kind", KINDS)
def test_positions_beyond_the_plan_keep_its_last_row(folder: Path, kind: str) -> None:
    sequence, plan = sequence_of(1), plan_of()
    longer = per_position(plan, sequence.shape[-1])
    short, long = (
        fed(opened(kind, folder), told(p), sequence, (5,) + (1,) * 28, guided=False) for p in (plan, longer)
    )
    np.testing.assert_array_equal(short, long)
    longer = longer.copy()
    longer[-1] += 1
    changed = fed(opened(kind, folder), told(longer), sequence, (5,) + (1,) * 28, guided=False)
    assert (changed[-1] != long[-1]).any() and (changed[:-1] == long[:-1]).all()


@pytest.mark.parametrize("static", [False, True])
def test_a_plan_skips_the_prefix(static: bool) -> None:
    config = replace(PLANNED, cross_attention=False)
    state = random_decoder(config)
    sequence, prefix, plan = sequence_of(2), random_rows((2, 7, config.dim)), plan_of()
    decoder = TorchDecoder(config, state, static=static)
    ours = fed(decoder, Condition(prefix=prefix, plan=plan), sequence, (4,) + (1,) * 29, guided=True)
    rows = np.zeros((4, sequence.shape[-1], config.plan_channels), np.float32)
    rows[:2] = per_position(plan, sequence.shape[-1])
    with torch.inference_mode():
        logits = load_decoder(config, state)(
            torch.from_numpy(np.concatenate([sequence, sequence])),
            prefix=torch.from_numpy(prefix).repeat_interleave(2, dim=0),
            plan=torch.from_numpy(rows),
        )
    np.testing.assert_allclose(ours, logits.permute(2, 0, 1, 3).numpy()[3:], atol=1e-4, rtol=0)


def test_a_plan_skips_the_prefix_in_a_graph_too(tmp_path: Path) -> None:
    config = replace(PLANNED, cross_attention=False)
    state = random_decoder(config)
    export_decoder(config, state, tmp_path, "fp32")
    condition = Condition(prefix=random_rows((2, 7, config.dim)), plan=plan_of())
    pieces = (4, 1, 1, 10) + (1,) * 17
    ours, theirs = (
        fed(decoder, condition, sequence_of(2), pieces, guided=True)
        for decoder in (OnnxDecoder(tmp_path, config, "fp32", threads=1), TorchDecoder(config, state))
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=0)


def test_a_prompt_longer_than_what_is_computed_at_once_keeps_its_rows(folder: Path) -> None:
    sequence, condition = sequence_of(1, steps=600), told(plan_of(600))
    pieces = (550,) + (1,) * 53
    ours = fed(opened("onnx", folder), condition, sequence, pieces, guided=True)
    theirs = fed(opened("sliced", folder), condition, sequence, pieces, guided=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=0)


def test_eight_bits_point_the_same_way_with_a_plan(folder: Path) -> None:
    outs = [
        fed(
            OnnxDecoder(folder, PLANNED, precision, threads=1),
            told(plan_of(100)),
            sequence_of(2, 100),
            (50,) + (1,) * 53,
            guided=True,
        )
        for precision in ("fp32", "int8")
    ]
    left, right = outs
    norms = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    assert ((left * right).sum(-1) / norms).min() > 0.999


def made(decoder: Decoder, condition: Condition, **options: Any) -> Ints:
    usual = dict[str, Any](steps=STEPS, sampling=Sampling(), seed=1, told=lambda done: None, cancel=Cancel())
    return generate_tokens(decoder, condition, **(usual | options))


def test_a_plan_alone_is_something_to_be_guided_by(folder: Path) -> None:
    decoder = opened("sliced", folder)
    begun: list[bool] = []

    class Listening:
        config = PLANNED
        feed, close = decoder.feed, decoder.close

        def begin(self, condition: Condition, *, candidates: int, guided: bool, length: int) -> None:
            begun.append(guided)
            decoder.begin(condition, candidates=candidates, guided=guided, length=length)

    for condition in (Condition(plan=plan_of()), Condition()):
        made(Listening(), condition)
    assert begun == [True, False]
    tokens = [
        made(opened("sliced", folder), Condition(plan=plan_of(seed=seed)), sampling=Sampling(greedy=True))
        for seed in (7, 8)
    ]
    assert (tokens[0] != tokens[1]).any()


@pytest.mark.parametrize("candidates", [1, 2])
def test_all_decoders_make_the_same_tokens_of_a_plan(folder: Path, candidates: int) -> None:
    first, *others = (
        made(opened(kind, folder), told(plan_of()), sampling=Sampling(greedy=True), candidates=candidates)
        for kind in KINDS
    )
    assert len(np.unique(first)) > 10
    for other in others:
        np.testing.assert_array_equal(other, first)


@pytest.mark.parametrize("kind", KINDS)
def test_each_window_hears_its_own_stretch(folder: Path, kind: str) -> None:
    """The second window's memory is the first's, used again: its plan must not be."""
    windows, plan = plan_windows(70, 40, 24), plan_of(70)

    def condition(window: Window) -> Condition:
        return told(None if window.index == 1 else plan[window.start : window.end])

    whole_piece = generate_long(
        opened(kind, folder),
        condition,
        windows,
        sampling=Sampling(greedy=True),
        seed=1,
        told=lambda done: None,
        cancel=Cancel(),
    )
    assert len(windows) > 2
    for window in windows:
        alone = made(
            opened(kind, folder),
            condition(window),
            steps=window.end - window.start,
            sampling=Sampling(greedy=True),
            prompt=whole_piece[..., window.start : window.start + window.prompt],
        )
        np.testing.assert_array_equal(alone, whole_piece[..., window.start : window.end])


@pytest.mark.parametrize("kind", KINDS)
def test_two_windows_of_one_shape_each_hear_their_plan(folder: Path, kind: str) -> None:
    decoder, sequence = opened(kind, folder), sequence_of(1)
    plans = (plan_of(), plan_of(seed=8))
    again = [fed(decoder, told(plan), sequence, (1,) * 33, guided=False) for plan in plans]
    for plan, ours in zip(plans, again, strict=True):
        np.testing.assert_array_equal(
            ours, fed(opened(kind, folder), told(plan), sequence, (1,) * 33, guided=False)
        )


def test_only_a_decoder_with_a_plan_has_a_weight_and_an_input_for_it(folder: Path, tmp_path: Path) -> None:
    import onnx

    assert PLAN not in decoder_shapes(TINY_DECODER)
    assert decoder_shapes(PLANNED)[PLAN] == (64, 10)
    export_decoder(TINY_DECODER, random_decoder(PLANNED), tmp_path, "fp32")
    plain, planned = (onnx.load(path / "decoder-fp32.onnx").graph for path in (tmp_path, folder))
    assert {v.name for v in planned.input} - {v.name for v in plain.input} == {"plan"}
    for where, config in (
        (folder, TINY_DECODER),
        (tmp_path, PLANNED),
        (folder, replace(PLANNED, plan_channels=9)),
    ):
        with pytest.raises(InputError, match="belongs to a decoder of another size"):
            OnnxDecoder(where, config, "fp32", threads=1).begin(
                Condition(), candidates=1, guided=False, length=1
            )


def test_a_plan_for_a_decoder_without_one_is_our_own_mistake(tmp_path: Path) -> None:
    state = random_decoder(TINY_DECODER)
    export_decoder(TINY_DECODER, state, tmp_path, "fp32")
    decoders: tuple[Decoder, ...] = (
        TorchDecoder(TINY_DECODER, state),
        OnnxDecoder(tmp_path, TINY_DECODER, "fp32", threads=1),
    )
    for decoder in decoders:
        with pytest.raises(AssertionError, match="takes no plan"):
            decoder.begin(Condition(plan=plan_of()), candidates=1, guided=False, length=4)
    with pytest.raises(AssertionError, match="takes no plan"):
        load_decoder(TINY_DECODER, state)(torch.zeros(1, 4, 2, dtype=torch.long), plan=torch.zeros(1, 2, 10))


@pytest.mark.skipif(
    importlib.util.find_spec("audiocraft") is None, reason="needs [audiocraft-compat] and audiocraft"
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_audiocrafts_decoder_refuses_a_plan_in_a_sentence_and_runs_without() -> None:
    decoder = AudiocraftDecoder(PLANNED, random_decoder(PLANNED))
    with pytest.raises(OptionError, match="cannot follow a plan: use --decoder onnx or torch"):
        decoder.begin(told(plan_of()), candidates=1, guided=False, length=4)
    ours = fed(
        TorchDecoder(PLANNED, random_decoder(PLANNED)), told(None), sequence_of(1), (1,) * 33, guided=True
    )
    theirs = fed(decoder, told(None), sequence_of(1), (1,) * 33, guided=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=0)


def test_the_tiny_planned_model_has_its_weights() -> None:
    config, state = tiny_gvmgen(plan=True, timed=True)
    assert isinstance(config.decoder, DecoderConfig) and config.decoder.plan_channels == 60 and config.timed
    assert state[PLAN].shape == (64, 60) and state[PLAN].any()
    # The published part is what it is without.
    assert all(np.array_equal(array, state[name]) for name, array in tiny_gvmgen(timed=True)[1].items())
