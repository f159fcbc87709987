from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import Cancelled
from hitpoint.engine.models.config import STEREO_DELAYS, DecoderConfig
from hitpoint.engine.models.generate.delay import to_sequence
from hitpoint.engine.models.generate.loop import generate_long, generate_tokens
from hitpoint.engine.models.generate.sampling import Sampling, candidate_seed, window_seed
from hitpoint.engine.models.generate.windows import Window, plan_windows
from hitpoint.engine.models.step import Condition, Floats, Ints
from hitpoint.engine.progress import Cancel

MONO = DecoderConfig(dim=64, heads=1, layers=1, cardinality=32)
STEREO = DecoderConfig(dim=64, heads=1, layers=1, cardinality=32, codebooks=8, delays=STEREO_DELAYS)
SEEN = Condition(temporal_kv=np.zeros((1, 2, 1, 3, 64), np.float32))


class Echo:
    """A decoder whose logits depend on each row's own past only, and on the condition."""

    def __init__(self, config: DecoderConfig = MONO, *, breaks_at: int | None = None) -> None:
        self.config = config
        self.breaks_at = breaks_at
        self.pieces: list[int] = []
        self.fed: Ints = np.zeros((0, 0, 0), np.int64)
        self.begun: list[tuple[int, bool, int]] = []
        self.closed = 0

    def begin(self, condition: Condition, *, candidates: int, guided: bool, length: int) -> None:
        self.begun.append((candidates, guided, length))
        self.fed = np.zeros((candidates, self.config.codebooks, 0), np.int64)
        self.offset = 0 if condition.memory is None else int(condition.memory.sum())

    def feed(self, tokens: Ints) -> Floats:
        self.pieces.append(tokens.shape[-1])
        self.fed = np.concatenate([self.fed, tokens], axis=-1)
        if self.breaks_at == self.fed.shape[-1]:
            raise RuntimeError("broken")
        _, guided, length = self.begun[-1]
        assert self.fed.shape[-1] <= length
        rows = []
        for past in self.fed:
            key = np.concatenate([past.ravel(), [past.shape[-1], self.offset]]).astype(np.uint64)
            state = int(np.bitwise_xor.reduce(key * np.uint64(0x9E3779B97F4A7C15)))
            random = np.random.Generator(np.random.Philox(key=state))
            rows.append(random.standard_normal((self.config.codebooks, self.config.cardinality)))
        out = np.stack(rows).astype(np.float32)
        return np.concatenate([out, 0 * out]) if guided else out

    def close(self) -> None:
        self.closed += 1


def _generate(decoder: Echo, **options: object) -> Ints:
    settings_ = {"steps": 12, "sampling": Sampling(), "seed": 3, "told": lambda done: None}
    condition = options.pop("condition", SEEN)
    return generate_tokens(decoder, condition, cancel=Cancel(), **(settings_ | options))  # type: ignore[arg-type]


@pytest.mark.parametrize("config", [MONO, STEREO], ids=["mono", "stereo"])
def test_all_positions_are_tokens_and_the_decoder_saw_the_delayed_sequence(config: DecoderConfig) -> None:
    decoder = Echo(config)
    tokens = _generate(decoder, candidates=2)
    assert tokens.shape == (2, config.codebooks, 12)
    assert 0 <= tokens.min() <= tokens.max() < 32
    # The last position is drawn and never fed.
    sequence = to_sequence(tokens, config.delays, config.special)
    np.testing.assert_array_equal(decoder.fed, sequence[..., :-1])
    assert decoder.begun == [(2, True, 12 + 3)]
    assert decoder.pieces == [1] * 15
    assert decoder.closed == 1


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([MONO, STEREO]), st.integers(2, 12), st.integers(0, 2**32 - 1), st.data())
def test_a_prompt_is_kept_and_continued(
    config: DecoderConfig, steps: int, seed: int, data: st.DataObject
) -> None:
    known = data.draw(st.integers(0, steps - 1))
    prompt = np.random.Generator(np.random.Philox(seed)).integers(0, 32, (2, config.codebooks, known))
    given_ = prompt.copy()
    decoder = Echo(config)
    tokens = _generate(decoder, candidates=2, steps=steps, prompt=prompt)
    np.testing.assert_array_equal(prompt, given_)
    np.testing.assert_array_equal(tokens[..., :known], prompt)
    assert 0 <= tokens.min() <= tokens.max() < 32
    np.testing.assert_array_equal(decoder.fed, to_sequence(tokens, config.delays, config.special)[..., :-1])
    # The prompt goes in as one piece.
    assert decoder.pieces == [known + 1] + [1] * (steps - known + 2)


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others() -> None:
    one = _generate(Echo())
    np.testing.assert_array_equal(one, _generate(Echo()))
    assert (one != _generate(Echo(), seed=4)).any()


def test_a_candidate_of_many_can_be_made_again_alone() -> None:
    together = _generate(Echo(), candidates=4)
    for index in range(4):
        alone = _generate(Echo(), seed=candidate_seed(3, index))
        np.testing.assert_array_equal(alone[0], together[index])
    assert len(np.unique(together, axis=0)) == 4


@pytest.mark.parametrize(
    ("condition", "guidance", "guided"),
    [(SEEN, 3.0, True), (SEEN, 1.0, False), (Condition(), 3.0, False)],
    ids=["guided", "guidance-one", "unconditioned"],
)
def test_the_null_branch_is_computed_only_where_it_counts(
    condition: Condition, guidance: float, guided: bool
) -> None:
    decoder = Echo()
    _generate(decoder, condition=condition, sampling=Sampling(guidance=guidance))
    assert decoder.begun[0][1] is guided


def test_progress_is_told_after_every_position() -> None:
    told: list[int] = []
    _generate(Echo(), steps=6, told=told.append)
    assert told == [0, 0, 0, 1, 2, 3, 4, 5, 6]
    told.clear()
    _generate(Echo(), steps=6, prompt=np.zeros((1, 4, 4), np.int64), told=told.append)
    assert told == [4, 4, 4, 5, 6]


def test_a_cancel_stops_before_the_next_step_and_frees_the_decoder() -> None:
    decoder, cancel = Echo(), Cancel()

    def told(done: int) -> None:
        if len(decoder.pieces) == 5:
            cancel.set()

    with pytest.raises(Cancelled):
        generate_tokens(decoder, SEEN, steps=12, sampling=Sampling(), seed=1, told=told, cancel=cancel)
    assert len(decoder.pieces) == 5
    assert decoder.closed == 1


def test_a_cancel_before_the_start_computes_nothing() -> None:
    decoder, cancel = Echo(), Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        generate_tokens(decoder, SEEN, steps=12, sampling=Sampling(), seed=1, told=print, cancel=cancel)
    assert (decoder.begun, decoder.closed) == ([], 1)


def test_a_decoder_that_breaks_is_closed() -> None:
    decoder = Echo(breaks_at=3)
    with pytest.raises(RuntimeError, match="broken"):
        _generate(decoder)
    assert decoder.closed == 1


def _condition(window: Window) -> Condition:
    return Condition(memory=np.full((1, 1, 1), window.start, np.float32))


@pytest.mark.parametrize("config", [MONO, STEREO], ids=["mono", "stereo"])
def test_a_window_of_long_music_can_be_made_again_alone(config: DecoderConfig) -> None:
    windows = plan_windows(50, 20, 12)
    decoder = Echo(config)
    told: list[int] = []
    whole = generate_long(
        decoder,
        _condition,
        windows,
        sampling=Sampling(),
        seed=9,
        candidates=2,
        told=told.append,
        cancel=Cancel(),
    )
    assert whole.shape == (2, config.codebooks, 50)
    assert 0 <= whole.min() <= whole.max() < 32
    assert told == sorted(told)
    assert told[-1] == 50
    assert len(decoder.begun) == len(windows) == 4
    assert decoder.closed == 1
    for window in windows:
        for candidate in range(2):
            alone = generate_tokens(
                Echo(config),
                _condition(window),
                steps=window.end - window.start,
                sampling=Sampling(),
                seed=window_seed(candidate_seed(9, candidate), window.index),
                prompt=whole[candidate : candidate + 1, :, window.start : window.start + window.prompt],
                told=lambda done: None,
                cancel=Cancel(),
            )
            np.testing.assert_array_equal(alone[0], whole[candidate, :, window.start : window.end])


def test_long_music_is_cancelled_in_any_window_and_the_decoder_freed() -> None:
    decoder, cancel = Echo(), Cancel()

    def told(done: int) -> None:
        if done > 30:
            cancel.set()

    with pytest.raises(Cancelled):
        generate_long(
            decoder,
            _condition,
            plan_windows(50, 20, 12),
            sampling=Sampling(),
            seed=9,
            told=told,
            cancel=cancel,
        )
    assert decoder.closed == 1


def test_generating_needs_no_torch() -> None:
    check = (
        "import sys, hitpoint.engine.models.generate.loop; "
        "sys.exit(bool({'torch', 'onnx', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
