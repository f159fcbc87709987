"""Tiny SF2 files for tests, written record by record."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hitpoint.engine.sketch import soundfont as sf

Generators = Mapping[int, int]
TEST = {"INAM": "test"}
GUARD = 46


@dataclass(frozen=True)
class Sample:
    """`sound` is full scale 1.0; the loop counts frames of it."""

    sound: npt.NDArray[np.floating]
    rate: int = 48_000
    key: int = 60
    loop: tuple[int, int] = (0, 0)
    correction: int = 0
    type: int = 1


@dataclass(frozen=True)
class Preset:
    """One preset with one instrument."""

    zones: Sequence[Generators]
    bank: int = 0
    program: int = 0
    everywhere: Generators = field(default_factory=dict)
    preset_zones: Sequence[Generators] = ({},)
    preset_everywhere: Generators = field(default_factory=dict)
    name: str = "preset"


def span(low: int, high: int) -> int:
    """The amount of a range generator."""
    return low | high << 8


def write_sf2(
    path: Path, samples: Sequence[Sample], presets: Sequence[Preset], *, info: Mapping[str, str] = TEST
) -> Path:
    path.write_bytes(sf2_bytes(samples, presets, info=info))
    return path


def sf2_bytes(
    samples: Sequence[Sample], presets: Sequence[Preset], *, info: Mapping[str, str] = TEST
) -> bytes:
    sound = bytearray()
    shdr = b""
    for number, sample in enumerate(samples):
        start = len(sound) // 2
        sound += np.rint(np.clip(sample.sound, -1, 1) * 32_767).astype("<i2").tobytes() + bytes(2 * GUARD)
        loop = [start + at for at in sample.loop]
        shdr += struct.pack(
            "<20s5IBbHH",
            b"sample %d" % number,
            start,
            start + len(sample.sound),
            *loop,
            sample.rate,
            sample.key,
            sample.correction,
            0,
            sample.type,
        )
    shdr += struct.pack("<20s5IBbHH", b"EOS", *[0] * 5, 0, 0, 0, 0)

    phdr, pbag, pgen, inst, ibag, igen = b"", [0], b"", b"", [0], b""
    for number, preset in enumerate(presets):
        phdr += struct.pack(
            "<20sHHHIII", preset.name.encode(), preset.program, preset.bank, len(pbag) - 1, 0, 0, 0
        )
        zones = [preset.preset_everywhere] if preset.preset_everywhere else []
        for zone in [*zones, *({**z, sf.INSTRUMENT: number} for z in preset.preset_zones)]:
            pgen += _gens(zone, sf.INSTRUMENT)
            pbag.append(len(pgen) // 4)
        inst += struct.pack("<20sH", b"instrument", len(ibag) - 1)
        for zone in [*([preset.everywhere] if preset.everywhere else []), *preset.zones]:
            igen += _gens(zone, sf.SAMPLE)
            ibag.append(len(igen) // 4)
    phdr += struct.pack("<20sHHHIII", b"EOP", 0, 0, len(pbag) - 1, 0, 0, 0)
    inst += struct.pack("<20sH", b"EOI", len(ibag) - 1)

    texts = [_chunk(key.encode(), text.encode("latin-1") + b"\0\0") for key, text in info.items()]
    told = _list(b"INFO", _chunk(b"ifil", struct.pack("<HH", 2, 1)), *texts)
    pdta = _list(
        b"pdta",
        _chunk(b"phdr", phdr),
        _chunk(b"pbag", b"".join(struct.pack("<HH", at, 0) for at in pbag)),
        _chunk(b"pmod", bytes(10)),
        _chunk(b"pgen", pgen + bytes(4)),
        _chunk(b"inst", inst),
        _chunk(b"ibag", b"".join(struct.pack("<HH", at, 0) for at in ibag)),
        _chunk(b"imod", bytes(10)),
        _chunk(b"igen", igen + bytes(4)),
        _chunk(b"shdr", shdr),
    )
    return _chunk(b"RIFF", b"sfbk" + told + _list(b"sdta", _chunk(b"smpl", bytes(sound))) + pdta)


def _gens(zone: Generators, last: int) -> bytes:
    """Ranges come first and the link last, as the format wants."""
    order = sorted(zone, key=lambda kind: (kind == last, kind not in (sf.KEY_RANGE, sf.VELOCITY_RANGE), kind))
    return b"".join(struct.pack("<HH", kind, zone[kind] & 0xFFFF) for kind in order)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))


def impulse(length: int = 64) -> Sample:
    """One frame of 1.0, then silence."""
    sound = np.zeros(length)
    sound[0] = 1.0
    return Sample(sound)


def sine(periods: int = 40, period: int = 100, level: float = 0.5) -> Sample:
    """A looped sine of `period` frames at 48 kHz: 480 Hz for 100; its key is 60."""
    t = np.arange(periods * period + 8)
    return Sample(level * np.sin(2 * np.pi * t / period), loop=(period, periods * period))


def saw(periods: int = 40, period: int = 200, level: float = 0.5) -> Sample:
    """A looped band-limited saw, 240 Hz for period 200."""
    t = np.arange(periods * period + 8)
    sound = sum(np.sin(2 * np.pi * n * t / period) / n for n in range(1, period // 2))
    return Sample(level * np.asarray(sound) / 2, loop=(period, periods * period))
