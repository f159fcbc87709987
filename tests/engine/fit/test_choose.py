from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import clicks
from cutlists import cut_list
from hitpoint.engine.fit.choose import choose, coherence
from hitpoint.engine.generator import NeuralOptions

RATE = 32_000


def _candidate(request: clicks.TakeRequest, seed: int, **more: float) -> np.ndarray:
    import soxr

    music = clicks.click_music(seed, clicks.music_seconds(request), **more)
    return np.asarray(soxr.resample(music.sound, clicks.SAMPLE_RATE, RATE), np.float32)


def _chord(roots: list[float], seconds: float = 10.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    parts = [sum(0.1 * np.sin(2 * np.pi * root * k * time) for k in (1, 1.25, 1.5)) for root in roots]
    return np.concatenate(parts).astype(np.float32)


def test_music_that_can_meet_the_hits_is_chosen_before_noise_and_silence() -> None:
    request = clicks.cut_request(cut_list(1, 3.5, seconds=20))
    music = _candidate(request, 3)
    random = np.random.Generator(np.random.PCG64(1))
    noise = (0.1 * random.standard_normal(music.shape)).astype(np.float32)
    found = choose([np.zeros_like(music), noise, music], RATE, request)
    assert found.index == 2
    rows = json.loads(json.dumps(found.table))
    assert [row["candidate"] for row in rows] == [0, 1, 2]
    assert rows[2]["hits_met"] > rows[2]["chance"] and rows[0]["hits_met"] == 0
    assert rows[0]["silence"] == 1 and rows[2]["score"] == max(row["score"] for row in rows)


def test_clipping_and_silence_cost_more_than_a_hit_brings() -> None:
    request = clicks.cut_request(cut_list(1, 3.5, seconds=20))
    music = _candidate(request, 3)
    clipped = np.clip(30 * music, -1, 1)
    half = music.copy()
    half[len(half) // 3 :] = 0
    found = choose([clipped, half, music], RATE, request)
    assert found.index == 2 and found.table[0]["clipped"] > 0.05 and found.table[1]["silence"] > 0.5


def test_published_mode_counts_hits_where_the_music_lies() -> None:
    request = clicks.cut_request(cut_list(1, 3.5, seconds=20))
    published = replace(request, neural=NeuralOptions(mode="published"))
    music = _candidate(request, 3)
    fitted, plain = choose([music], RATE, request), choose([music], RATE, published)
    assert plain.table[0]["hits_met"] < fitted.table[0]["hits_met"]


def test_equal_candidates_keep_their_order() -> None:
    request = clicks.cut_request(cut_list(1, 3.5, seconds=10))
    music = _candidate(request, 3)
    assert choose([music, music], RATE, request).index == 0


def test_a_cue_without_hits_is_judged_by_the_rest() -> None:
    request = clicks.fit_request([], seconds=10)
    music = _candidate(request, 3)
    found = choose([np.zeros_like(music), music], RATE, request)
    assert found.index == 1 and found.table[1]["hits_met"] == 0


def test_coherence_is_that_of_neighbouring_harmony() -> None:
    same, other = coherence(_chord([220, 220, 220]), RATE), coherence(_chord([220, 311.1, 220]), RATE)
    assert same == pytest.approx(1, abs=1e-3) and other is not None and other < 0.7
    assert coherence(_chord([220]), RATE) is None
