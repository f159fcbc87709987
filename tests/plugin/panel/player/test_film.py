"""Pictures of a proxy: the right ones, the newest wish first, however much of it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from hitpoint.engine.types import Cue
from hitpoint.plugin.panel.player.film import Film


@pytest.fixture
def cue(make_cue: Callable) -> Cue:
    return make_cue(6)


@pytest.fixture
def film(qtbot: QtBot) -> Iterator[Film]:
    made = Film()
    yield made
    made.close()


def number(picture: QImage) -> int:
    colour = picture.pixelColor(30, 18)
    return round(colour.red() / 4) + 64 * round(colour.green() / 16)


def test_each_frame_has_its_own_picture_and_those_after_it_are_made_ahead(
    film: Film, cue: Cue, make_proxy: Callable, qtbot: QtBot
) -> None:
    film.set_proxy(make_proxy(cue))
    for index in (0, 5, 70, cue.frames - 1):
        film.want(cue.in_frame + index)
        last = min(index + 8, cue.frames - 1)
        qtbot.waitUntil(lambda last=last: film.picture(cue.in_frame + last) is not None)
        for near in range(index, last + 1):
            picture = film.picture(cue.in_frame + near)
            assert picture is not None
            assert number(picture) == near


def test_backwards_those_before_it_are_made_ahead(
    film: Film, cue: Cue, make_proxy: Callable, qtbot: QtBot
) -> None:
    film.set_proxy(make_proxy(cue))
    film.want(cue.in_frame + 40, -4)
    qtbot.waitUntil(lambda: film.picture(cue.in_frame + 8) is not None)
    assert film.picture(cue.in_frame + 41) is None


def test_while_scrubbing_the_newest_wish_is_met_and_most_others_are_not(
    film: Film, cue: Cue, make_proxy: Callable, qtbot: QtBot
) -> None:
    film.set_proxy(make_proxy(cue))
    made: list[int] = []
    film.decoded.connect(made.append)
    wishes = [cue.in_frame + index for index in range(0, 140, 2)]
    for frame in wishes:
        film.want(frame, ahead=0)
    qtbot.waitUntil(lambda: film.picture(wishes[-1]) is not None)
    assert len(film._pictures) < len(wishes)


def test_what_a_growing_proxy_lacks_comes_when_it_has_grown(
    film: Film, cue: Cue, make_proxy: Callable, qtbot: QtBot
) -> None:
    film.set_proxy(make_proxy(cue, frames=10))
    film.want(cue.in_frame + 8)
    qtbot.waitUntil(lambda: film.picture(cue.in_frame + 9) is not None)
    assert film.picture(cue.in_frame + 10) is None
    kept = film.picture(cue.in_frame + 8)
    grown = make_proxy(cue, frames=20)
    qtbot.waitUntil(lambda: film.picture(cue.in_frame + 16) is not None)
    film.set_proxy(grown)
    film.want(cue.in_frame + 10)
    qtbot.waitUntil(lambda: film.picture(cue.in_frame + 18) is not None)
    # What was there is not made again.
    assert film.picture(cue.in_frame + 8) is kept


def test_a_picture_that_is_not_counted_yet_is_not_read(
    film: Film, cue: Cue, make_proxy: Callable, qtbot: QtBot
) -> None:
    make_proxy(cue, frames=30)
    film.set_proxy(make_proxy(cue, frames=10))
    film.want(cue.in_frame + 9, ahead=10)
    qtbot.waitUntil(lambda: film.picture(cue.in_frame + 9) is not None)
    qtbot.waitUntil(lambda: film._counted_s > 0)
    assert film.picture(cue.in_frame + 10) is None


def test_another_proxy_has_other_pictures(film: Film, cue: Cue, make_proxy: Callable, qtbot: QtBot) -> None:
    proxy = make_proxy(cue)
    film.set_proxy(proxy)
    film.want(cue.in_frame)
    qtbot.waitUntil(lambda: film.picture(cue.in_frame) is not None)
    film.set_proxy(replace(proxy, in_frame=cue.in_frame - 3))
    qtbot.waitUntil(lambda: film.picture(cue.in_frame) is not None)
    picture = film.picture(cue.in_frame)
    assert picture is not None
    assert number(picture) == 3


def test_few_pictures_are_kept(film: Film, cue: Cue, make_proxy: Callable, qtbot: QtBot) -> None:
    film.set_proxy(make_proxy(cue))
    for index in range(0, 120, 8):
        film.want(cue.in_frame + index)
        qtbot.waitUntil(lambda index=index: film.picture(cue.in_frame + index + 8) is not None)
    assert len(film._pictures) <= 33
