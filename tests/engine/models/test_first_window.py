"""A neural take can be heard before it is finished, and sounds the same whether anybody listens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hitpoint.engine.generator import NeuralOptions, TakeRequest
from hitpoint.engine.models import first_window
from hitpoint.engine.models.first_window import FirstWindow
from hitpoint.engine.models.generate.windows import Window
from hitpoint.engine.models.gvmgen import picture_conditioner
from hitpoint.engine.models.library import Installed, find
from hitpoint.engine.models.neural import NeuralGenerator
from hitpoint.engine.models.warm import WARM
from hitpoint.engine.progress import Cancel, Heard, Step, nobody
from hitpoint.engine.types import Take
from neural_models import tiny_home
from tools.made import take_request

HEAD_FRAMES = 48


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HITPOINT_HOME", str(tiny_home("tiny-gvmgen")))
    yield
    WARM.close_all()


def narrow() -> Installed:
    """The tiny model, as if it had been trained on 4 s."""
    found = find("tiny-gvmgen")
    return replace(found, card=replace(found.card, config=replace(found.card.config, max_duration_s=4.0)))


def asked(seconds: int) -> TakeRequest:
    request = take_request(seconds=seconds, style="piano", energy=0.5)
    neural = NeuralOptions(candidates=1)
    return replace(request, handle_frames=(HEAD_FRAMES, 0), neural=neural)


def take(folder: Path, request: TakeRequest, heard: Heard = nobody, steps: list[Step] | None = None) -> Take:
    folder.mkdir()
    generator = NeuralGenerator(narrow(), folder, picture_conditioner)
    told = [] if steps is None else steps
    return generator.generate(request, progress=told.append, cancel=Cancel(), heard=heard)


def test_the_first_of_several_windows_is_heard_long_before_the_end_and_changes_no_byte(
    tmp_path: Path,
) -> None:
    steps: list[Step] = []
    heard: list[tuple[str, float, float, float]] = []

    def hear(path: str, from_s: float, to_s: float) -> None:
        heard.append((path, from_s, to_s, steps[-1].done))

    listened = take(tmp_path / "a", asked(4), hear, steps)
    silent = take(tmp_path / "b", asked(4))
    ((path, from_s, to_s, at_s),) = heard
    # The first window ends 2 s into a cue with a handle of 2 s.
    assert (from_s, to_s) == (0.0, 2.0) and at_s <= 4.0 < steps[-1].total
    assert listened.stems[0].sha256 == silent.stems[0].sha256
    assert not (tmp_path / "b" / "preview.wav").exists()
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert len(sound) == round(to_s * rate)
    whole, whole_rate = soundfile.read(listened.stems[0].path, dtype="float32", always_2d=True)
    own = whole[2 * whole_rate :][: len(sound)]
    # All but what the codec could not see yet behind the window's end.
    upto = len(sound) - rate // 4
    cosine = float((sound[:upto] * own[:upto]).sum())
    cosine /= float(np.linalg.norm(sound[:upto]) * np.linalg.norm(own[:upto]))
    assert rate == whole_rate and cosine > 0.9


class Listener:
    def __init__(self, folder: Path, windows: int = 1, seconds: int = 5) -> None:
        self.heard: list[tuple[float, float]] = []
        plan = [Window(index, 0, 500, 0) for index in range(windows)]
        self.first = FirstWindow(
            narrow(),
            folder,
            asked(seconds),
            plan,
            lambda _, from_s, to_s: self.heard.append((from_s, to_s)),
            Cancel(),
        )


def test_one_window_is_heard_when_the_other_candidates_take_longer_than_a_second(tmp_path: Path) -> None:
    sound = np.zeros((7 * 1000, 1), np.float32)
    soon, late = Listener(tmp_path), Listener(tmp_path)
    soon.first.sound(sound, 1000, rest_s=0.9)
    assert soon.heard == []
    late.first.sound(sound, 1000, rest_s=1.1)
    late.first.sound(sound, 1000, rest_s=5)
    assert late.heard == [(0.0, 5.0)]


def test_without_room_beside_the_decoder_nothing_is_heard_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_window.WARM, "_room", lambda: 0)
    listener = Listener(tmp_path, windows=2)
    listener.first.tokens(0, np.zeros((1, 4, 500), np.int64))
    assert listener.heard == [] and not list(tmp_path.glob("*.wav"))


def test_only_the_first_window_is_heard_and_once(tmp_path: Path) -> None:
    listener = Listener(tmp_path, windows=2, seconds=1)
    codes = np.zeros((1, 4, 500), np.int64)
    listener.first.tokens(1, codes)
    assert listener.heard == []
    listener.first.tokens(0, codes)
    listener.first.tokens(0, codes)
    assert listener.heard == [(0.0, 1.0)]
