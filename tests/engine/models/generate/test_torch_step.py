from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [neural]")

from hitpoint.engine.errors import OptionError  # noqa: E402
from hitpoint.engine.models.config import DecoderConfig  # noqa: E402
from hitpoint.engine.models.generate.delay import to_sequence  # noqa: E402
from hitpoint.engine.models.generate.loop import generate_long, generate_tokens  # noqa: E402
from hitpoint.engine.models.generate.sampling import (  # noqa: E402
    DrawingDecoder,
    Sampling,
    candidate_seed,
    draw,
    guide,
)
from hitpoint.engine.models.generate.torch_step import TorchDecoder  # noqa: E402
from hitpoint.engine.models.generate.windows import Window, plan_windows  # noqa: E402
from hitpoint.engine.models.net.decoder import load_decoder  # noqa: E402
from hitpoint.engine.models.step import Condition, Floats, Ints  # noqa: E402
from hitpoint.engine.models.tiny import TINY_DECODER, TINY_STEREO  # noqa: E402
from hitpoint.engine.progress import Cancel  # noqa: E402
from music_references import condition_of, random_decoder, random_rows, random_tokens  # noqa: E402

MELODY = DecoderConfig(dim=64, heads=4, layers=2, cross_attention=False)
SIZES = [pytest.param(TINY_DECODER, id="mono"), pytest.param(TINY_STEREO, id="stereo")]
STATIC = pytest.mark.parametrize("static", [False, True], ids=["sliced", "static"])


def _sequence(config: DecoderConfig, candidates: int, steps: int) -> Ints:
    return to_sequence(random_tokens((candidates, config.codebooks, steps)), config.delays, config.special)


def _fed(decoder: TorchDecoder, sequence: Ints, first: int) -> Floats:
    """Logits after the first piece and after every position behind it: [positions, R, K, cardinality]."""
    pieces = [sequence[..., :first]]
    pieces += [sequence[..., at : at + 1] for at in range(first, sequence.shape[-1])]
    return np.stack([decoder.feed(piece) for piece in pieces])


@STATIC
@pytest.mark.parametrize("first", [1, 9])
@pytest.mark.parametrize("config", SIZES)
def test_steps_with_a_cache_equal_the_whole_forward(config: DecoderConfig, first: int, static: bool) -> None:
    state, memory = random_decoder(config), random_rows((1, 6, config.dim))
    mask = np.array([[True, True, False, True, True, False]])
    # Longer than one bucket of the static shapes.
    sequence = _sequence(config, 2, 270)
    decoder = TorchDecoder(config, state, static=static)
    decoder.begin(
        condition_of(config, state, memory, mask), candidates=2, guided=True, length=sequence.shape[-1]
    )
    ours = _fed(decoder, sequence, first)
    codes, rows = torch.from_numpy(sequence), torch.from_numpy(memory).repeat(2, 1, 1)
    with torch.inference_mode():
        net = load_decoder(config, state)
        conditioned = net(codes, rows, torch.from_numpy(mask).repeat(2, 1))
        null = net(codes)
    whole = torch.cat([conditioned, null])[:, :, first - 1 :].permute(2, 0, 1, 3).numpy()
    np.testing.assert_allclose(ours, whole, atol=1e-5, rtol=0)


@STATIC
def test_a_prefix_is_heard_before_the_first_token(static: bool) -> None:
    state, prefix = random_decoder(MELODY), random_rows((2, 7, 64))
    sequence = _sequence(MELODY, 3, 20)
    decoder = TorchDecoder(MELODY, state, static=static)
    decoder.begin(Condition(prefix=prefix), candidates=3, guided=True, length=sequence.shape[-1])
    ours = _fed(decoder, sequence, 1)
    with torch.inference_mode():
        whole = load_decoder(MELODY, state)(
            torch.from_numpy(np.concatenate([sequence, sequence])),
            prefix=torch.from_numpy(prefix).repeat_interleave(3, dim=0),
        )
    np.testing.assert_allclose(ours, whole.permute(2, 0, 1, 3).numpy(), atol=1e-5, rtol=0)


def _tokens(decoder: object, condition: Condition, **options: object) -> Ints:
    settings = {"steps": 60, "sampling": Sampling(), "seed": 1, "told": lambda done: None, "cancel": Cancel()}
    return generate_tokens(decoder, condition, **(settings | options))  # type: ignore[arg-type]


class Plain:
    """Hides that a decoder can draw by itself."""

    def __init__(self, decoder: TorchDecoder) -> None:
        self.config = decoder.config
        self.begin, self.feed, self.close = decoder.begin, decoder.feed, decoder.close


@STATIC
@pytest.mark.parametrize(
    "sampling", [Sampling(), Sampling(greedy=True), Sampling(top_p=0.9), Sampling(guidance=1.0)]
)
def test_drawing_beside_the_logits_gives_the_loops_own_tokens(sampling: Sampling, static: bool) -> None:
    state = random_decoder(TINY_DECODER)
    condition = condition_of(TINY_DECODER, state, random_rows((1, 6, 64)))
    decoder = TorchDecoder(TINY_DECODER, state, static=static)
    assert isinstance(decoder, DrawingDecoder)
    ours = _tokens(decoder, condition, sampling=sampling, candidates=2)
    theirs = _tokens(Plain(decoder), condition, sampling=sampling, candidates=2)
    np.testing.assert_array_equal(ours, theirs)


def test_candidates_in_one_batch_are_those_made_alone() -> None:
    state = random_decoder(TINY_DECODER)
    condition = condition_of(TINY_DECODER, state, random_rows((1, 6, 64)))
    decoder = TorchDecoder(TINY_DECODER, state)
    together = _tokens(decoder, condition, candidates=3)
    for index in range(3):
        alone = _tokens(decoder, condition, seed=candidate_seed(1, index))
        np.testing.assert_array_equal(alone[0], together[index])


@STATIC
def test_windows_that_share_their_memory_equal_windows_that_do_not(static: bool) -> None:
    state = random_decoder(TINY_DECODER)
    windows = plan_windows(100, 40, 24)
    rows = random_rows((len(windows), 1, 6, 64))

    def condition(window: Window) -> Condition:
        return condition_of(TINY_DECODER, state, rows[window.index])

    decoder = TorchDecoder(TINY_DECODER, state, static=static)
    whole = generate_long(
        decoder,
        condition,
        windows,
        sampling=Sampling(greedy=True),
        seed=1,
        told=lambda done: None,
        cancel=Cancel(),
    )
    for window in windows:
        alone = _tokens(
            TorchDecoder(TINY_DECODER, state),
            condition(window),
            steps=window.end - window.start,
            sampling=Sampling(greedy=True),
            prompt=whole[..., window.start : window.start + window.prompt],
        )
        np.testing.assert_array_equal(alone, whole[..., window.start : window.end])


@pytest.mark.parametrize(("dtype", "far"), [("bf16", 0.1), ("fp16", 0.02)])
def test_half_precision_stays_near(dtype: str, far: float) -> None:
    state = random_decoder(TINY_DECODER)
    condition = condition_of(TINY_DECODER, state, random_rows((1, 6, 64)))
    sequence = _sequence(TINY_DECODER, 1, 30)
    out = []
    for precision in ("fp32", dtype):
        decoder = TorchDecoder(TINY_DECODER, state, dtype=precision)
        decoder.begin(condition, candidates=1, guided=True, length=sequence.shape[-1])
        out.append(_fed(decoder, sequence, 1))
    assert out[1].dtype == np.float32
    assert 1e-5 < np.abs(out[0] - out[1]).max() < far
    cosine = (out[0] * out[1]).sum() / np.sqrt((out[0] ** 2).sum() * (out[1] ** 2).sum())
    assert cosine > 0.9995


def test_closing_frees_the_caches_and_a_new_window_may_begin() -> None:
    state = random_decoder(TINY_DECODER)
    decoder = TorchDecoder(TINY_DECODER, state)
    decoder.begin(Condition(), candidates=1, guided=False, length=10)
    one = decoder.feed(_sequence(TINY_DECODER, 1, 3))
    decoder.close()
    decoder.close()
    assert decoder._window is None
    decoder.begin(Condition(), candidates=1, guided=False, length=10)
    np.testing.assert_array_equal(decoder.feed(_sequence(TINY_DECODER, 1, 3)), one)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"device": "tpu"}, "the device 'tpu' is not possible"),
        ({"dtype": "int8"}, "the torch decoder does not compute in int8"),
    ],
)
def test_what_is_not_possible_is_said(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        TorchDecoder(TINY_DECODER, random_decoder(TINY_DECODER), **options)  # type: ignore[arg-type]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a card is here")
def test_a_missing_card_is_said() -> None:
    with pytest.raises(OptionError, match="CUDA does not run here"):
        TorchDecoder(TINY_DECODER, random_decoder(TINY_DECODER), device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
@pytest.mark.parametrize("config", SIZES)
def test_graphs_on_a_card_equal_the_processor(config: DecoderConfig) -> None:
    state = random_decoder(config)
    condition = condition_of(config, state, random_rows((1, 6, 64)))
    sequence = _sequence(config, 2, 300)
    out = []
    for device in ("cpu", "cuda"):
        decoder = TorchDecoder(config, state, device=device, dtype="fp32")
        decoder.begin(condition, candidates=2, guided=True, length=sequence.shape[-1])
        out.append(_fed(decoder, sequence, 5))
    np.testing.assert_allclose(out[0], out[1], atol=1e-4, rtol=0)
    # Drawn inside the graph, window after window.
    decoder = TorchDecoder(config, state, device="cuda", dtype="fp32")
    decoder.begin(condition, candidates=2, guided=True, length=40)
    numbers = np.random.Generator(np.random.Philox(1)).random((40, 2, config.codebooks))
    for _ in range(2):
        decoder.begin(condition, candidates=2, guided=True, length=40)
        for at in range(40):
            drawn = decoder.feed_and_draw(sequence[..., at : at + 1], Sampling(), numbers[at])
            wanted = draw(guide(out[0][at - 4], 3.0), Sampling(), numbers[at]) if at > 4 else drawn
            assert np.mean(drawn == wanted) > 0.9
