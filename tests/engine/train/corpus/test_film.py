"""Made films obey one set of laws in six visual worlds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from hitpoint.engine.picture.features import Features, measure
from hitpoint.engine.timebase import Rate
from hitpoint.engine.train.corpus.film import Film
from hitpoint.engine.train.corpus.scenario import MOTIONS, WORLDS, Camera, MadeShot, Motion, Scenario

FPS = 24
LUMA = np.array([0.299, 0.587, 0.114])
ALL = tuple(world for worlds in WORLDS.values() for world in worlds)
CAMERAS: tuple[Camera, ...] = ("pan", "push", "sway", "still")


def scenario(
    world: str,
    motion: Motion,
    *,
    seed: int = 0,
    mood: float = 0.5,
    colour: float = 0.5,
    shots: int = 3,
    seconds: int = 9,
    camera: Camera | None = None,
    speed: float | None = None,
) -> Scenario:
    frames = seconds * FPS
    borders = [frames * k // shots for k in range(shots + 1)]
    rng = np.random.Generator(np.random.PCG64(seed))
    wave = 0.5 + 0.45 * np.sin(np.arange(frames) / FPS * 2 * np.pi / 4 + seed)
    return Scenario(
        split="train",
        seed=seed,
        world=world,
        style="piano",
        rate=Rate(FPS),
        frames=frames,
        mood=mood,
        colour=colour,
        motion=motion,
        shots=tuple(
            MadeShot(first, end, camera or CAMERAS[k % 4], 0.5, int(rng.integers(1 << 62)))
            for k, (first, end) in enumerate(pairwise(borders))
        ),
        speed=tuple(wave.tolist()) if speed is None else (speed,) * frames,
        pulse_bpm=104.0,
    )


def seen(pictures: np.ndarray) -> Features:
    """What the engine measures of them."""
    small = np.stack(
        [np.asarray(Image.fromarray(p).resize((96, 54), Image.Resampling.BOX)) for p in pictures]
    )
    red, green, blue = np.moveaxis(small.astype(np.float64), -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    planes = np.stack([luma, 128 + 0.564 * (blue - luma), 128 + 0.713 * (red - luma)], axis=1)
    times = np.arange(len(small)) * 1_000_000
    return measure(np.clip(np.rint(planes), 0, 255).astype(np.uint8), times)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.float64) - other).mean())


@pytest.mark.parametrize("world", ALL)
@pytest.mark.parametrize("motion", MOTIONS)
def test_mood_goes_from_dark_and_cold_to_bright_and_warm(world: str, motion: Motion) -> None:
    for seed, colour in ((0, 0.2), (1, 0.9)):
        moods = [
            seen(Film(scenario(world, motion, seed=seed, mood=mood, colour=colour)).moments([1, 4, 7]))
            for mood in (0.0, 0.25, 0.5, 0.75, 1.0)
        ]
        luma = [float(one.luminance.mean()) for one in moods]
        warmth = [float(one.warmth.mean()) for one in moods]
        assert np.diff(luma).min() > 0.06 and luma[0] < 0.27 and luma[-1] > 0.62
        assert np.diff(warmth).min() > 0.03 and warmth[0] < 0.33 and warmth[-1] > 0.67
        # Not one picture of a dark film is as bright, or as warm, as one of a bright film.
        assert max(moods[1].luminance) < min(moods[3].luminance)
        assert max(moods[1].warmth) < min(moods[3].warmth)


@pytest.mark.parametrize("world", ALL)
@pytest.mark.parametrize("motion", MOTIONS)
def test_colour_goes_from_pale_to_vivid_in_every_mood(world: str, motion: Motion) -> None:
    table = np.array(
        [
            [
                float(
                    seen(
                        Film(scenario(world, motion, mood=mood, colour=colour)).moments([1, 4, 7])
                    ).saturation.mean()
                )
                for colour in (0.0, 0.5, 1.0)
            ]
            for mood in (0.0, 0.5, 1.0)
        ]
    )
    assert np.diff(table, axis=1).min() > 0.1
    # The least of a vivid film is above the most of a middling one, whatever the moods.
    assert table[:, 0].max() < table[:, 1].min() < table[:, 1].max() < table[:, 2].min() + 0.05


@pytest.mark.parametrize("world", ALL)
@pytest.mark.parametrize("motion", MOTIONS)
def test_pictures_change_more_where_the_film_is_faster(world: str, motion: Motion) -> None:
    for seed in range(2):
        plan = scenario(world, motion, seed=seed, shots=1, seconds=7, camera="still")
        film = Film(plan)
        frames = np.arange(6, plan.frames, 2)
        pictures = [film.picture(int(frame)) for frame in frames]
        changes = [difference(one, other) for one, other in pairwise(pictures)]
        speeds = np.asarray(plan.speed)[frames[1:] - 1]
        assert np.corrcoef(changes, speeds)[0, 1] >= 0.6


@pytest.mark.parametrize("world", ALL)
@pytest.mark.parametrize("motion", MOTIONS)
def test_a_cut_changes_far_more_than_a_frame(world: str, motion: Motion) -> None:
    for seed in range(2):
        plan = scenario(world, motion, seed=seed)
        film = Film(plan)
        inside = [
            difference(film.picture(frame), film.picture(frame + 1))
            for shot in plan.shots
            for frame in range(shot.in_frame, shot.out_frame_exclusive - 1, 13)
        ]
        for shot in plan.shots[1:]:
            border = difference(film.picture(shot.in_frame - 1), film.picture(shot.in_frame))
            assert border > 5 * np.median(inside)


@pytest.mark.parametrize("world", ALL)
def test_nothing_jumps_inside_a_shot_even_when_speed_does(world: str) -> None:
    for motion in MOTIONS:
        plan = scenario(world, motion, seed=5, shots=1, seconds=3, camera="still")
        steps = tuple(0.9 if frame // 24 % 2 else 0.1 for frame in range(plan.frames))
        film = Film(replace(plan, speed=steps))
        pictures = [film.picture(frame) for frame in range(plan.frames)]
        changes = [difference(one, other) for one, other in pairwise(pictures)]
        assert max(changes) < 4 * np.percentile(changes, 75)


@pytest.mark.parametrize("world", ALL)
@pytest.mark.parametrize("motion", MOTIONS)
def test_any_picture_alone_is_the_one_of_the_whole_film(world: str, motion: Motion) -> None:
    plan = scenario(world, motion, seed=2)
    film = Film(plan)
    whole = [film.picture(frame) for frame in range(0, plan.frames, 18)]
    for index in reversed(range(0, len(whole), 5)):
        assert np.array_equal(Film(plan).picture(18 * index), whole[index])
        assert np.array_equal(film.picture(18 * index), whole[index])


def test_a_moment_shows_the_frame_it_falls_into() -> None:
    film = Film(scenario("hills", "drift"), width=64, height=36)
    shown = film.moments([0.0, Fraction(1, 24), 2 / 24, 1.03])
    assert shown.shape == (4, 36, 64, 3) and shown.dtype == np.uint8
    for picture, frame in zip(shown, (0, 1, 2, 24), strict=True):
        assert np.array_equal(picture, film.picture(frame))


def still_features(picture: np.ndarray) -> list[float]:
    """How much of the detail is fine, and which way it runs: of one picture, whatever its contrast."""
    luma = picture @ LUMA
    details, last = [], luma
    for radius in (1, 2, 4, 8):
        coarse = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius))) @ LUMA
        details.append(np.abs(last - coarse).mean() + 0.05)
        last = coarse
    across, down = np.abs(np.diff(luma, axis=1)).mean() + 0.1, np.abs(np.diff(luma, axis=0)).mean() + 0.1
    ledge = np.abs(np.diff(luma.mean(axis=1)[60:])).max() + 0.1
    return [
        *np.log(np.array(details) / np.mean(details)).tolist(),
        float(np.log(across / down)),
        float(np.log(ledge / (luma.std() + 0.1))),
    ]


@pytest.mark.parametrize("world", ALL)
def test_one_still_tells_the_kind_of_motion(world: str) -> None:
    rng = np.random.Generator(np.random.PCG64(7))
    rows, kinds, seeds = [], [], []
    for kind, motion in enumerate(MOTIONS):
        for seed in range(16):
            mood, colour, speed = rng.random(3)
            plan = scenario(world, motion, seed=50 + seed, mood=mood, colour=colour, speed=0.1 + 0.8 * speed)
            film = Film(plan)
            for frame in (40, 190):
                rows.append(still_features(film.picture(frame)))
                kinds.append(kind)
                seeds.append(seed)
    values, kind_of, seed_of = np.array(rows), np.array(kinds), np.array(seeds)
    taught = seed_of < 8
    values = (values - values[taught].mean(axis=0)) / values[taught].std(axis=0)
    centroids = np.stack([values[taught & (kind_of == kind)].mean(axis=0) for kind in range(3)])
    nearest = ((values[~taught][:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == kind_of[~taught]).mean() >= 0.8


@pytest.mark.parametrize("motion", MOTIONS)
def test_no_two_worlds_look_alike(motion: Motion) -> None:
    stills = [Film(scenario(world, motion, seed=1)).picture(50) for world in ALL]
    for index, one in enumerate(stills):
        for other in stills[:index]:
            assert difference(one, other) > 12


def test_the_pulse_decides_when_things_rebound() -> None:
    plan = scenario("shapes", "bounce", shots=1, camera="still", speed=0.5)
    other = Film(replace(plan, pulse_bpm=90.0))
    assert difference(Film(plan).picture(100), other.picture(100)) > 1


def test_a_film_asked_for_what_it_has_not_says_so() -> None:
    plan = scenario("tiles", "swarm")
    film = Film(plan)
    for frame in (-1, plan.frames):
        with pytest.raises(ValueError, match="no frame"):
            film.picture(frame)
    with pytest.raises(ValueError, match="no visual world"):
        Film(replace(plan, world="sea"))
    with pytest.raises(ValueError, match="a speed for every frame"):
        Film(replace(plan, speed=(0.5,)))
