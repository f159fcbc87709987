"""The preview shows what the timeline shows, and sound and picture meet on the frame."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from footage import cue_of, flat, numbered, video, write_film
from hitpoint.engine.audio.decode import read_mono
from hitpoint.engine.errors import InputError
from hitpoint.engine.picture.decode import frames, probe
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Media, Shot, Sound
from hitpoint.plugin.demo.preview import mux_preview


def _mix(path: Path, cue: Cue, clicks: list[int], head: int = 0) -> Path:
    """Clicks at samples of the cue, after a head of sound that must not be heard."""
    sound = np.zeros((head + cue.samples, 2), np.float32)
    sound[:head] = 0.4
    for sample in clicks:
        length = min(480, cue.samples - sample)
        sound[head + sample : head + sample + length] = 0.7 * np.cos(np.arange(length) * 0.4)[:, None]
    soundfile.write(path, sound, 48000, subtype="PCM_24")
    return path


def _luma(path: Path) -> list[float]:
    """Mean grey of every picture."""
    shown = frames(path, Fraction(0), Fraction(10**6), width=32, height=18, rgb=True)
    return [float(frame.pixels.mean()) for frame in shown]


@pytest.mark.parametrize("rate", [Rate(24), Rate(24000, 1001), Rate(30)])
def test_flashes_and_clicks_meet(tmp_path: Path, rate: Rate) -> None:
    marks = [12, 40, 71]
    pictures = [flat(230 if index in marks else 20) for index in range(90)]
    path = write_film(tmp_path / "flash.mp4", pictures, rate=rate.fps)
    shot = Shot("flash", 0, 90, "video", Media(str(path)))
    cue = cue_of(shot, rate=rate)
    mix = _mix(tmp_path / "mix.wav", cue, [cue.sample(frame) for frame in marks], head=4800)
    out = tmp_path / "preview.mp4"
    assert mux_preview(cue, mix, out, head_samples=4800, width=320, height=180) == ()
    info = probe(out)
    assert (info.rate, info.frames, info.has_audio) == (rate, 90, True)
    lit = [index for index, value in enumerate(_luma(out)) if value > 120]
    assert lit == marks
    heard = np.abs(read_mono(out, rate=48000, start_s=Fraction(0), duration_s=rate.seconds(90)))
    assert heard[:3000].max() < 0.05
    for frame in marks:
        wanted = cue.sample(frame)
        window = heard[wanted - 2000 : wanted + 2000]
        assert abs(int(np.argmax(window > 0.3)) - 2000) <= 96


def test_dissolve_gap_freeze_retime_and_reverse_are_shown(tmp_path: Path) -> None:
    film = write_film(tmp_path / "numbers.mp4", numbered(72))
    cue = cue_of(
        video(film, 0, 10, source=20),
        Shot("gap", 10, 20, "gap"),
        video(film, 20, 30, source=40, speed=Fraction(0)),
        video(film, 30, 40, source=10, speed=Fraction(2)),
        video(film, 40, 60, source=60, speed=Fraction(-1)),
        video(film, 60, 80, source=10, dissolve_frames=(4, 4)),
    )
    out = tmp_path / "preview.mp4"
    mux_preview(cue, _mix(tmp_path / "mix.wav", cue, []), out, width=160, height=90)
    shown = np.array(_luma(out))
    grey = [16 + 3 * number for number in range(72)]
    assert shown[:10] == pytest.approx(grey[20:30], abs=3)
    assert shown[10:20] == pytest.approx(0, abs=3)
    assert shown[20:30] == pytest.approx(grey[40], abs=3)
    assert shown[30:40] == pytest.approx(grey[10:30:2], abs=3)
    assert shown[40:56] == pytest.approx(grey[60:44:-1], abs=3)
    share = (np.arange(8) + 0.5) / 8
    mixed = (1 - share) * np.array(grey[44:36:-1]) + share * np.array(grey[6:14])
    assert shown[56:64] == pytest.approx(mixed, abs=4)
    assert shown[64:] == pytest.approx(grey[14:30], abs=3)


def test_another_shape_of_picture_gets_black_bars(tmp_path: Path) -> None:
    film = write_film(tmp_path / "tall.mp4", [flat(200, height=160, width=80)] * 12)
    cue = cue_of(video(film, 0, 12))
    out = tmp_path / "preview.mp4"
    mux_preview(cue, _mix(tmp_path / "mix.wav", cue, []), out, width=320, height=180)
    picture = next(frames(out, Fraction(0), Fraction(1), width=320, height=180, rgb=True)).pixels
    assert picture[90, 160].mean() > 180
    assert picture[90, 60].mean() < 12


def test_the_timelines_own_sound_plays_under_the_music(tmp_path: Path) -> None:
    film = write_film(tmp_path / "grey.mp4", [flat(90)] * 48)
    tone = 0.3 * np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000)
    soundfile.write(tmp_path / "voice.wav", tone, 48000, subtype="PCM_16")
    cue = cue_of(video(film, 0, 48))
    spoken = Sound("voice", "A1", 24, 48, Media(str(tmp_path / "voice.wav")))
    cue = Cue(cue.name, cue.rate, 0, 48, cue.shots, sounds=(spoken,))
    out = tmp_path / "preview.mp4"
    mux_preview(cue, _mix(tmp_path / "mix.wav", cue, []), out, width=160, height=90)
    heard = np.abs(read_mono(out, rate=48000, start_s=Fraction(0), duration_s=Fraction(2)))
    assert heard[:46000].max() < 0.02
    assert heard[50000:].max() > 0.25


def test_what_cannot_be_seen_is_black_and_told(tmp_path: Path) -> None:
    film = write_film(tmp_path / "grey.mp4", [flat(90)] * 12)
    (tmp_path / "broken.mp4").write_bytes(b"no film" * 100)
    cue = cue_of(video(film, 0, 12), video(tmp_path / "broken.mp4", 12, 24))
    out = tmp_path / "preview.mp4"
    problems = mux_preview(cue, _mix(tmp_path / "mix.wav", cue, []), out, width=160, height=90)
    assert ["broken.mp4" in problem.text for problem in problems] == [True]
    shown = _luma(out)
    assert shown[:12] == pytest.approx([90] * 12, abs=3)
    assert shown[12:] == pytest.approx([0] * 12, abs=3)


def test_a_mix_without_sound_is_refused_and_nothing_written(tmp_path: Path) -> None:
    film = write_film(tmp_path / "grey.mp4", [flat(90)] * 12)
    with pytest.raises(InputError, match=r"grey\.mp4"):
        mux_preview(cue_of(video(film, 0, 12)), film, tmp_path / "preview.mp4", width=160, height=90)
    assert not (tmp_path / "preview.mp4").exists()
