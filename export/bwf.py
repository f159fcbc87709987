"""Broadcast Wave: 24-bit 48 kHz stereo with timecode, loudness and hit points, written in one pass.

Chunks in the order `fmt `, `bext`, `iXML`, `cue `, `data`. Sources: EBU Tech 3285 version 2 (bext with
loudness), the iXML specification 1.61, the Microsoft/IBM RIFF specification of 1991 (cue points).
"""

from __future__ import annotations

import hashlib
import math
import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from ..engine.errors import EngineFault, OutputError
from ..engine.store.durable import durable_file
from ..engine.timebase import SAMPLE_RATE, Rate

CHANNELS = 2
BYTES_A_FRAME = CHANNELS * 3
# The request's own date; a clock would make two runs differ.
NO_DATE = "2000-01-01 00:00:00"
_PCM = 1
_LARGEST_RIFF = 0xFFFF_FFFF
_LOUDEST = 2**23 - 1
# EBU Tech 3285 v2: "unknown".
_UNKNOWN = 0x7FFF


@dataclass(frozen=True, slots=True)
class BwfInfo:
    """What the file says about itself.

    `start_frame` is the absolute timecode frame of the file's first sample: timeline start + cue in - head
    handle. `cue_points` are samples from the file's first one. Loudness in LUFS, LU and dBTP; None is
    written as unknown.
    """

    description: str
    project: str
    rate: Rate
    start_frame: int
    drop_frame: bool = False
    originator: str = "Hitpoint"
    reference: str = ""
    # "YYYY-MM-DD hh:mm:ss"
    created: str = NO_DATE
    cue_points: tuple[int, ...] = ()
    loudness_lufs: float | None = None
    loudness_range_lu: float | None = None
    true_peak_dbtp: float | None = None
    momentary_lufs: float | None = None
    short_term_lufs: float | None = None
    note: str = ""

    @property
    def time_reference(self) -> int:
        """Samples from midnight of timecode 00:00:00:00 to the file's first sample, rounded once."""
        return self.rate.sample(self.start_frame)


class BwfWriter:
    """Call it with blocks of int32 [n, 2] holding 24-bit values.

    `sha256` is the whole file's once all are in.
    """

    def __init__(self, path: Path, file: BinaryIO, header: bytes, samples: int) -> None:
        self.written = 0
        self._path = path
        self._file = file
        self._samples = samples
        self._hash = hashlib.sha256()
        self._put(header)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __call__(self, block: npt.NDArray[np.int32]) -> None:
        """Append `block`. EngineFault for another shape or values beyond 24 bits."""
        if block.ndim != 2 or block.shape[1] != CHANNELS or block.dtype != np.int32:
            raise EngineFault(f"a block {block.shape} of {block.dtype} was given to '{self._path.name}'")
        if len(block) and (int(block.max()) > _LOUDEST or int(block.min()) < -_LOUDEST - 1):
            raise EngineFault(
                f"a sample given to '{self._path.name}' is beyond 24 bits: it would wrap around"
            )
        self.written += len(block)
        if self.written > self._samples:
            raise EngineFault(f"'{self._path.name}' got more than the {self._samples} samples announced")
        four = np.ascontiguousarray(block, dtype="<i4").view(np.uint8).reshape(-1, 4)
        three = np.empty((len(four), 3), np.uint8)
        for byte in range(3):  # by column: a copy of three-byte rows takes four times as long
            three[:, byte] = four[:, byte]
        self._put(three.data)

    def _put(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._hash.update(data)


@contextmanager
def bwf_writer(path: Path, info: BwfInfo, samples: int) -> Iterator[BwfWriter]:
    """A function that takes int32 blocks [n, 2] and becomes the file `path` when `samples` frames have come.

    A block that ends early leaves no file. OutputError when the disk refuses or the sound is beyond 4 GB,
    EngineFault when the number of frames is not the one announced.
    """
    header = bwf_header(path.name, info, samples)
    with durable_file(path) as file:
        writer = BwfWriter(path, file, header, samples)
        yield writer
        if writer.written != samples:
            raise EngineFault(f"'{path.name}' got {writer.written} samples instead of {samples}")


def bwf_header(name: str, info: BwfInfo, samples: int) -> bytes:
    """All bytes before the sound. OutputError when the sizes do not fit a WAV file."""
    frame_rate = SAMPLE_RATE * BYTES_A_FRAME
    chunks = b"".join((
        _chunk(b"fmt ", struct.pack("<HHIIHH", _PCM, CHANNELS, SAMPLE_RATE, frame_rate, BYTES_A_FRAME, 24)),
        _chunk(b"bext", _bext(info)),
        _chunk(b"iXML", _ixml(info)),
        _chunk(b"cue ", _cue_points(info.cue_points)) if info.cue_points else b"",
    ))  # fmt: skip
    data = samples * BYTES_A_FRAME
    riff = 4 + len(chunks) + 8 + data
    if riff > _LARGEST_RIFF:
        hours = samples / SAMPLE_RATE / 3600
        raise OutputError(
            f"'{name}' would hold {hours:.1f} hours, more than a WAV file can (4 GB, about 4 hours): "
            "score a shorter range with --range"
        )
    return struct.pack("<4sI4s", b"RIFF", riff, b"WAVE") + chunks + struct.pack("<4sI", b"data", data)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def _ascii(text: str, size: int) -> bytes:
    """bext knows ASCII only: accents are dropped, other letters become question marks."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return plain.encode("ascii", "replace").replace(b"\0", b"?")[:size]


def _hundredths(value: float | None) -> int:
    if value is None or not math.isfinite(value):
        return _UNKNOWN
    return max(-0x8000, min(_UNKNOWN - 1, round(value * 100)))


def _bext(info: BwfInfo) -> bytes:
    date, _, time = info.created.partition(" ")
    if len(date) != 10 or len(time) != 8:
        raise EngineFault(f"the date '{info.created}' is not of the form {NO_DATE}")
    reference = info.time_reference
    if reference < 0:
        raise EngineFault(f"the file would start before timecode 00:00:00:00 (frame {info.start_frame})")
    history = _ascii(f"A=PCM,F={SAMPLE_RATE},W=24,M=stereo,T={info.originator}\r\n", 10_000)
    fixed = struct.pack(
        "<256s32s32s10s8sIIH64s5h180x",
        _ascii(info.description, 256),
        _ascii(info.originator, 32),
        _ascii(info.reference, 32),
        date.encode("ascii"),
        time.encode("ascii"),
        reference & 0xFFFF_FFFF,
        reference >> 32,
        2,
        b"",
        _hundredths(info.loudness_lufs),
        _hundredths(info.loudness_range_lu),
        _hundredths(info.true_peak_dbtp),
        _hundredths(info.momentary_lufs),
        _hundredths(info.short_term_lufs),
    )
    return fixed + history


def _xml_text(text: str) -> str:
    """XML 1.0 has no way to write control characters and lone surrogates."""
    return "".join(c for c in text if c in "\t\n\r" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))


def _ixml(info: BwfInfo) -> bytes:
    reference = info.time_reference
    root = ElementTree.Element("BWFXML")

    def add(parent: ElementTree.Element, name: str, text: str) -> None:
        ElementTree.SubElement(parent, name).text = _xml_text(text)

    add(root, "IXML_VERSION", "1.61")
    add(root, "PROJECT", info.project)
    if info.note:
        add(root, "NOTE", info.note)
    speed = ElementTree.SubElement(root, "SPEED")
    fraction = f"{info.rate.num}/{info.rate.den}"
    for name, text in (
        ("MASTER_SPEED", fraction),
        ("CURRENT_SPEED", fraction),
        ("TIMECODE_RATE", fraction),
        ("TIMECODE_FLAG", "DF" if info.drop_frame else "NDF"),
        ("FILE_SAMPLE_RATE", str(SAMPLE_RATE)),
        ("AUDIO_BIT_DEPTH", "24"),
        ("DIGITIZER_SAMPLE_RATE", str(SAMPLE_RATE)),
        ("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", str(reference >> 32)),
        ("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", str(reference & 0xFFFF_FFFF)),
        ("TIMESTAMP_SAMPLE_RATE", str(SAMPLE_RATE)),
    ):
        add(speed, name, text)
    tracks = ElementTree.SubElement(root, "TRACK_LIST")
    add(tracks, "TRACK_COUNT", str(CHANNELS))
    for channel, name in enumerate(("L", "R"), start=1):
        track = ElementTree.SubElement(tracks, "TRACK")
        add(track, "CHANNEL_INDEX", str(channel))
        add(track, "INTERLEAVE_INDEX", str(channel))
        add(track, "NAME", name)
    out: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return out


def _cue_points(points: tuple[int, ...]) -> bytes:
    out = [struct.pack("<I", len(points))]
    out += [struct.pack("<II4sIII", i, at, b"data", 0, 0, at) for i, at in enumerate(points, start=1)]
    return b"".join(out)
