"""The player as the panel uses it: with a made device, and without any."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PyQt6.QtMultimedia import QAudioDevice
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import OptionError, Problem
from hitpoint.engine.types import Cue
from hitpoint.plugin.panel.player.player import FilmPlayer
from hitpoint.plugin.panel.player.sink import Speaker
from hitpoint.ui.ports import Player
from hitpoint.ui.session import Mix, TakeEntry

Made = Callable[..., FilmPlayer]


def playing_from(player: FilmPlayer, frame: float, qtbot: QtBot) -> None:
    """Wait until it plays and has passed `frame`."""
    qtbot.waitUntil(lambda: player.playing and player.position > frame, timeout=10_000)


def test_it_is_a_player(make_player: Made) -> None:
    assert isinstance(make_player(), Player)


def test_without_a_device_it_plays_all_the_same_and_says_so(
    make_player: Made, cue: Cue, qtbot: QtBot
) -> None:
    player = make_player()
    assert player.device == ""
    levels: list[object] = []
    player.levels_changed.connect(levels.append)
    begun_s = time.monotonic()
    player.play()
    playing_from(player, cue.in_frame + 24, qtbot)
    expected = cue.in_frame + (time.monotonic() - begun_s) * float(cue.rate.fps)
    assert player.position == pytest.approx(expected, abs=12)
    assert levels


def test_a_take_is_switched_within_100_ms_at_the_same_place_and_loudness(
    make_player: Made, cue: Cue, qtbot: QtBot
) -> None:
    player = make_player(device=True)
    device = player._output
    player.set_mix(Mix(matched=False))
    player.play()
    playing_from(player, cue.in_frame + 20, qtbot)
    asked = device.truth()
    player.hear("b")
    playing_from(player, player.position + 24, qtbot)
    played = np.frombuffer(bytes(device.played), "<f4").reshape(-1, 2)[:, 0]
    switched = int(np.flatnonzero(played[9_600:] < 0.07)[0]) + 9_600
    wait_ms = (switched - asked) / 48
    print(f"heard {wait_ms:.0f} ms after it was asked for")
    assert 0 < wait_ms < 500
    assert np.abs(np.diff(played[9_600:])).max() < 0.001
    # Matched: 12 LU apart, and as loud.
    player.set_mix(Mix())
    playing_from(player, player.position + 12, qtbot)
    played = np.frombuffer(bytes(device.played), "<f4").reshape(-1, 2)[:, 0]
    assert played[-1] == pytest.approx(0.0625 * 10 ** (12 / 20), abs=1e-4)


def test_a_seek_while_playing_goes_on_from_there(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    player = make_player()
    player.play()
    playing_from(player, cue.in_frame + 3, qtbot)
    player.seek(cue.in_frame + 150)
    assert player.position == cue.in_frame + 150
    playing_from(player, cue.in_frame + 155, qtbot)
    player.seek(cue.in_frame + 20)
    assert player.position == cue.in_frame + 20
    playing_from(player, cue.in_frame + 22, qtbot)
    assert player.position < cue.in_frame + 100


def test_pausing_stands_where_it_was_and_playing_goes_on_there(
    make_player: Made, cue: Cue, qtbot: QtBot
) -> None:
    player = make_player()
    told: list[bool] = []
    player.playing_changed.connect(told.append)
    player.play()
    playing_from(player, cue.in_frame + 10, qtbot)
    player.pause()
    stands = player.position
    qtbot.wait(150)
    assert player.position == stands
    player.play()
    # It runs already when it is asked, and never from before where it stood.
    assert stands - 1e-3 <= player.position < stands + 24
    playing_from(player, stands + 2, qtbot)
    assert told == [True, False, True]


def test_at_the_end_it_stops_and_then_begins_again(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    player = make_player()
    player.seek(cue.out_frame_exclusive - 6)
    player.play()
    qtbot.waitUntil(lambda: not player.playing, timeout=5_000)
    assert player.position == cue.out_frame_exclusive
    player.play()
    assert player.position == pytest.approx(cue.in_frame, abs=2)
    playing_from(player, cue.in_frame + 1, qtbot)


def test_a_loop_is_played_round_and_round(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    player = make_player()
    begin, end = cue.in_frame + 48, cue.in_frame + 60
    player.set_loop((begin, end))
    player.seek(begin)
    seen: list[float] = []
    player.position_changed.connect(seen.append)
    player.play()

    def turns() -> int:
        return sum(later < before for before, later in pairwise(seen))

    qtbot.waitUntil(lambda: turns() >= 3, timeout=10_000)
    assert min(seen) >= begin
    assert max(seen) < end


@pytest.mark.parametrize("speed", [-8.0, -1.0, 2.0, 8.0, 0.5])
def test_other_speeds_are_silent_and_the_picture_follows(
    make_player: Made, cue: Cue, qtbot: QtBot, speed: float
) -> None:
    player = make_player(device=True)
    middle = cue.in_frame + 144
    player.seek(middle)
    pictures: list[object] = []
    player.picture_changed.connect(pictures.append)
    begun_s = time.monotonic()
    player.play(speed)
    qtbot.waitUntil(lambda: abs(player.position - middle) > 4 * abs(speed), timeout=10_000)
    moved = (time.monotonic() - begun_s) * float(cue.rate.fps) * speed
    assert player.position - middle == pytest.approx(moved, abs=4 * abs(speed) + 3)
    qtbot.waitUntil(lambda: len(pictures) >= 2)
    assert not player._output.played


def test_backwards_it_stops_at_the_cues_first_frame(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    player = make_player()
    player.seek(cue.in_frame + 30)
    player.play(-8.0)
    qtbot.waitUntil(lambda: not player.playing, timeout=5_000)
    assert player.position == cue.in_frame


@pytest.mark.parametrize("speed", [0.0, 9.0, -8.5])
def test_impossible_speeds_are_refused(make_player: Made, speed: float) -> None:
    with pytest.raises(OptionError, match="give one from -8 to 8"):
        make_player().play(speed)


def test_standing_still_every_seek_shows_its_picture(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    player = make_player()
    for index in (3, 90, 41):
        with qtbot.waitSignal(player.picture_changed, timeout=5_000) as shown:
            player.seek(cue.in_frame + index)
        assert shown.args is not None
        colour = shown.args[0].pixelColor(30, 18)
        assert round(colour.red() / 4) + 64 * round(colour.green() / 16) == index


def test_a_count_in_waits_one_bar(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    player = make_player(device=True)
    player.set_mix(Mix(count_in=True))
    player.play()
    device = player._output
    qtbot.waitUntil(lambda: device.truth() > 60_000, timeout=5_000)
    assert player.position == cue.in_frame
    playing_from(player, cue.in_frame + 2, qtbot)
    played = np.frombuffer(bytes(device.played), "<f4").reshape(-1, 2)[:, 0]
    assert np.abs(played[2_000:24_000]).max() < 1e-3
    assert np.allclose(played[96_500:98_000], 0.25, atol=1e-4)


def test_a_stem_that_is_gone_is_told_and_the_rest_plays(
    make_player: Made, cue: Cue, takes: tuple[TakeEntry, ...], qtbot: QtBot
) -> None:
    player = make_player()
    gone = replace(takes[0], id="c", stems=(*takes[0].stems, ("pads", "/nowhere/pads.wav", "")))
    found: list[Problem] = []
    player.failed.connect(found.append)
    player.set_takes((gone,), "c", "")
    player.play()
    playing_from(player, cue.in_frame + 4, qtbot)
    assert [problem.kind for problem in found] == ["sound"]


def test_the_temp_track_is_heard_as_loud_as_the_takes(
    make_player: Made, cue: Cue, takes: tuple[TakeEntry, ...], qtbot: QtBot, make_take: Callable
) -> None:
    tone = 0.8 * np.sin(np.arange(cue.samples) * (2 * np.pi * 997 / 48_000))
    temp = make_take(cue, "elsewhere", {"song": tone}).stems[0][1]
    player = make_player(device=True)
    player.set_takes(takes[:1], "temp", temp)
    qtbot.waitUntil(lambda: temp in player._repertoire._temp_loudness, timeout=20_000)
    player.seek(cue.in_frame + 48)
    player.play()
    device = player._output
    playing_from(player, cue.in_frame + 72, qtbot)
    played = np.frombuffer(bytes(device.played), "<f4").reshape(-1, 2)[:, 0]
    loudness = player._repertoire._temp_loudness[temp]
    assert loudness.lufs is not None
    # Down to -9 LUFS: as far as the take's peak lets it come up from -20.
    gain = np.abs(played[20_000:40_000]).max() / 0.8
    assert 20 * np.log10(gain) == pytest.approx(-9 - loudness.lufs, abs=0.1)


def test_the_interface_is_never_kept_waiting(
    make_player: Made, cue: Cue, takes: tuple[TakeEntry, ...], make_plan: Callable, qtbot: QtBot
) -> None:
    player = make_player()
    proxy = player._film._proxy
    calls: dict[str, Callable[[], object]] = {
        "play": player.play,
        "hear": lambda: player.hear("b"),
        "seek": lambda: player.seek(cue.in_frame + 100),
        "set_mix": lambda: player.set_mix(Mix(muted=("bass",), click=True)),
        "set_loop": lambda: player.set_loop((cue.in_frame, cue.in_frame + 48)),
        "set_takes": lambda: player.set_takes(takes, "a", ""),
        "set_proxy": lambda: player.set_proxy(proxy),
        "set_cue": lambda: player.set_cue(cue, make_plan(cue)),
        "position": lambda: player.position,
        "pause": player.pause,
    }
    took: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(5):
        for name, call in calls.items():
            begun_s = time.perf_counter()
            call()
            took[name].append((time.perf_counter() - begun_s) * 1_000)
            qtbot.wait(20)
    print({name: f"{statistics.median(all_ms):.2f} ms" for name, all_ms in took.items()})
    assert max(statistics.median(all_ms) for all_ms in took.values()) < 20


def test_nothing_goes_on_after_it_is_closed(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    before = set(threading.enumerate())
    player = FilmPlayer(output=lambda ring: Speaker(ring, default=QAudioDevice))
    player.set_cue(cue, None)
    player.play()
    qtbot.wait(100)
    player.close()
    player.close()
    assert set(threading.enumerate()) <= before


def test_whatever_was_asked_last_holds(make_player: Made, cue: Cue, qtbot: QtBot) -> None:
    player = make_player(device=True)
    draw = random.Random(9)
    for _ in range(30):
        draw.choice([player.play, player.pause, lambda: player.play(-2.0), lambda: player.seek(1_100)])()
        qtbot.wait(draw.randrange(12))
    player.pause()
    stands = player.position
    device = player._output
    qtbot.wait(150)
    assert device._running is None
    assert player.position == stands
    player.play()
    playing_from(player, stands + 2, qtbot)
