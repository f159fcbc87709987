from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.fit.beats import Beats
from hitpoint.engine.fit.match import MOST_STRETCH, Match, match, met, straight, warped
from hitpoint.engine.types import Hit, HitKind

SECOND = 48_000
HEAD = 2 * SECOND


def _beats(times_s: list[float], *, downbeat: int = 0, strengths: list[float] | None = None) -> Beats:
    at = np.rint(np.array(times_s) * SECOND).astype(np.int64)
    strong = np.full(len(at), 2.0) if strengths is None else np.array(strengths, np.float64)
    return Beats(at, strong, 1.0, at, downbeat, 4, 1.0)


def _hit(time_s: float, kind: HitKind = "would", strength: float = 1.0) -> Hit:
    return Hit(round(time_s * 25), round(time_s * SECOND), kind, strength)


def _match(beats: Beats, hits: list[Hit], *, seconds: float = 20.0, spare: float = 1.05) -> Match:
    target = round((seconds + 4) * SECOND)
    return match(beats, hits, head_samples=HEAD, target_samples=target, source_samples=round(target * spare))


def _steady(period_s: float = 0.5, first_s: float = 0.2, seconds: float = 25.0, downbeat: int = 0) -> Beats:
    return _beats(list(np.arange(first_s, seconds, period_s)), downbeat=downbeat)


def _check(found: Match, *, seconds: float = 20.0) -> None:
    assert found.warp[0][1] == 0 and found.warp[-1][1] == round((seconds + 4) * SECOND)
    assert found.warp[0][0] >= 0
    assert all(b[0] > a[0] and b[1] > a[1] for a, b in pairwise(found.warp))
    assert all(abs(stretch - 1) <= MOST_STRETCH + 1e-9 for stretch in found.stretches)
    for a, b in pairwise(found.warp):
        assert b[1] - a[1] >= SECOND or b[1] - a[1] == b[0] - a[0]


def test_music_that_meets_its_hits_is_left_alone() -> None:
    found = _match(_steady(downbeat=2), [_hit(1.2), _hit(5.2), _hit(11.2)])
    assert found.stretches == (1.0,) * len(found.stretches) and found.warp[0] == (0, 0)
    assert found.met == (True, True, True)


def test_an_offset_alone_is_preferred_to_stretching() -> None:
    found = _match(_steady(), [_hit(1.0), _hit(5.0), _hit(11.0)])
    assert found.met == (True, True, True)
    assert max(abs(stretch - 1) for stretch in found.stretches) < 0.01


def test_hits_off_the_beat_are_reached_by_stretching_between_them() -> None:
    hits = [_hit(time_s) for time_s in (0.61, 4.17, 8.8, 13.13, 17.9)]
    beats = _steady()
    found = _match(beats, hits)
    _check(found)
    assert all(found.met)
    assert sum(met(beats.onsets, hits, straight(24 * SECOND), head_samples=HEAD)) < 3


def test_a_must_is_met_before_any_number_of_wishes() -> None:
    # Beats 0.8 s apart: the must and each of its neighbours cannot both be met.
    hits = [_hit(5.0), _hit(6.2, "must", 0.1), _hit(7.4)]
    found = _match(_steady(0.8, 0.0), hits)
    _check(found)
    assert found.met[1]


def test_a_strong_hit_is_met_before_a_weak_one() -> None:
    hits = [_hit(5.0, strength=0.2), _hit(6.2, strength=1.0)]
    assert _match(_steady(0.8, 0.0), hits).met[1]


def test_downbeats_are_preferred() -> None:
    # Nine seconds in, a beat or a downbeat half a second later can be brought to the hit.
    beats = _beats(list(np.arange(0.25, 25, 0.5)), downbeat=1)
    found = _match(beats, [_hit(9.0)])
    on = warped(beats.downbeats, found.warp)
    assert np.abs(on - HEAD - 9 * SECOND).min() <= 0.03 * SECOND


def test_a_clear_onset_is_preferred_to_a_weak_one() -> None:
    times = list(np.arange(0.25, 25, 0.5))
    beats = _beats(times, strengths=[0.6 if n % 2 else 2.0 for n in range(len(times))])
    found = _match(beats, [_hit(6.0), _hit(12.2)])
    assert found.met == (True, True)


def test_a_place_to_be_kept_clear_is_kept_clear() -> None:
    hits = [_hit(2.0), _hit(9.0, "avoid"), _hit(16.0)]
    beats = _steady(0.5, 0.0)
    without = warped(beats.onsets, _match(beats, [hits[0], hits[2]]).warp)
    assert np.abs(without - HEAD - 9 * SECOND).min() < 0.04 * SECOND
    found = _match(beats, hits)
    _check(found)
    onsets = warped(beats.onsets, found.warp)
    assert np.abs(onsets - HEAD - 9 * SECOND).min() > 0.04 * SECOND
    assert found.met == (True, True)


def test_music_that_is_too_short_ends_in_silence_and_is_never_stretched_further() -> None:
    found = _match(_steady(seconds=18), [_hit(3.3), _hit(9.1)], spare=0.8)
    _check(found)
    assert all(found.met)


def test_no_hits_and_no_onsets_change_nothing() -> None:
    assert _match(_steady(), []).warp == straight(24 * SECOND)
    assert _match(_beats([]), [_hit(3.0)]).warp == straight(24 * SECOND)


def test_hits_at_the_very_ends_do_no_harm() -> None:
    found = match(
        _steady(), [_hit(0.0), _hit(0.04), _hit(19.96), _hit(20.0)],
        head_samples=0, target_samples=20 * SECOND, source_samples=21 * SECOND,
    )  # fmt: skip
    assert found.warp[0][1] == 0 and found.warp[-1][1] == 20 * SECOND


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 20), max_size=12),
    st.floats(0.3, 0.9),
    st.floats(0, 0.5),
    st.floats(0.9, 1.1),
    st.sampled_from(["must", "would", "avoid"]),
)
def test_every_warp_keeps_its_promises(
    times_s: list[float], period_s: float, first_s: float, spare: float, kind: HitKind
) -> None:
    hits = [_hit(time_s, kind if n % 3 == 0 else "would", 0.5) for n, time_s in enumerate(sorted(times_s))]
    found = _match(_steady(period_s, first_s), hits, spare=spare)
    _check(found)
    wanted = [hit for hit in hits if hit.kind != "avoid"]
    assert len(found.met) == len(wanted)


@pytest.mark.parametrize("position", [0, 1_000, 100_000, 999_999])
def test_positions_follow_the_warp(position: int) -> None:
    warp = ((500, 0), (100_500, 102_000), (300_500, 300_000))
    out = int(warped(np.array([position]), warp)[0])
    expected = (position - 500) * 1.02 if position < 100_500 else 102_000 + (position - 100_500) * 0.99
    assert abs(out - expected) <= 0.5
