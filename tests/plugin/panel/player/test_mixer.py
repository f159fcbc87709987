"""What is mixed is what was asked for: to the sample, without clicks, equally loud."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.types import Cue
from hitpoint.plugin.panel.player.click import LENGTH, Clicks
from hitpoint.plugin.panel.player.clock import Course
from hitpoint.plugin.panel.player.levels import Loudness, factor, matched_db
from hitpoint.plugin.panel.player.mixer import FADE, Mixer, Passage, Programme, Voice, Wish
from hitpoint.plugin.panel.player.sounds import Shelf, Sound
from hitpoint.ui.session import TakeEntry

BLOCK = 512


class Desk:
    """A mixer whose files are always there in time."""

    def __init__(self, shelf: Shelf, cue: Cue) -> None:
        self.shelf, self.cue, self.course = shelf, cue, Course()
        self.mixer = Mixer(shelf, self.course)
        self.mixer.wish = Wish(length=cue.samples)

    def voice(self, take: TakeEntry, gain: float = 1.0) -> Voice:
        return Voice(tuple((name, Sound(path, take.head)) for name, path, _ in take.stems), gain)

    def wish(self, **changes: object) -> None:
        self.mixer.wish = replace(self.mixer.wish, **changes)  # type: ignore[arg-type]

    def hear(self, samples: int) -> np.ndarray:
        blocks = []
        for _ in range(-(-samples // BLOCK)):
            self.mixer.fetch()
            programmes = (self.mixer.wish.programme, self.mixer._head.programme)
            places = [self.mixer.at, *(self.mixer.wish.loop or ())[:1]]
            if self.mixer._jump:
                places.append(self.mixer._jump[0])
            for programme in programmes:
                for at in places:
                    assert self.shelf.wait(programme.sounds(), at, BLOCK + FADE, 10)
            blocks.append(self.mixer.block(BLOCK))
        return np.concatenate(blocks)[:samples]


@pytest.fixture
def cue(make_cue: Callable) -> Cue:
    return make_cue(8)


@pytest.fixture
def desk(shelf: Shelf, cue: Cue) -> Desk:
    return Desk(shelf, cue)


def level(cue: Cue, value: float) -> np.ndarray:
    """The same value all along: every step in what is heard is ours."""
    return np.full(cue.samples, value)


def ramp(cue: Cue) -> np.ndarray:
    """A value that tells the place."""
    return np.linspace(-0.4, 0.4, cue.samples)


def steepest(out: np.ndarray) -> float:
    return float(np.abs(np.diff(out, axis=0)).max())


def test_stems_add_up_from_any_place(desk: Desk, cue: Cue, make_take: Callable) -> None:
    noise = np.random.default_rng(1).uniform(-0.2, 0.2, (2, cue.samples))
    take = make_take(cue, "a", {"bass": noise[0], "pads": noise[1]})
    desk.wish(programme=Programme(desk.voice(take)))
    desk.mixer.begin(33_333)
    out = desk.hear(60_000)[FADE:, 0]
    assert np.abs(out - noise.sum(axis=0)[33_333 + FADE : 33_333 + 60_000]).max() < 1e-6


def test_muting_and_soloing_leave_the_others_and_do_not_click(
    desk: Desk, cue: Cue, make_take: Callable
) -> None:
    take = make_take(cue, "a", {"bass": level(cue, 0.5), "pads": level(cue, 0.25)})
    desk.wish(programme=Programme(desk.voice(take)))
    desk.mixer.begin(0)
    heard = [desk.hear(4_096)]
    for change, value in (
        ({"muted": frozenset({"bass"})}, 0.25),
        ({"muted": frozenset()}, 0.75),
        ({"soloed": frozenset({"bass"})}, 0.5),
        ({"soloed": frozenset({"melody"})}, 0.75),
    ):
        desk.wish(**change)
        heard.append(desk.hear(4_096))
        assert heard[-1][-1, 0] == pytest.approx(value, abs=1e-6)
    # From the first sample on, where there was nothing before: 2 ms.
    assert steepest(np.concatenate(heard)[100:]) <= 0.51 / FADE
    # The control: without ramps the step is the stem itself.
    assert 0.51 / FADE < 0.01 < 0.5


def test_takes_switch_at_the_same_place_within_100_ms_without_a_click(
    desk: Desk, cue: Cue, make_take: Callable
) -> None:
    first = make_take(cue, "a", {"bass": ramp(cue)})
    second = make_take(cue, "b", {"music": ramp(cue) / 2})
    desk.wish(programme=Programme(desk.voice(first)))
    desk.mixer.begin(48_000)
    before = desk.hear(9_600)
    desk.wish(programme=Programme(desk.voice(second)))
    after = desk.hear(9_600)[:, 0]
    place = 48_000 + len(before) + -len(before) % BLOCK + np.arange(9_600)
    assert np.abs(after[4_800:] - ramp(cue)[place[4_800:]] / 2).max() < 1e-5
    assert steepest(np.concatenate((before[FADE:, 0], after))[:, None]) < 0.01


def test_a_switch_between_two_musics_keeps_the_power(desk: Desk, cue: Cue, make_take: Callable) -> None:
    draw = np.random.default_rng(2)
    takes = [make_take(cue, name, {"music": draw.normal(0, 0.1, (cue.samples, 2))}) for name in "ab"]
    voices = [desk.voice(take) for take in takes]
    power = []
    desk.wish(programme=Programme(voices[0]))
    desk.mixer.begin(0)
    desk.hear(4 * BLOCK)
    for turn in range(60):
        desk.wish(programme=Programme(voices[(turn + 1) % 2]))
        power.append((desk.hear(2 * BLOCK)[:FADE] ** 2).mean())
    assert 10 * np.log10(np.mean(power) / 0.01) == pytest.approx(0, abs=0.5)


def test_a_loop_wraps_to_the_sample_and_without_a_click(desk: Desk, cue: Cue, make_take: Callable) -> None:
    begin, end = 50_001, 98_765
    desk.wish(programme=Programme(desk.voice(make_take(cue, "a", {"bass": ramp(cue)}))), loop=(begin, end))
    desk.mixer.begin(begin)
    out = desk.hear(3 * (end - begin))[:, 0]
    length = end - begin
    inside = np.arange(FADE, length)
    for turn in range(3):
        at = turn * length
        assert np.abs(out[at + inside] - ramp(cue)[begin + inside]).max() < 1e-6
        # All along, as it will be heard.
        for sample in (0, 1, 777, length - 1):
            assert desk.course.cue_sample(at + sample) == begin + sample
    assert steepest(out[FADE:, None]) < 0.002


def test_a_jump_is_told_where_it_lands(desk: Desk, cue: Cue, make_take: Callable) -> None:
    desk.wish(programme=Programme(desk.voice(make_take(cue, "a", {"bass": ramp(cue)}))))
    desk.mixer.begin(0)
    out = [desk.hear(4 * BLOCK)]
    desk.mixer.jump(200_000, 7)
    out.append(desk.hear(8 * BLOCK))
    number, stream = desk.mixer.landed
    assert number == 7
    assert stream == 4 * BLOCK
    assert desk.course.cue_sample(stream - 1) == stream - 1
    assert desk.course.cue_sample(stream + 100) == 200_100
    assert steepest(np.concatenate(out)[FADE:]) < 0.005


def test_after_the_end_there_is_silence_and_the_position_stays(
    desk: Desk, cue: Cue, make_take: Callable
) -> None:
    desk.wish(programme=Programme(desk.voice(make_take(cue, "a", {"bass": level(cue, 0.5)}))))
    desk.mixer.begin(cue.samples - 5_000)
    out = desk.hear(12_000)
    assert out[4_999, 0] == pytest.approx(0.5, abs=1e-6)
    assert not out[5_000:].any()
    assert desk.course.cue_sample(11_000) == cue.samples


def test_a_passage_stands_for_the_take_as_long_as_it_is(
    desk: Desk, cue: Cue, make_take: Callable, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "passage.wav", np.full((24_000, 2), 0.3), 48_000, subtype="FLOAT")
    begin = 60_000
    passage = Passage(Sound(str(tmp_path / "passage.wav"), -begin), begin, begin + 24_000)
    take = make_take(cue, "a", {"bass": level(cue, 0.5)})
    desk.wish(programme=Programme(desk.voice(take), passage))
    desk.mixer.begin(48_000)
    out = desk.hear(48_000)[:, 0]
    assert np.allclose(out[FADE : begin - 48_000], 0.5, atol=1e-6)
    assert np.allclose(out[begin - 48_000 + FADE : begin - 48_000 + 24_000 - FADE], 0.3, atol=1e-6)
    assert np.allclose(out[begin - 48_000 + 24_000 :], 0.5, atol=1e-6)
    assert steepest(out[FADE:, None]) < 0.005


@pytest.mark.parametrize(
    ("balance", "value"), [(0.0, 0.75), (1.0, 0.5), (-1.0, 0.25), (0.5, 0.625), (-0.5, 0.5)]
)
def test_balance_goes_from_the_film_alone_to_the_music_alone(
    desk: Desk, cue: Cue, make_take: Callable, tmp_path: Path, balance: float, value: float
) -> None:
    soundfile.write(tmp_path / "film.wav", np.full((cue.samples, 2), 0.25), 48_000, subtype="FLOAT")
    voice = desk.voice(make_take(cue, "a", {"bass": level(cue, 0.5)}))
    desk.wish(programme=Programme(voice, film=Sound(str(tmp_path / "film.wav"))), balance=balance)
    desk.mixer.begin(0)
    assert desk.hear(2_048)[-1, 0] == pytest.approx(value, abs=1e-6)


def test_the_click_is_on_the_beats_and_higher_on_downbeats(desk: Desk, cue: Cue, make_plan: Callable) -> None:
    desk.mixer.clicks = Clicks(make_plan(cue))
    desk.wish(click=True)
    desk.mixer.begin(0)
    out = desk.hear(192_000)[:, 0]
    loud = np.abs(out) > 1e-4
    beats = np.arange(8) * 24_000
    near = np.zeros(192_000, bool)
    for beat in beats:
        near[beat : beat + LENGTH] = True
        assert loud[beat : beat + 200].any()
    assert not (loud & ~near).any()
    pitches = [int(np.abs(np.fft.rfft(out[beat : beat + LENGTH], 48_000)).argmax()) for beat in beats]
    assert [pitch > 1_300 for pitch in pitches] == [True, False, False, False] * 2


def test_one_bar_is_counted_before_the_music_and_the_position_waits(
    desk: Desk, cue: Cue, make_take: Callable, make_plan: Callable
) -> None:
    clicks = Clicks(make_plan(cue))
    desk.wish(programme=Programme(desk.voice(make_take(cue, "a", {"bass": level(cue, 0.5)}))))
    bar = clicks.count_in(100_000)
    assert bar is not None
    assert (bar.samples, bar.beats) == (96_000, (0, 24_000, 48_000, 72_000))
    desk.mixer.begin(100_000, bar)
    out = desk.hear(96_000 + 10_000)[:, 0]
    assert np.abs(out[LENGTH:24_000]).max() < 1e-6
    assert np.allclose(out[96_000 + FADE :], 0.5, atol=1e-6)
    assert [desk.course.cue_sample(stream) for stream in (0, 95_999, 96_000, 96_100)] == [
        100_000, 100_000, 100_000, 100_100,
    ]  # fmt: skip


def test_a_jump_ends_the_count_in(desk: Desk, cue: Cue, make_take: Callable, make_plan: Callable) -> None:
    desk.wish(programme=Programme(desk.voice(make_take(cue, "a", {"bass": level(cue, 0.5)}))))
    desk.mixer.begin(0, Clicks(make_plan(cue)).count_in(0))
    desk.hear(10 * BLOCK)
    desk.mixer.jump(50_000, 1)
    assert desk.hear(4 * BLOCK)[-1, 0] == pytest.approx(0.5, abs=1e-6)
    assert desk.course.cue_sample(10 * BLOCK + 100) == 50_100


LOUDNESS = st.builds(Loudness, st.floats(-40, -6), st.one_of(st.none(), st.floats(-12, 0)))


@given(st.dictionaries(st.sampled_from("abcdef"), LOUDNESS, min_size=1))
def test_matched_takes_are_equally_loud_and_none_goes_over(takes: dict[str, Loudness]) -> None:
    gains = matched_db(takes)
    loud = [takes[name].lufs + gains[name] for name in takes]
    assert max(loud) - min(loud) < 1e-9
    for name, each in takes.items():
        if each.true_peak_dbtp is not None and gains[name] > 0:
            assert each.true_peak_dbtp + gains[name] <= -1 + 1e-9


def test_silence_and_the_unmeasured_stay_as_they_are() -> None:
    gains = matched_db({"a": Loudness(-20, -6), "b": Loudness(None, None), "c": Loudness(-26, -12)})
    assert gains == {"a": 0, "b": 0, "c": 6}


def test_matched_takes_measure_the_same_within_a_tenth(desk: Desk, cue: Cue, make_take: Callable) -> None:
    draw = np.random.default_rng(4)
    meter = pyloudnorm.Meter(48_000)
    takes, loudness = {}, {}
    for name, gain in (("a", 0.2), ("b", 0.05), ("c", 0.11)):
        wave = np.cumsum(draw.normal(0, gain, (cue.samples, 2)), axis=0)
        wave = gain * wave / np.abs(wave).max() + draw.normal(0, gain / 10, (cue.samples, 2))
        takes[name] = make_take(cue, name, {"bass": wave * 0.4, "pads": wave * 0.6})
        peak = 20 * np.log10(np.abs(wave).max())
        loudness[name] = Loudness(meter.integrated_loudness(wave), peak)
    gains = matched_db(loudness)
    measured = {}
    for name, take in takes.items():
        desk.wish(programme=Programme(desk.voice(take, factor(gains[name]))))
        desk.mixer.begin(0)
        measured[name] = meter.integrated_loudness(desk.hear(cue.samples).astype(np.float64))
    print("matched:", measured, "unmatched:", loudness)
    assert max(measured.values()) - min(measured.values()) <= 0.1
    # The control: without matching they differ by much.
    values = [each.lufs for each in loudness.values() if each.lufs is not None]
    assert max(values) - min(values) > 5
