"""Scenarios: drawn from a split and a number, spread as training needs them."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from hitpoint.engine.serial import from_json, to_json
from hitpoint.engine.style import load_style
from hitpoint.engine.train.corpus.make import make_scenario
from hitpoint.engine.train.corpus.scenario import MOTIONS, STYLES, WORLDS, Scenario, Split
from hitpoint.engine.train.corpus.styles import base_style

SPLITS: tuple[Split, ...] = ("train", "judge", "test")
FPS = 24
DRAWN = {split: [make_scenario(split, seed) for seed in range(120)] for split in SPLITS}
EVERY = [scenario for drawn in DRAWN.values() for scenario in drawn]


def test_one_seed_is_one_scenario() -> None:
    for split in SPLITS:
        assert make_scenario(split, 5) == make_scenario(split, 5)
        assert make_scenario(split, 5) != make_scenario(split, 6)


def test_splits_share_no_world_and_no_style_and_no_draw() -> None:
    for one, other in combinations(SPLITS, 2):
        assert not set(WORLDS[one]) & set(WORLDS[other])
        assert not set(STYLES[one]) & set(STYLES[other])
        speeds = {scenario.speed for scenario in DRAWN[one]}
        assert not speeds & {scenario.speed for scenario in DRAWN[other]}
        assert not {s.mood for s in DRAWN[one]} & {s.mood for s in DRAWN[other]}


@pytest.mark.parametrize("split", SPLITS)
def test_every_world_style_and_motion_of_a_split_is_drawn(split: Split) -> None:
    assert {scenario.world for scenario in DRAWN[split]} == set(WORLDS[split])
    assert {scenario.style for scenario in DRAWN[split]} == set(STYLES[split])
    assert {scenario.motion for scenario in DRAWN[split]} == set(MOTIONS)


def test_mood_and_colour_keep_away_from_the_middle_and_from_each_other() -> None:
    moods = np.array([scenario.mood for scenario in EVERY])
    colours = np.array([scenario.colour for scenario in EVERY])
    for values in (moods, colours):
        assert np.all((values <= 0.38) | (values >= 0.62))
        assert 0.4 < np.mean(values > 0.5) < 0.6
    paces = np.array([np.mean(scenario.speed) for scenario in EVERY])
    plain = np.array([float(scenario.plain_roots) for scenario in EVERY])
    assert np.abs(np.corrcoef([moods, colours, paces, plain]) - np.eye(4)).max() < 0.2


def test_shots_fill_the_film_and_none_is_too_short_to_see() -> None:
    for scenario in EVERY:
        assert scenario.shots[0].in_frame == 0
        assert scenario.shots[-1].out_frame_exclusive == scenario.frames == len(scenario.speed)
        assert all(a.out_frame_exclusive == b.in_frame for a, b in pairwise(scenario.shots))
        assert all(shot.out_frame_exclusive - shot.in_frame >= 14 for shot in scenario.shots)
        assert min(scenario.speed) >= 0 and max(scenario.speed) <= 1


def test_shots_are_shorter_where_things_move_faster() -> None:
    lengths: dict[bool, list[int]] = {False: [], True: []}
    for scenario in EVERY:
        for shot in scenario.shots[:-1]:
            pace = scenario.speed[shot.in_frame]
            if not 0.3 < pace < 0.7:
                lengths[pace > 0.5].append(shot.out_frame_exclusive - shot.in_frame)
    assert np.mean(lengths[True]) < 0.6 * np.mean(lengths[False])


def test_the_pulse_is_a_tempo_that_the_style_plays() -> None:
    for scenario in EVERY:
        low, high = load_style(base_style(scenario.style)).tempo_bpm
        assert low <= scenario.pulse_bpm <= high


def test_films_are_as_long_as_their_split_says() -> None:
    limits = {"train": (20, 36), "judge": (20, 36), "test": (12, 24)}
    for scenario in EVERY:
        low, high = limits[scenario.split]
        assert low <= scenario.frames / FPS <= high


def test_a_scenario_comes_back_from_json_as_it_was() -> None:
    scenario = make_scenario("judge", 3)
    assert from_json(Scenario, to_json(scenario)) == scenario
