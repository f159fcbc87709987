"""Sound font files (SF2, and SF3 with its Ogg Vorbis samples): which samples sound for a key, and how.

Source: SoundFont Technical Specification 2.04 (E-mu, 2006), whose section numbers stand below; SF3 as written
by sf3convert, read by FluidSynth: ifil 3, sample type bit 0x10, start and end count bytes, loops count frames
of the sample. Modulators of the file are not read: the sampler has its own laws for velocity.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from ..errors import InputError

FloatArray = npt.NDArray[np.float32]

_BAG = np.dtype([("gen", "<u2"), ("mod", "<u2")])
_GENERATOR = np.dtype([("kind", "<u2"), ("amount", "<i2")])
_MODULATOR = np.dtype(
    [("source", "<u2"), ("to", "<u2"), ("amount", "<i2"), ("by", "<u2"), ("transform", "<u2")]
)

# The records of the pdta list, 7.2 to 7.10.
RECORDS: dict[str, np.dtype[np.void]] = {
    "phdr": np.dtype(
        [
            ("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"),
            ("library", "<u4"), ("genre", "<u4"), ("morphology", "<u4"),
        ]
    ),
    "pbag": _BAG,
    "pmod": _MODULATOR,
    "pgen": _GENERATOR,
    "inst": np.dtype([("name", "S20"), ("bag", "<u2")]),
    "ibag": _BAG,
    "imod": _MODULATOR,
    "igen": _GENERATOR,
    "shdr": np.dtype(
        [
            ("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"),
            ("rate", "<u4"), ("key", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2"),
        ]
    ),
}  # fmt: skip

VORBIS = 0x10

# Generators, 8.1.2. Only those that the sampler plays.
START, END, LOOP_START, LOOP_END = 0, 1, 2, 3
START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE = 4, 12, 45, 50
FILTER_HZ, FILTER_Q, MOD_ENV_TO_FILTER, MOD_LFO_TO_VOLUME = 8, 9, 11, 13
PAN = 17
MOD_LFO_DELAY, MOD_LFO_HZ = 21, 22
MOD_DELAY, MOD_ATTACK, MOD_HOLD, MOD_DECAY, MOD_SUSTAIN = 25, 26, 27, 28, 29
DELAY, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE = 33, 34, 35, 36, 37, 38
KEY_TO_HOLD, KEY_TO_DECAY = 39, 40
INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, FIXED_KEY, FIXED_VELOCITY = 41, 43, 44, 46, 47
ATTENUATION, COARSE_TUNE, FINE_TUNE, SAMPLE, LOOP_MODE, SCALE_TUNING = 48, 51, 52, 53, 54, 56
EXCLUSIVE_CLASS, ROOT_KEY = 57, 58

_DEFAULTS = dict.fromkeys(
    (MOD_LFO_DELAY, MOD_DELAY, MOD_ATTACK, MOD_HOLD, MOD_DECAY, DELAY, ATTACK, HOLD, DECAY, RELEASE), -12_000
) | {FILTER_HZ: 13_500, SCALE_TUNING: 100, ROOT_KEY: -1, FIXED_KEY: -1, FIXED_VELOCITY: -1}
# 8.5: these mean nothing in a preset's zones.
_NOT_IN_PRESETS = frozenset(
    (
        START, END, LOOP_START, LOOP_END, START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE,
        FIXED_KEY, FIXED_VELOCITY, LOOP_MODE, EXCLUSIVE_CLASS, ROOT_KEY, SAMPLE,
    )
)  # fmt: skip
_RANGES = (KEY_RANGE, VELOCITY_RANGE)
_ANY = (0, 127)
# More than any real font has: what a damaged or hostile one may make us do stays small.
_MOST_CHUNKS, _MOST_HEADERS, _MOST_ZONES = 1_000, 65_537, 20_000
# 7.10 counts frames in 32 bits; of one sample, this is twenty minutes.
_MOST_FRAMES = 1 << 26
# 7.2: no text of the INFO list is longer.
_MOST_TEXT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Wave:
    """Where a sample's sound lies, in frames from its first; it loops when `loop_end_exclusive` is not 0."""

    sample: int
    start: int
    end_exclusive: int
    loop_start: int
    loop_end_exclusive: int


@dataclass(frozen=True)
class Zone:
    """One sample of a preset and the generators it is played with, preset and instrument added up."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    wave: Wave
    rate: int
    root_key: int
    # Cents to add beside the key's own: coarse, fine and the sample's correction.
    tune_cents: int
    exclusive_class: int
    generators: dict[int, int]

    def value(self, kind: int) -> int:
        return self.generators.get(kind, _DEFAULTS.get(kind, 0))

    def seconds(self, kind: int) -> float:
        """A time generator. -12000 timecents are the specification's 'at once'."""
        cents = self.value(kind)
        return 0.0 if cents <= -12_000 else float(2.0 ** (min(cents, 8000) / 1200))

    def step(self, key: int) -> float:
        """Frames of the sample for one frame at 48 kHz."""
        cents = (key - self.root_key) * self.value(SCALE_TUNING) + self.tune_cents
        return float(2.0 ** (cents / 1200) * self.rate / 48_000)


class SoundFont:
    """An open sound font. Samples are decoded when they are first heard."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        except (OSError, ValueError) as error:
            raise InputError(f"the sound font '{path}' cannot be read ({error}): choose another") from error
        try:
            self._read()
        except (struct.error, KeyError, ValueError, IndexError) as error:
            raise self._broken(str(error)) from error
        self._zones: dict[tuple[int, int], tuple[Zone, ...]] = {}
        self._lengths: dict[int, int] = {}

    def _broken(self, why: str) -> InputError:
        return InputError(f"'{self.path.name}' is no usable sound font ({why}): take another SF2 or SF3 file")

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self._bytes.data).hexdigest()

    def _chunks(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        for count in itertools.count():
            if start + 8 > end:
                return
            if count == _MOST_CHUNKS:
                raise ValueError("it has too many parts")
            name, size = struct.unpack("<4sI", self._bytes[start : start + 8].tobytes())
            if start + 8 + size > end:
                raise ValueError(f"its part '{name.decode('latin-1')}' is cut off")
            yield name, start + 8, size
            start += 8 + size + size % 2

    def _read(self) -> None:
        data = self._bytes
        if data[:4].tobytes() != b"RIFF" or data[8:12].tobytes() != b"sfbk":
            raise ValueError("it does not begin like one")
        where: dict[str, tuple[int, int]] = {}
        for name, start, size in self._chunks(12, len(data)):
            if name == b"LIST":
                for inner, inner_start, inner_size in self._chunks(start + 4, start + size):
                    where[inner.decode("latin-1")] = (inner_start, inner_size)
        for name_ in ("smpl", *RECORDS):
            if name_ not in where:
                raise ValueError(f"its part '{name_}' is missing")
        self._smpl = where["smpl"]
        self.info = {
            name: data[start : start + min(size, _MOST_TEXT_BYTES)].tobytes().rstrip(b"\0").decode("latin-1")
            for name, (start, size) in where.items()
            if name in ("INAM", "ICOP", "IENG", "ICMT", "ISFT")
        }
        self.tables: dict[str, npt.NDArray[np.void]] = {}
        for name_, record in RECORDS.items():
            start, size = where[name_]
            if size % record.itemsize or not size:
                raise ValueError(f"its part '{name_}' has an odd size")
            self.tables[name_] = np.frombuffer(data[start : start + size].tobytes(), record)
        headers = self.tables["phdr"]
        if len(headers) > _MOST_HEADERS:
            raise ValueError("it has too many presets")
        self._presets = {
            (int(header["bank"]), int(header["program"])): index for index, header in enumerate(headers[:-1])
        }

    @property
    def presets(self) -> tuple[tuple[int, int], ...]:
        """The (bank, program) pairs of the file, sorted."""
        return tuple(sorted(self._presets))

    def zones(self, bank: int, program: int) -> tuple[Zone, ...]:
        """All zones of one preset. InputError when the font has no such preset or its tables are broken."""
        known = self._zones.get((bank, program))
        if known is None:
            if (bank, program) not in self._presets:
                raise InputError(
                    f"the sound font '{self.path.name}' has no preset {bank}:{program}: take one that has it"
                )
            try:
                zones = self._preset_zones(self._presets[bank, program])
                known = tuple(itertools.islice(zones, _MOST_ZONES + 1))
                if len(known) > _MOST_ZONES:
                    raise ValueError(f"preset {bank}:{program} has too many zones")
            except (IndexError, ValueError) as error:
                raise self._broken(str(error)) from error
            self._zones[bank, program] = known
        return known

    def _bags(self, header: str, bag: str, gen: str, index: int) -> Iterator[dict[int, int]]:
        first, last = (int(self.tables[header][at]["bag"]) for at in (index, index + 1))
        if first > last:
            raise ValueError("its tables run backwards")
        for at in range(first, last):
            start, end = (int(self.tables[bag][b]["gen"]) for b in (at, at + 1))
            if start > end:
                raise ValueError("its tables run backwards")
            yield {int(record["kind"]): int(record["amount"]) for record in self.tables[gen][start:end]}

    def _preset_zones(self, preset: int) -> Iterator[Zone]:
        general: dict[int, int] = {}
        for number, generators in enumerate(self._bags("phdr", "pbag", "pgen", preset)):
            if INSTRUMENT not in generators:
                # 7.3: only the first zone may lack an instrument; it is then the preset's global one.
                if number == 0:
                    general = generators
                continue
            merged = general | generators
            keys, velocities = _range(merged, KEY_RANGE), _range(merged, VELOCITY_RANGE)
            offsets = {
                kind: amount
                for kind, amount in merged.items()
                if kind not in _NOT_IN_PRESETS and kind not in _RANGES and kind != INSTRUMENT
            }
            for inner in self._instrument_zones(merged[INSTRUMENT] & 0xFFFF):
                both_keys = _common(keys, _range(inner, KEY_RANGE))
                both_velocities = _common(velocities, _range(inner, VELOCITY_RANGE))
                if both_keys and both_velocities:
                    summed = dict(inner)
                    for kind, amount in offsets.items():
                        summed[kind] = inner.get(kind, _DEFAULTS.get(kind, 0)) + amount
                    zone = self._zone(both_keys, both_velocities, summed)
                    if zone is not None:
                        yield zone

    def _instrument_zones(self, instrument: int) -> Iterator[dict[int, int]]:
        general: dict[int, int] = {}
        for number, generators in enumerate(self._bags("inst", "ibag", "igen", instrument)):
            if SAMPLE in generators:
                yield general | generators
            elif number == 0:
                general = generators

    def _zone(self, keys: tuple[int, int], velocities: tuple[int, int], gens: dict[int, int]) -> Zone | None:
        index = gens[SAMPLE] & 0xFFFF
        header = self.tables["shdr"][index]
        if int(header["type"]) & 0x8000 or int(header["rate"]) == 0:
            return None  # a ROM sample of a sound card: not in the file
        frames = self.frames(index)
        first = 0 if int(header["type"]) & VORBIS else int(header["start"])

        def moved(at: int, fine: int, coarse: int) -> int:
            return min(max(at + gens.get(fine, 0) + 32_768 * gens.get(coarse, 0), 0), frames)

        start, end = moved(0, START, START_COARSE), moved(frames, END, END_COARSE)
        loop = moved(int(header["loop_start"]) - first, LOOP_START, LOOP_START_COARSE)
        loop_end = moved(int(header["loop_end"]) - first, LOOP_END, LOOP_END_COARSE)
        if gens.get(LOOP_MODE, 0) & 1 == 0 or not start <= loop < loop_end <= end:
            loop = loop_end = 0
        root = gens.get(ROOT_KEY, -1)
        key = int(header["key"])
        return Zone(
            keys=keys,
            velocities=velocities,
            wave=Wave(index, start, end, loop, loop_end),
            rate=int(header["rate"]),
            root_key=root if 0 <= root <= 127 else (key if key <= 127 else 60),
            tune_cents=100 * gens.get(COARSE_TUNE, 0) + gens.get(FINE_TUNE, 0) + int(header["correction"]),
            exclusive_class=gens.get(EXCLUSIVE_CLASS, 0),
            generators=gens,
        )

    def _encoded(self, index: int) -> BinaryIO:
        header = self.tables["shdr"][index]
        start, size = self._smpl
        first, last = int(header["start"]), int(header["end"])
        if not first <= last <= size:
            raise ValueError(f"sample {index} lies outside the file")
        return io.BytesIO(self._bytes[start + first : start + last].tobytes())

    def frames(self, index: int) -> int:
        """Length of sample `index` as its header, or its stream, says. ValueError where it lies outside."""
        if index not in self._lengths:
            self._lengths[index] = self._count_frames(index)
        return self._lengths[index]

    def _count_frames(self, index: int) -> int:
        header = self.tables["shdr"][index]
        if int(header["type"]) & VORBIS:
            return _vorbis_frames(self._encoded(index).read())
        frames = int(header["end"]) - int(header["start"])
        if frames < 0 or 2 * int(header["end"]) > self._smpl[1]:
            raise ValueError(f"sample {index} lies outside the file")
        if frames > _MOST_FRAMES:
            raise ValueError(f"sample {index} is too long")
        return frames

    def open_sample(self, index: int) -> SampleReader:
        """The sound of sample `index`, to be read from its beginning."""
        header = self.tables["shdr"][index]
        if int(header["type"]) & VORBIS:
            try:
                return SampleReader(soundfile.SoundFile(self._encoded(index)), None, self)
            except (soundfile.LibsndfileError, ValueError) as error:
                raise self._broken(f"sample {index}: {error}") from error
        start = self._smpl[0] + 2 * int(header["start"])
        pcm = self._bytes[start : start + 2 * self.frames(index)].view("<i2")
        return SampleReader(None, pcm, self)


class SampleReader:
    """Reads one sample forwards, a part at a time."""

    def __init__(
        self, vorbis: soundfile.SoundFile | None, pcm: npt.NDArray[np.int16] | None, font: SoundFont
    ) -> None:
        self._vorbis = vorbis
        self._pcm = pcm
        self._font = font
        self._at = 0

    def read(self, frames: int) -> FloatArray:
        """The next `frames` frames, mono, full scale 1.0; fewer at the end. InputError for broken Vorbis."""
        if self._pcm is not None:
            part = self._pcm[self._at : self._at + frames]
            self._at += len(part)
            return part.astype(np.float32) * np.float32(1 / 32_768)
        assert self._vorbis is not None
        try:
            sound: FloatArray = self._vorbis.read(frames, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise InputError(
                f"a sample of '{self._font.path.name}' cannot be decoded ({error}): take another sound font"
            ) from error
        return sound if sound.ndim == 1 else sound[:, 0]


def _vorbis_frames(ogg: bytes) -> int:
    """Length of an Ogg Vorbis stream: the granule position of its last page (RFC 3533, section 6)."""
    last = ogg.rfind(b"OggS")
    if last < 0 or len(ogg) < last + 14:
        raise ValueError("a sample is no Ogg Vorbis")
    frames = int.from_bytes(ogg[last + 6 : last + 14], "little")
    if frames > _MOST_FRAMES:
        raise ValueError("a sample claims to be hours long")
    return frames


def _range(generators: dict[int, int], kind: int) -> tuple[int, int]:
    if kind not in generators:
        return _ANY
    packed = generators[kind] & 0xFFFF
    return packed & 0xFF, packed >> 8


def _common(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int] | None:
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return (low, high) if low <= high else None
