"""Pieces of files around the playhead: exact, bounded, and never a reason to stop."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hitpoint.engine.errors import Problem
from hitpoint.plugin.panel.player.sounds import CHUNK, Shelf, Sound

SAMPLES = 5 * CHUNK + 777


@pytest.fixture
def wave() -> np.ndarray:
    return np.random.default_rng(3).uniform(-0.5, 0.5, (SAMPLES, 2)).astype(np.float32)


@pytest.fixture
def made(tmp_path: Path, wave: np.ndarray) -> str:
    path = tmp_path / "made.wav"
    soundfile.write(path, wave, 48_000, subtype="PCM_24")
    return str(path)


def fetched(shelf: Shelf, sound: Sound, at: int, samples: int) -> np.ndarray:
    first, last = at // CHUNK, (at + samples - 1) // CHUNK
    shelf.want([(sound, index) for index in range(first, last + 1)])
    assert shelf.wait([sound], at, samples, 10)
    out = np.zeros((samples, 2), np.float32)
    shelf.add(sound, at, out, np.float32(1))
    return out


@pytest.mark.parametrize("foreign", [False, True])
def test_every_place_of_a_file_sounds_as_it_was_written(
    shelf: Shelf, made: str, wave: np.ndarray, foreign: bool
) -> None:
    head = 0 if foreign else 1_000
    sound = Sound(made, head, foreign)
    padded = np.concatenate((np.zeros((CHUNK, 2), np.float32), wave, np.zeros((CHUNK, 2), np.float32)))
    draw = random.Random(5)
    for at in [0, CHUNK - 1, SAMPLES - 500, *(draw.randrange(SAMPLES - 2_000) for _ in range(6))]:
        there = CHUNK + at + head
        assert np.abs(fetched(shelf, sound, at, 1_500) - padded[there : there + 1_500]).max() < 1e-6


def test_before_its_beginning_and_after_its_end_a_file_is_silent(
    shelf: Shelf, made: str, wave: np.ndarray
) -> None:
    sound = Sound(made, -700)
    assert not fetched(shelf, sound, 0, 700).any()
    assert np.abs(fetched(shelf, sound, 700, 100) - wave[:100]).max() < 1e-6
    assert not fetched(shelf, sound, SAMPLES + 700, 5_000).any()


def test_one_channel_goes_to_both_sides(shelf: Shelf, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mono.wav", np.linspace(0, 0.5, CHUNK), 48_000, subtype="FLOAT")
    out = fetched(shelf, Sound(str(tmp_path / "mono.wav")), 10, 1_000)
    assert np.array_equal(out[:, 0], out[:, 1])
    assert out[-1, 0] > out[0, 0] > 0


def test_a_file_that_is_gone_is_silent_and_told_once(
    shelf: Shelf, tmp_path: Path, problems: list[Problem]
) -> None:
    sound = Sound(str(tmp_path / "gone.wav"))
    for at in (0, CHUNK, 3 * CHUNK):
        assert not fetched(shelf, sound, at, 100).any()
    assert len(problems) == 1
    assert "gone.wav" in problems[0].text


def test_a_file_of_another_rate_is_refused_in_a_sentence(
    shelf: Shelf, tmp_path: Path, problems: list[Problem]
) -> None:
    soundfile.write(tmp_path / "slow.wav", np.zeros(1_000), 44_100)
    fetched(shelf, Sound(str(tmp_path / "slow.wav")), 0, 10)
    assert "44100" in problems[0].text


def test_what_is_not_there_yet_is_silence_and_is_counted(shelf: Shelf, made: str) -> None:
    out = np.zeros((300, 2), np.float32)
    shelf.add(Sound(made), 0, out, np.float32(1))
    assert not out.any()
    assert shelf.starved == 300


def test_memory_stays_bounded_however_far_one_plays(
    make_cue: Callable, make_take: Callable, problems: list[Problem]
) -> None:
    shelf = Shelf(problems.append, most=12)
    try:
        cue = make_cue(20)
        noise = np.random.default_rng(0).uniform(-0.1, 0.1, cue.samples)
        take = make_take(cue, "t1", {"bass": noise, "pads": noise})
        sounds = [Sound(path, take.head) for _, path, _ in take.stems]
        for index in range(cue.samples // CHUNK):
            shelf.want([(sound, index + ahead) for ahead in (0, 1) for sound in sounds])
            assert shelf.wait(sounds, index * CHUNK, CHUNK, 10)
            assert len(shelf._pieces) <= 13
    finally:
        shelf.close()
    assert problems == []
