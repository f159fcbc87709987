"""Small WAV files of clicks, and what a timeline of the fake sounds like as samples."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .render import RATE, Heard
from .wav import read_wav

CLICK = 16_000


def click_wav(path: Path, samples: int, clicks: Iterable[int], time_reference: int | None = None) -> Path:
    """48 kHz stereo, 16 bit: one sample of full level at each place, else silence. With `time_reference`
    (samples from midnight) a broadcast wave."""
    fmt = struct.pack("<HHIIHH", 1, 2, RATE, RATE * 4, 4, 16)
    chunks = [(b"fmt ", fmt)]
    if time_reference is not None:
        reference = struct.pack("<II", time_reference & 0xFFFF_FFFF, time_reference >> 32)
        chunks.append((b"bext", bytes(338) + reference + bytes(256)))
    held = b"".join(name + struct.pack("<I", len(part)) + part for name, part in chunks)
    data = b"data" + struct.pack("<I", samples * 4)
    with path.open("wb") as file:
        file.write(
            b"RIFF" + struct.pack("<I", 4 + len(held) + len(data) + samples * 4) + b"WAVE" + held + data
        )
        begin = file.tell()
        # Silence is a hole in the file: hundreds of these cost no disk.
        file.truncate(begin + samples * 4)
        for click in clicks:
            file.seek(begin + click * 4)
            file.write(struct.pack("<hh", CLICK, CLICK))
    return path


def samples_of(path: Path) -> npt.NDArray[np.float32]:
    """[n, channels] in -1..1 of a WAV file of whole numbers or floats."""
    wav = read_wav(path)
    assert wav is not None, f"{path} is no WAV file"
    raw = np.fromfile(path, np.uint8, wav.samples * wav.channels * wav.bits // 8, offset=wav.data_at)
    if wav.code == 3:
        return raw.view("<f4").reshape(-1, wav.channels).astype(np.float32)
    if wav.bits == 24:
        four = np.zeros((len(raw) // 3, 4), np.uint8)
        four[:, 1:] = raw.reshape(-1, 3)
        whole = four.view("<i4").reshape(-1, wav.channels) / 2.0**31
    else:
        whole = raw.view("<i2").reshape(-1, wav.channels) / 2.0**15
    return whole.astype(np.float32)


def mixed(heard: Sequence[Heard], samples: int) -> npt.NDArray[np.float32]:
    """[samples, 2]: the sum of what sounds at speed 1, with its levels; keys are linear in dB between."""
    out = np.zeros((samples, 2), np.float32)
    files: dict[str, npt.NDArray[np.float32]] = {}
    for one in heard:
        assert one.speed == 1, f"{one.path} runs at another speed"
        if one.path not in files:
            files[one.path] = samples_of(Path(one.path))
        sound = files[one.path][one.source_sample : one.source_sample + one.samples]
        sound = sound[: max(0, samples - one.sample)]
        level = np.full(len(sound), one.level_db)
        if one.keys:
            at, db = ([float(key[part]) for key in one.keys] for part in (0, 1))
            level = np.interp(np.arange(len(sound), dtype=float), at, db)
        gain = (10 ** (level / 20)).astype(np.float32)[:, None]
        part = out[one.sample : one.sample + len(sound)]
        if one.channels == 1:
            part += sound[:, :1] * gain * np.array([[1, 1]], np.float32)
        else:
            part += sound[:, [0, -1]] * gain
    return out


def onsets(sound: npt.NDArray[np.float32], above: float = 0.05, dead_s: float = 0.05) -> list[int]:
    """Samples at which it gets louder than `above`, not within `dead_s` of the onset before."""
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > above)
    found: list[int] = []
    for sample in loud:
        if not found or sample - found[-1] > dead_s * RATE:
            found.append(int(sample))
    return found
