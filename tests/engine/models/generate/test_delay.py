from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.models.config import STEREO_DELAYS
from hitpoint.engine.models.generate.delay import (
    first_unknown,
    from_sequence,
    sequence_length,
    to_sequence,
    valid_positions,
)

MONO = (0, 1, 2, 3)
S = 2048
delays_of_any_kind = st.lists(st.integers(0, 5), min_size=1, max_size=8).map(lambda late: (0, *sorted(late)))


def test_codebooks_are_late_by_their_delays() -> None:
    codes = np.arange(8).reshape(1, 4, 2)
    assert to_sequence(codes, MONO, S).tolist() == [
        [
            [S, 0, 1, S, S, S],
            [S, S, 2, 3, S, S],
            [S, S, S, 4, 5, S],
            [S, S, S, S, 6, 7],
        ]
    ]


def test_stereo_sides_are_late_alike() -> None:
    sequence = to_sequence(np.arange(16).reshape(1, 8, 2), STEREO_DELAYS, S)[0]
    assert sequence.shape == (8, 2 + 4)
    for left, right in zip(sequence[::2], sequence[1::2], strict=True):
        np.testing.assert_array_equal(left == S, right == S)


@pytest.mark.parametrize("delays", [MONO, STEREO_DELAYS], ids=["mono", "stereo"])
@pytest.mark.parametrize("steps", range(1, 9))
def test_positions_that_hold_codes_are_those_of_the_pattern(steps: int, delays: tuple[int, ...]) -> None:
    mask = valid_positions(steps, delays)
    assert mask.shape == (len(delays), steps + 4) == (len(delays), sequence_length(steps, delays))
    for book, delay in enumerate(delays):
        for position in range(steps + 4):
            assert mask[book, position] == (0 <= position - 1 - delay < steps)
    codes = np.ones((1, len(delays), steps), np.int64)
    np.testing.assert_array_equal(to_sequence(codes, delays, S)[0] != S, mask)


@given(delays_of_any_kind, st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_codes_come_back_as_they_went(delays: tuple[int, ...], steps: int, seed: int) -> None:
    codes = np.random.Generator(np.random.Philox(seed)).integers(0, S, (2, len(delays), steps))
    np.testing.assert_array_equal(from_sequence(to_sequence(codes, delays, S), delays), codes)


@given(delays_of_any_kind, st.integers(2, 20), st.data())
def test_before_the_first_unknown_position_all_is_known(
    delays: tuple[int, ...], steps: int, data: st.DataObject
) -> None:
    prompt = data.draw(st.integers(0, steps - 1))
    codes = np.full((len(delays), steps), -1)
    codes[:, :prompt] = 5
    unknown = (to_sequence(codes, delays, S) == -1).any(axis=0)
    assert int(np.argmax(unknown)) == first_unknown(prompt, delays)
