"""Made music follows its film: mood, colour, kind of motion, pace and cuts are heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.train.corpus.make import make_scenario
from hitpoint.engine.train.corpus.music import (
    SOUND_RATE,
    Music,
    Sound,
    compose_scenario,
    cue_of,
    dynamics,
    picture_of,
    sound_of,
)
from hitpoint.engine.train.corpus.scenario import MOTIONS, STYLES, Motion, Scenario, Split
from hitpoint.engine.train.corpus.styles import corpus_style

SPLITS: tuple[Split, ...] = ("train", "judge", "test")
# As near to a strong cut as a downbeat must lie to be heard with it, samples at 48 kHz.
NEAR = 1920
PIECES = [make_scenario(split, seed) for split in SPLITS for seed in range(4)]


def test_the_mode_is_what_the_mood_says() -> None:
    for scenario in PIECES[::2]:
        for mood, name, own, other in ((0.8, "major", 4, 3), (0.2, "minor", 3, 4)):
            piece = music(replace(scenario, mood=mood, plain_roots=True))
            steps = pitch_classes(piece)
            assert piece.mode == name
            assert steps[own] > 0 and steps[other] == 0
            tonics = [chord.pcs for chord in piece.chords if chord.pcs[0] == piece.score.tonic]
            assert tonics and all((pcs[1] - pcs[0]) % 12 == own for pcs in tonics)


def test_with_rich_chords_too_the_mode_s_third_outweighs_the_other() -> None:
    right = []
    for scenario in PIECES:
        steps = pitch_classes(music(replace(scenario, plain_roots=False)))
        right.append((steps[4] > steps[3]) == scenario.bright)
    assert np.mean(right) >= 0.9


def test_plain_chords_stand_on_the_same_roots_in_major_and_minor() -> None:
    for scenario in PIECES[::2]:
        plain = replace(scenario, plain_roots=True)
        bright, dark = music(replace(plain, mood=0.8)), music(replace(plain, mood=0.2))
        assert bright.plan.downbeats == dark.plan.downbeats
        assert roots(bright) == roots(dark)
        assert set(roots(bright)) <= {0, 5, 7}


def test_a_vivid_film_s_music_lies_an_octave_higher_than_a_pale_one_s() -> None:
    rises = [
        music(replace(scenario, colour=0.8)).register - music(replace(scenario, colour=0.2)).register
        for scenario in PIECES[1::2]
    ]
    assert min(rises) > 5 and np.mean(rises) > 9


def test_each_kind_of_motion_has_a_palette_of_its_own_in_every_style() -> None:
    for style, motion in product((name for split in SPLITS for name in STYLES[split]), MOTIONS):
        mine = _instruments(style, motion)
        assert set(mine.values()) <= set(INSTRUMENTS)
        assert all(mine != _instruments(style, other) for other in MOTIONS if other != motion)
        drums = corpus_style(style, motion, None).parts.get("drums", ())
        assert bool(drums) if motion == "swarm" else not (motion == "drift" and drums)


def test_held_music_begins_fewer_sounds_than_struck_or_busy_music() -> None:
    bases = [short(split, 3, seconds=8) for split in SPLITS]
    onsets = {
        motion: np.mean([_flux(sound(replace(base, motion=motion))) for base in bases]) for motion in MOTIONS
    }
    assert onsets["drift"] < 0.8 * min(onsets["bounce"], onsets["swarm"])


def test_downbeats_fall_on_most_strong_cuts() -> None:
    met = []
    for scenario in PIECES:
        piece = music(scenario)
        downbeats = np.array(piece.plan.downbeats)
        met += [
            int(np.abs(downbeats - piece.cue.sample(cut.frame)).min()) <= NEAR
            for cut in piece.picture.cuts
            if cut.strength >= 0.5
        ]
    assert len(met) > 12
    assert np.mean(met) >= 0.75


def test_faster_pictures_are_louder_music() -> None:
    found = []
    for scenario in (make_scenario("train", 3), make_scenario("judge", 0), make_scenario("test", 6)):
        levels, paces = [], []
        for start, end in bars_of(music(scenario)):
            heard = sound(scenario)[start * 2 // 3 : end * 2 // 3]
            levels.append(10 * np.log10(float(np.mean(heard.astype(np.float64) ** 2)) + 1e-6))
            paces.append(np.mean(scenario.speed[start * 24 // 48_000 : end * 24 // 48_000]))
        found.append(np.corrcoef(levels, paces)[0, 1])
    assert np.mean(found) >= 0.6


def test_players_play_out_with_the_energy_and_never_in_a_step() -> None:
    plan = music(make_scenario("train", 3)).plan
    level = 20 * np.log10(dynamics(plan, plan.samples * 2 // 3))
    assert level.min() >= -10.01 and level.max() <= 0.01
    assert np.abs(np.diff(level)).max() < 1e-3
    softest, loudest = np.argmin(plan.energy), np.argmax(plan.energy)
    middles = [(bar.start_sample + bar.end_sample_exclusive) // 3 for bar in plan.bars]
    for bar in (softest, loudest):
        assert level[middles[bar]] == pytest.approx(10 * (plan.energy[bar] - 1), abs=0.01)


@pytest.mark.parametrize("split", SPLITS)
def test_sound_is_as_long_as_the_film_never_clips_and_never_falls_silent(split: Split) -> None:
    for seed in range(3):
        scenario = short(split, seed)
        heard = sound(scenario)
        assert heard.dtype == np.float32
        assert len(heard) == round(SOUND_RATE * scenario.frames / 24)
        assert 0.1 < np.abs(heard).max() <= 0.971
        level = 20 * np.log10(float(np.sqrt(np.mean(heard.astype(np.float64) ** 2))))
        assert -34 < level < -17
        tenths = np.abs(heard[: len(heard) // 3200 * 3200].reshape(-1, 3200)).max(axis=1)
        quiet = "".join("q" if loud < 1e-3 else "." for loud in tenths)
        assert max(map(len, quiet.split("."))) <= 20


def test_the_picture_tells_of_the_scenario_and_the_cue_of_its_shots() -> None:
    scenario = make_scenario("train", 4)
    cue, picture = cue_of(scenario), picture_of(scenario)
    assert cue.frames == scenario.frames == len(picture.motion) == len(picture.change)
    assert [cut.frame for cut in picture.cuts] == [shot.in_frame for shot in scenario.shots[1:]]
    assert picture.motion == scenario.speed
    other = picture_of(replace(scenario, mood=0.9 if scenario.mood < 0.5 else 0.1))
    assert (other.warmth > picture.warmth) == (scenario.mood < 0.5)
    assert other.motion == picture.motion and other.cuts == picture.cuts


def test_neither_mood_nor_colour_moves_the_plan_s_bars() -> None:
    for scenario in PIECES[::4]:
        plan = music(scenario).plan
        for other in (
            replace(scenario, mood=1 - scenario.mood),
            replace(scenario, colour=1 - scenario.colour),
            replace(scenario, motion=MOTIONS[(MOTIONS.index(scenario.motion) + 1) % 3]),
        ):
            changed = music(other).plan
            assert changed.bars == plan.bars and changed.hits == plan.hits
            assert [s.energy for s in changed.sections] == [s.energy for s in plan.sections]


def short(split: Split, seed: int, seconds: int = 12) -> Scenario:
    """The scenario's opening, so that rendering it is quick."""
    whole = make_scenario(split, seed)
    frames = seconds * 24
    kept = [shot for shot in whole.shots if shot.in_frame < frames]
    kept[-1] = replace(kept[-1], out_frame_exclusive=frames)
    return replace(whole, frames=frames, shots=tuple(kept), speed=whole.speed[:frames])


@cache
def music(scenario: Scenario) -> Music:
    return compose_scenario(scenario)


@cache
def sound(scenario: Scenario) -> Sound:
    return sound_of(music(scenario))


def pitch_classes(piece: Music) -> npt.NDArray[np.int64]:
    """How many notes stand on each step above the tonic, 12 of them; drums and effects left out."""
    counts = np.zeros(12, np.int64)
    for note in piece.composition.notes:
        if note.stem not in ("drums", "hits"):
            counts[(note.pitch - piece.score.tonic) % 12] += 1
    return counts


def roots(piece: Music) -> list[int]:
    """Semitones of each chord's root above the tonic."""
    return [(chord.pcs[0] - piece.score.tonic) % 12 for chord in piece.chords]


def bars_of(piece: Music) -> Iterator[tuple[int, int]]:
    """First and last sample (exclusive, of the cue) of each bar that lies in the cue for 0.2 s or more."""
    borders = [bar.start_sample for bar in piece.plan.bars] + [piece.cue.samples]
    for start, end in pairwise(borders):
        first, last = max(0, start), min(end, piece.cue.samples)
        if last - first >= 9600:
            yield first, last


def _instruments(style: str, motion: Motion) -> dict[str, str]:
    parts = corpus_style(style, motion, None).parts
    return {stem: part[0].voices[0][0] for stem, part in parts.items()}


def _spectrum(heard: Sound) -> npt.NDArray[np.float64]:
    blocks = heard[: len(heard) // 2048 * 2048].reshape(-1, 2048) * np.hanning(2048)
    return np.abs(np.fft.rfft(blocks, axis=1))


def _flux(heard: Sound) -> float:
    """How much new sound begins from one block to the next."""
    return float(np.maximum(np.diff(np.log1p(10 * _spectrum(heard)), axis=0), 0).mean())
