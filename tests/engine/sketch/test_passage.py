"""A passage is the stretch of the whole take that it says, and is there without the rest being played."""

from __future__ import annotations

import wave
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from hitpoint.engine.errors import Cancelled, OptionError
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.sketch.composer import Composition, compose
from hitpoint.engine.sketch.passage import Players, passage, play
from hitpoint.engine.sketch.render import render
from plans import make_plan, make_request

RATE = 48_000
FILM = (("A", 4, 0.3, 0.4), ("B", 4, 0.7, 0.6))
STYLES = ("cinematic", "rock")

Floats = npt.NDArray[np.float64]


def asked_for(style: str) -> TakeRequest:
    plan = make_plan(FILM, hit_bars=(2, 4, 6), must_bars=(4,))
    return make_request(plan, style=style, seed=1, tonic=2)


@cache
def composed(style: str) -> Composition:
    return compose(asked_for(style))


@pytest.fixture(scope="module")
def players() -> Players:
    return Players()


@pytest.fixture(scope="module", params=STYLES)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Floats]:
    """A style, and the sum of all stems of its take."""
    style = str(request.param)
    asked, piece = asked_for(style), composed(style)
    stems = render(
        piece.notes,
        piece.voices,
        samples=asked.plan.samples,
        handle_samples=(0, 0),
        seed=asked.score.seed,
        folder=tmp_path_factory.mktemp(style),
        stems=piece.stems,
        fade_from=piece.fade_from,
        progress=silent,
        cancel=Cancel(),
    )
    return style, sum(soundfile.read(stem.path)[0] for stem in stems)


def played(style: str, first: int, end: int, players: Players) -> Floats:
    sound = play(asked_for(style), composed(style), first, end, players=players, cancel=Cancel())
    return sound.astype(np.float64)


def correlation(one: Floats, other: Floats) -> float:
    a, b = one.ravel() - one.mean(), other.ravel() - other.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def test_a_passage_is_that_stretch_of_the_take(whole: tuple[str, Floats], players: Players) -> None:
    style, mix = whole
    for first_s in (0.0, 4.0, 9.5):
        first = round(first_s * RATE)
        sound = played(style, first, first + 4 * RATE, players)
        meant = mix[first : first + 4 * RATE]
        lags = {
            lag: correlation(sound[200:-200], meant[200 + lag : len(meant) - 200 + lag]) for lag in (-3, 0, 3)
        }
        assert lags[0] > 0.99
        assert lags[0] > max(lags[-3], lags[3])
        # Not only alike: as loud.
        assert np.sqrt((sound**2).mean() / (meant**2).mean()) == pytest.approx(1.0, abs=0.03)


def test_another_stretch_is_another_sound(whole: tuple[str, Floats], players: Players) -> None:
    style, mix = whole
    sound = played(style, 4 * RATE, 8 * RATE, players)
    pieces = mix[4 * RATE : 8 * RATE].reshape(8, -1, 2)
    shuffled = np.concatenate(pieces[np.random.Generator(np.random.PCG64(1)).permutation(8)])
    assert correlation(sound, shuffled) < 0.5
    assert correlation(sound, mix[9 * RATE : 13 * RATE]) < 0.5


def test_the_file_holds_the_stretch_and_is_named_by_it(tmp_path: Path, players: Players) -> None:
    asked = asked_for("cinematic")
    one = passage(asked, 2 * RATE, 4 * RATE, tmp_path, players=players)
    same = passage(asked, 2 * RATE, 4 * RATE, tmp_path, players=players)
    other = passage(asked, 3 * RATE, 5 * RATE, tmp_path, players=players)
    assert one == same != other
    with wave.open(str(one), "rb") as file:
        assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (2 * RATE, RATE, 2)
    assert sorted(tmp_path.iterdir()) == sorted([one, other])


def test_a_passage_is_turned_up_as_the_take_was(tmp_path: Path, players: Players) -> None:
    asked = asked_for("cinematic")
    plain = played("cinematic", 2 * RATE, 4 * RATE, players)
    path = passage(asked, 2 * RATE, 4 * RATE, tmp_path, players=players, gain_db=3.0)
    louder, _ = soundfile.read(path)
    assert np.sqrt((louder**2).mean() / (plain**2).mean()) == pytest.approx(10 ** (3 / 20), rel=0.02)


def test_a_stretch_outside_the_cue_is_refused_in_one_sentence(tmp_path: Path, players: Players) -> None:
    asked = asked_for("cinematic")
    end = asked.plan.samples
    with pytest.raises(OptionError, match="lies outside"):
        passage(asked, end, end + RATE, tmp_path, players=players)
    assert not list(tmp_path.iterdir())


def test_a_cancelled_passage_writes_nothing(tmp_path: Path, players: Players) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        passage(asked_for("cinematic"), 0, RATE, tmp_path, players=players, cancel=cancel)
    assert not list(tmp_path.iterdir())
