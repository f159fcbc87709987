"""Frames counted two ways, source frames at another rate, and silence where neither fits."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest
from fakes.resolve.sound import click_wav, onsets, samples_of
from fakes.resolve.wav import read_wav
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.timebase import Rate
from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.resolve.frames import (
    AbsFrame,
    Clock,
    RelFrame,
    padding,
    rate_of,
    source_frames,
    source_range,
)
from hitpoint.plugin.hosts.resolve.padding import padded

RATES = [Rate(24000, 1001), Rate(24), Rate(25), Rate(30000, 1001), Rate(30), Rate(50), Rate(60000, 1001)]
rates = st.sampled_from(RATES)


@pytest.mark.parametrize(
    ("said", "rate", "drop"),
    [
        ("24", Rate(24), False),
        (24.0, Rate(24), False),
        ("23.976", Rate(24000, 1001), False),
        (23.976, Rate(24000, 1001), False),
        ("29.97 DF", Rate(30000, 1001), True),
        ("29.97", Rate(30000, 1001), False),
        ("59.94 DF", Rate(60000, 1001), True),
        (59.94, Rate(60000, 1001), False),
        ("25 DF", Rate(25), False),
    ],
)
def test_every_way_to_write_a_rate_is_understood(said: object, rate: Rate, drop: bool) -> None:
    assert rate_of(said) == (rate, drop)


@pytest.mark.parametrize("said", ["", None, "fast", 0, "-24"])
def test_what_is_no_rate_is_told(said: object) -> None:
    with pytest.raises(HostError, match="which is none"):
        rate_of(said)


@given(rates, st.integers(0, 10**7), st.integers(0, 10**6))
def test_a_frame_is_the_same_after_both_conversions(rate: Rate, start: int, frame: int) -> None:
    clock = Clock(rate, AbsFrame(start))
    assert clock.relative(clock.absolute(frame)) == frame


@given(rates, st.integers(0, 10**6), st.booleans())
def test_timecode_is_read_back_as_its_frame(rate: Rate, frame: int, drop: bool) -> None:
    clock = Clock(rate, AbsFrame(1000), drop and rate.drops)
    assert clock.of_timecode(clock.timecode(RelFrame(frame))) == frame
    # Some versions write no drop-frame sign.
    assert clock.of_timecode(clock.timecode(RelFrame(frame)).replace(";", ":")) == frame


def test_one_hour_of_drop_frame_begins_where_resolve_says() -> None:
    assert Clock(Rate(30000, 1001), AbsFrame(107892), drop=True).of_timecode("01:00:00;00") == 0
    assert Clock(Rate(30000, 1001), AbsFrame(108000)).of_timecode("01:00:00:00") == 0


def test_a_timecode_that_is_none_is_told() -> None:
    with pytest.raises(HostError, match="playhead stands at 'somewhere'"):
        Clock(Rate(24), AbsFrame(0)).of_timecode("somewhere")


@given(rates, st.integers(0, 500), st.integers(1, 5000))
def test_at_the_timelines_own_rate_source_frames_are_its_frames(rate: Rate, first: int, frames: int) -> None:
    asked = source_range(first, frames, rate, rate)
    assert asked is not None and (asked.first, asked.end) == (first, first + frames)


@given(rates, rates, st.integers(1, 5000))
def test_one_source_frame_less_would_not_fill_the_place(rate: Rate, fps: Rate, frames: int) -> None:
    count = source_frames(frames, rate, fps)
    assert Fraction(count) / fps.fps * rate.fps >= frames > Fraction(count - 1) / fps.fps * rate.fps


@given(rates, st.integers(0, 10**6))
def test_with_silence_in_front_the_music_begins_with_a_source_frame(fps: Rate, head: int) -> None:
    silence = padding(head, fps, 48_000)
    assert silence >= 0
    assert (Fraction(head + silence, 48_000) * fps.fps).denominator == 1


@given(rates, st.integers(0, 10**6))
def test_the_silence_is_as_short_as_can_be(fps: Rate, head: int) -> None:
    # The longest stretch between two frames of NTSC that begin on samples: five frames of 29.97.
    assert padding(head, fps, 48_000) < 8008


def test_a_copy_holds_the_same_music_later(tmp_path: Path) -> None:
    source = click_wav(tmp_path / "a.wav", 4_800, [100, 2_000], 48_000 * 3600)
    before = source.read_bytes()
    padded(source, tmp_path / "b.wav", 700, 33)
    wav = read_wav(tmp_path / "b.wav")
    assert wav is not None
    assert (wav.samples, wav.time_reference) == (4_800 + 700 + 33, 48_000 * 3600 - 700)
    sound = samples_of(tmp_path / "b.wav")
    assert onsets(sound, dead_s=0) == [800, 2_700]
    assert (sound[700:5_500] == samples_of(source)).all()
    assert source.read_bytes() == before
    size = struct.unpack_from("<I", (tmp_path / "b.wav").read_bytes(), 4)[0]
    assert size + 8 == (tmp_path / "b.wav").stat().st_size


def test_a_copy_of_a_24_bit_mono_file_with_an_odd_chunk_is_whole(tmp_path: Path) -> None:
    sound = bytes(range(1, 16))  # five samples: an odd number of bytes
    chunks = [
        (b"junk", b"abc"),
        (b"fmt ", struct.pack("<HHIIHH", 1, 1, 48_000, 144_000, 3, 24)),
        (b"data", sound),
        (b"LIST", b"tail"),
    ]
    body = b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) & 1) for name, part in chunks
    )
    source = tmp_path / "a.wav"
    source.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)
    padded(source, tmp_path / "b.wav", 2, 1)
    data = (tmp_path / "b.wav").read_bytes()
    at = data.index(b"data")
    assert struct.unpack_from("<I", data, at + 4)[0] == 24
    assert data[at + 8 : at + 32] == bytes(6) + sound + bytes(3)
    assert data.endswith(b"LIST" + struct.pack("<I", 4) + b"tail")


@pytest.mark.parametrize(
    "data", [b"", b"not a wav at all", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEdata\x10\0\0\0abcd"]
)
def test_what_is_no_wav_is_told_and_leaves_nothing(data: bytes, tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(data)
    with pytest.raises(HostError, match="cannot be read as WAV"):
        padded(source, tmp_path / "out" / "b.wav", 1, 1)
    assert not list(tmp_path.glob("out/*"))
