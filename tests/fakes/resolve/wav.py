"""What a WAV file says of itself, read without help: the `wave` module of older Pythons knows no 24-bit
extensible files."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class Wav:
    """`code` 1 whole numbers, 3 floats; `time_reference` samples from midnight (EBU Tech 3285)."""

    code: int
    channels: int
    sample_rate: int
    bits: int
    data_at: int
    samples: int
    time_reference: int


def read_wav(path: Path) -> Wav | None:
    """None for what is no WAV file."""
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except (OSError, struct.error):
        return None


def _read(file: BinaryIO, size: int) -> Wav | None:
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return None
    code = channels = sample_rate = bits = reference = 0
    at = 12
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        body = at + 8
        if name == b"fmt ":
            data = file.read(length)
            code, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", data)
            if code == 0xFFFE:
                code = struct.unpack_from("<H", data, 24)[0]
        elif name == b"bext":
            low, high = struct.unpack_from("<II", file.read(346), 338)
            reference = low | high << 32
        elif name == b"data":
            if not channels:
                return None
            held = min(length, size - body) // (channels * bits // 8)
            return Wav(code, channels, sample_rate, bits, body, held, reference)
        at = body + length + (length & 1)
    return None
