from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import OptionError
from hitpoint.engine.models.generate.sampling import (
    Sampling,
    candidate_seed,
    draw,
    guide,
    uniforms,
    window_seed,
)

# Logits whose probabilities are .5 .25 .125 .0625 .0625 (in this order, a tie at the end).
LOGITS = np.log(np.array([0.125, 0.5, 0.0625, 0.25, 0.0625], np.float32))
GRID = (np.arange(4000) + 0.5) / 4000


def _shares(sampling: Sampling) -> list[float]:
    """How often each token is drawn over evenly spaced numbers: its probability, to a quarter per mille."""
    drawn = draw(np.tile(LOGITS, (len(GRID), 1)), sampling, GRID)
    return [round(float(np.mean(drawn == token)), 3) for token in range(5)]


def test_tokens_are_drawn_by_their_probability() -> None:
    assert _shares(Sampling(top_k=0)) == pytest.approx([0.125, 0.5, 0.0625, 0.25, 0.0625], abs=1e-3)


def test_top_k_keeps_the_likeliest() -> None:
    assert _shares(Sampling(top_k=2)) == pytest.approx([0, 2 / 3, 0, 1 / 3, 0], abs=1e-3)


def test_top_k_keeps_ties_with_the_last() -> None:
    assert _shares(Sampling(top_k=4)) == _shares(Sampling(top_k=0))


def test_a_top_k_beyond_all_tokens_keeps_all() -> None:
    assert _shares(Sampling(top_k=5000)) == _shares(Sampling(top_k=0))


def test_top_p_wins_over_top_k() -> None:
    # Kept while the likelier ones together are at most p: .5, .25 and the one that passes .7.
    assert _shares(Sampling(top_k=1, top_p=0.7)) == pytest.approx([0, 2 / 3, 0, 1 / 3, 0], abs=1e-3)
    assert _shares(Sampling(top_k=1, top_p=0.3)) == [0, 1, 0, 0, 0]


def test_a_low_temperature_sharpens_and_a_high_one_flattens() -> None:
    assert _shares(Sampling(top_k=0, temperature=0.5))[1] > 0.7
    assert _shares(Sampling(top_k=0, temperature=100.0)) == pytest.approx([0.2] * 5, abs=0.01)


@pytest.mark.parametrize("sampling", [Sampling(greedy=True), Sampling(temperature=0.0), Sampling(top_k=1)])
def test_the_likeliest_token_is_taken_where_only_that_is_asked_for(sampling: Sampling) -> None:
    assert _shares(sampling) == [0, 1, 0, 0, 0]


def test_guidance_leaves_the_null_branch_behind() -> None:
    logits = np.array([[[1.0, 2.0]], [[0.0, 4.0]]], np.float32)
    assert guide(logits, 3.0).tolist() == [[[3.0, -2.0]]]
    assert guide(logits, 1.0).tolist() == [[[1.0, 2.0]]]


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([Sampling(), Sampling(top_k=1), Sampling(top_p=0.9), Sampling(temperature=0.05)]),
    st.sampled_from([0.0, 0.5, 1 - 2**-53]),
)
def test_a_token_that_is_cut_away_is_never_drawn(seed: int, sampling: Sampling, number: float) -> None:
    random = np.random.Generator(np.random.Philox(seed))
    logits = (8 * random.standard_normal((3, 4, 2048))).astype(np.float32)
    drawn = draw(logits, sampling, np.full((3, 4), number))
    kept = np.sort(logits, axis=-1)[..., -250:].min(axis=-1) if sampling.top_p == 0 else -np.inf
    assert (np.take_along_axis(logits, drawn[..., None], axis=-1)[..., 0] >= kept).all()


@pytest.mark.parametrize(
    "sampling",
    [Sampling(), Sampling(top_p=0.8), Sampling(top_k=0), Sampling(greedy=True), Sampling(temperature=1.3)],
)
def test_torch_draws_the_same_tokens(sampling: Sampling) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [neural]")
    from hitpoint.engine.models.generate import torch_step

    random = np.random.Generator(np.random.Philox(4))
    logits = (3 * random.standard_normal((50, 4, 2048))).astype(np.float32)
    numbers = random.random((50, 4))
    theirs = torch_step.draw(torch.from_numpy(logits), sampling, torch.from_numpy(numbers)).numpy()
    np.testing.assert_array_equal(draw(logits, sampling, numbers), theirs)


def test_a_candidates_numbers_do_not_depend_on_the_others() -> None:
    seeds = [candidate_seed(7, index) for index in range(4)]
    together = uniforms(seeds, 100, 4)
    assert together.shape == (100, 4, 4)
    np.testing.assert_array_equal(together[:, 2:3], uniforms([seeds[2]], 100, 4))
    assert len(np.unique(together)) == together.size
    # Nor on how many are drawn.
    np.testing.assert_array_equal(together[:10], uniforms(seeds, 10, 4))


def test_seeds_of_candidates_and_windows_are_all_different() -> None:
    seeds = {window_seed(candidate_seed(seed, i), w) for seed in range(5) for i in range(5) for w in range(5)}
    assert len(seeds) == 125
    assert candidate_seed(7, 0) == 7
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_k": -1}, "top-k"),
        ({"top_p": 1.5}, "top-p"),
        ({"guidance": float("inf")}, "guidance"),
    ],
)
def test_values_that_mean_nothing_are_refused(options: dict[str, float], word: str) -> None:
    with pytest.raises(OptionError, match=word):
        Sampling(**options)  # type: ignore[arg-type]
