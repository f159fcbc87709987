"""Work files: any program reads them, their hash is theirs, and broken ones are told."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

import sounds
from hitpoint.engine.audio.wav import WorkWriter, float_header, work_blocks, work_frames
from hitpoint.engine.errors import EngineFault, OutputError


@pytest.mark.parametrize(("channels", "rate"), [(1, 32_000), (2, 48_000)])
def test_what_is_written_is_what_other_readers_read(channels: int, rate: int, tmp_path: Path) -> None:
    data = sounds.random(0).standard_normal((100_001, channels)).astype(np.float32)
    with WorkWriter(tmp_path / "a.wav", len(data), channels=channels, sample_rate=rate) as file:
        for at in range(0, len(data), 7_001):
            file.write(data[at : at + 7_001])
    read, read_rate = soundfile.read(tmp_path / "a.wav", dtype="float32", always_2d=True)
    assert read_rate == rate and np.array_equal(read, data)
    assert file.sha256 == hashlib.sha256((tmp_path / "a.wav").read_bytes()).hexdigest()
    assert work_frames(tmp_path / "a.wav") == (len(data), rate)
    assert np.array_equal(np.concatenate(list(work_blocks(tmp_path / "a.wav"))), data)


@pytest.mark.parametrize(("start", "stop"), [(0, 10), (500, 99_000), (99_990, 200_000), (100_001, 100_002)])
def test_a_stretch_is_read_exactly(start: int, stop: int, tmp_path: Path) -> None:
    data = sounds.random(1).standard_normal((100_000, 2)).astype(np.float32)
    with WorkWriter(tmp_path / "a.wav", len(data)) as file:
        file.write(data)
    parts = list(work_blocks(tmp_path / "a.wav", start=start, stop=stop, block=777))
    assert np.array_equal(np.concatenate([np.zeros((0, 2), np.float32), *parts]), data[start:stop])


def test_beyond_four_gigabytes_the_header_is_rf64() -> None:
    samples = 2**32 // 8 + 1
    header = float_header(samples, 2, 48_000)
    assert header[:4] == b"RF64" and header[12:16] == b"ds64"
    riff, data, frames = struct.unpack("<QQQ", header[20:44])
    assert data == samples * 8 and frames == samples and riff == len(header) - 8 + data
    assert float_header(samples - 100, 2, 48_000)[:4] == b"RIFF"


def test_an_rf64_file_is_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitpoint.engine.audio.wav._RIFF_LARGEST", 1_000)
    data = sounds.random(2).standard_normal((5_000, 2)).astype(np.float32)
    header = float_header(len(data), 2, 48_000)
    # The sizes that say "see ds64" are fixed by the standard, not by our limit.
    header = header.replace(struct.pack("<I", 1_000), b"\xff\xff\xff\xff")
    (tmp_path / "a.wav").write_bytes(header + data.tobytes())
    read, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert np.array_equal(read, data)


def test_too_few_or_too_many_samples_are_our_fault_and_leave_nothing(tmp_path: Path) -> None:
    for frames in (9, 11):
        with pytest.raises(EngineFault, match="instead of 10"), WorkWriter(tmp_path / "a.wav", 10) as file:
            file.write(np.zeros((frames, 2), np.float32))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_file_vanishes(tmp_path: Path) -> None:
    with pytest.raises(KeyError), WorkWriter(tmp_path / "a.wav", 10) as file:
        file.write(np.zeros((5, 2), np.float32))
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="-o"), WorkWriter(tmp_path / "file" / "a.wav", 10):
        pass


def test_a_lost_or_damaged_work_file_is_our_fault(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF\0\0\0\0WAVEjunk")
    for name in ("bad.wav", "gone.wav"):
        with pytest.raises(EngineFault, match=name):
            list(work_blocks(tmp_path / name))
        with pytest.raises(EngineFault, match=name):
            work_frames(tmp_path / name)
