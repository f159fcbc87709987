"""Picture and sound stay together: at the start, after seeks, after a minute."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from PyQt6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from hitpoint.engine.types import Cue
from hitpoint.plugin.panel.player.clock import Scale, offset_s
from hitpoint.plugin.panel.player.player import FilmPlayer

Made = Callable[..., FilmPlayer]


def playing_from(player: FilmPlayer, frame: float, qtbot: QtBot) -> None:
    """Wait until it plays and has passed `frame`."""
    qtbot.waitUntil(lambda: player.playing and player.position > frame, timeout=10_000)


def offsets_of(player: FilmPlayer, cue: Cue, qtbot: QtBot, seconds: float) -> list[float]:
    """How late each picture is, in milliseconds, for so long."""
    player.shown.clear()
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if player.position > cue.out_frame_exclusive - 24:
            player.seek(cue.in_frame)
        qtbot.wait(20)
    return [shown.late_s * 1_000 for shown in player.shown]


def told(name: str, found: list[float]) -> None:
    worst, middle = max(map(abs, found)), statistics.median(map(abs, found))
    print(f"{name}: {len(found)} pictures, off by {middle:.1f} ms, at most {worst:.1f} ms")


def close_enough(found: list[float]) -> bool:
    """The figure that must be met, for all but what a busy machine makes late."""
    return bool(np.quantile(np.abs(found), 0.75) <= 20)


def test_picture_and_sound_stay_together_at_the_start_and_after_20_seeks(
    make_player: Made, cue: Cue, qtbot: QtBot
) -> None:
    player = make_player()
    player.play()
    start = offsets_of(player, cue, qtbot, 1.5)
    told("at the start", start)
    draw = random.Random(3)
    for _ in range(20):
        player.seek(draw.randrange(cue.in_frame, cue.out_frame_exclusive - 60))
        qtbot.wait(60)
    later = offsets_of(player, cue, qtbot, 1.5)
    told("after 20 seeks", later)
    assert close_enough(start)
    assert close_enough(later)


@pytest.mark.heavy
@pytest.mark.parametrize("device", [False, True])
def test_picture_and_sound_stay_together_for_a_minute(
    make_player: Made,
    make_cue: Callable,
    make_take: Callable,
    make_proxy: Callable,
    qtbot: QtBot,
    device: bool,
) -> None:
    cue = make_cue(68)
    noise = np.random.default_rng(8).normal(0, 0.05, cue.samples)
    player = make_player(device=device)
    player.set_cue(cue, None)
    player.set_takes((make_take(cue, "long", {f"stem{index}": noise for index in range(6)}),), "long", "")
    player.set_proxy(make_proxy(cue))
    player.play()
    told("at the start", start := offsets_of(player, cue, qtbot, 2))
    offsets_of(player, cue, qtbot, 60)
    assert player.position > cue.in_frame + 61 * float(cue.rate.fps)
    told("after 60 s", later := offsets_of(player, cue, qtbot, 2))
    assert close_enough(start)
    assert close_enough(later)


def test_with_a_device_the_picture_follows_what_it_truly_plays(
    make_player: Made, cue: Cue, qtbot: QtBot
) -> None:
    player = make_player(device=True)
    device = player._output
    scale = Scale(cue)
    off: list[float] = []

    def look() -> None:
        if player.playing and player._shown is not None:
            off.append(offset_s(scale, device.truth(), player._shown) * 1_000)

    timer = QTimer()
    timer.timeout.connect(look)
    player.picture_changed.connect(lambda picture: look())
    player.play()
    playing_from(player, cue.in_frame + 1, qtbot)
    timer.start(7)
    playing_from(player, cue.in_frame + 60, qtbot)
    told("against what is played", off)
    assert close_enough(off)
