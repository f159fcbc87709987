"""What finished music is like: tempo, key, loudness over time, spectrum, whether drums and bass play.

From the sound alone, with numpy and scipy. Beats are `fit.beats`'; the key is that of Krumhansl and Kessler's
profiles (Psychological Review 89, 1982), helped by the chord on which the music ends. Thresholds were set on
the built-in composer's own music in all styles, noise, and speech. Each finding says how sure it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal
import soxr

from ..evaluate.gates.bands import OCTAVES_HZ, spectra
from ..evaluate.gates.pitches import MAJOR, MINOR, of_sound, unit_rows
from ..fit.beats import find_beats
from ..timebase import SAMPLE_RATE
from .loudness import Energies, KWeighting
from .onset import onset_curve, onset_peaks
from .voice import RATE, VoiceMeter

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Present = Literal["yes", "no", "unclear"]

# Tempo, key and spectrum are heard in this much from the first sound on; loudness in all of it.
_LISTEN = 180 * SAMPLE_RATE
_SHORTEST_S = 4.0
# Points of a loudness curve: one a second within these; and the length over which loudness is felt.
_FEWEST_POINTS, _MOST_POINTS = 200, 2_000
_FELT_HOPS = 20  # of 100 ms
# What lies this far below the loudest is silence: the curve says nothing there.
_FLOOR_DB = -40.0
_SILENT_LUFS_POWER = 10 ** ((-70.0 + 0.691) / 10)
# Energy of a curve: its mean by onsets a second, and this many decibels from bottom to top.
_CALM_RATE, _BUSY_RATE = 1.0, 5.0
_MEAN_ENERGY = (0.3, 0.7)
_SPAN_DB = 20.0
# Beats between which tempo is measured, and the confidence from which there is one.
_TEMPO_BEATS = 8
_PULSE = 0.3
# The strongest hundredth of onset strength over its mean: noise has 1.5, soft pads 1.6, played notes 3 to 9.
_PLAYED = 2.0
# The last chord is the tonic's, more often than not: what that is worth beside the whole. It may be short.
_ENDINGS_S = (1, 2)
_ENDING_WEIGHT = 0.5
_ENDING_DB = -30.0
# Music this loud to its last moment, beside its mean, was broken off: its first chord is asked, and the key
# is half as sure.
_ENDED_DB = -9.0
_OPENING_S = 2
_OPENING_WEIGHT = 0.3
_BROKEN_OFF = 0.5
_TENTH = SAMPLE_RATE // 10
# A key is sure when it leads the next best by this.
_SURE_LEAD = 0.15
# Mean power of a half octave's bins over their median: noise has 1.4, tones several.
_TONAL = 2.5
_TONAL_HZ = (80.0, 1_600.0)
_WINDOW, _DOWN = 8_192, 4
# Sound without a pulse that is surely speech for this share of its time is no music.
_VOICE, _SPOKEN = 0.88, 0.5
# Octaves' centre, weighed by amplitude, from the darkest to the brightest music.
_DARK_HZ, _BRIGHT_HZ = 220.0, 660.0
# Cymbals and snares: level above 5 kHz, and leaps of it by 5 dB within 10 ms, a second.
_SPARKLE_HZ = 5_000.0
_LEAP_DB = 5.0
_DRUMS_DB, _DRUMS_RATE = -27.0, 1.0
_NO_DRUMS_DB, _NO_DRUMS_RATE = -34.0, 0.7
_LOW_HZ = (30.0, 120.0)
_BASS_DB, _NO_BASS_DB = -10.0, -16.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found; None and empty where nothing could be.

    seconds     of sound
    music       "yes", or why not
    bpm, bpm_sure     beats a minute, and 0..1
    tonic, minor, key_sure    pitch class, C is 0; 0..1
    curves      for every part of the sound, energies 0..1 at even steps; None in its silences
    range_db    between its soft and loud tenth
    octaves_db  level of the octaves of OCTAVES_HZ beside the whole
    brightness  0 dark, 1 bright
    low_db      level of the lowest two octaves beside the whole
    """

    seconds: float
    music: Literal["yes", "silent", "short", "noise", "speech"]
    bpm: float | None = None
    bpm_sure: float = 0.0
    tonic: int | None = None
    minor: bool = False
    key_sure: float = 0.0
    curves: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    range_db: float = 0.0
    octaves_db: tuple[float, ...] = ()
    brightness: float = 0.5
    low_db: float = 0.0
    drums: Present = "unclear"
    bass: Present = "unclear"


def hear(parts: Mapping[str, Iterable[Floats]]) -> Heard:
    """Listen to some stretches of one music, blocks of float32 [n, 2] at 48 kHz for each name, in order.

    Memory: some 400 MB for the first three minutes, and 40 bytes for every further 100 ms.
    """
    hops: dict[str, Doubles] = {}
    kept: list[Floats] = []
    length = total = 0
    for name, blocks in parts.items():
        weighting, energies = KWeighting(), Energies()
        for block in blocks:
            energies.feed(weighting.squares(block))
            total += len(block)
            if length < _LISTEN and (length or block.any()):
                mono = ((block[:, 0] + block[:, 1]) * np.float32(0.5))[: _LISTEN - length]
                kept.append(np.nan_to_num(mono))
                length += len(mono)
        hops[name] = np.nan_to_num(energies.hops()) / _TENTH
    seconds = round(total / SAMPLE_RATE, 3)
    sound = np.concatenate(kept) if kept else np.zeros(0, np.float32)
    # What is heard first may be silent where all is not.
    if not any((power >= _SILENT_LUFS_POWER).any() for power in hops.values()) or not sound.any():
        return Heard(seconds, "silent")
    if seconds < _SHORTEST_S:
        return Heard(seconds, "short")
    return _of_music(sound, hops, seconds)


def _of_music(sound: Floats, hops: Mapping[str, Doubles], seconds: float) -> Heard:
    stereo = np.repeat(sound[:, None], 2, axis=1)
    curve = onset_curve(sound[:, None])
    found = find_beats(curve)
    notes = float(np.percentile(curve.strength, 99)) >= _PLAYED * float(curve.strength.mean())
    bpm = _bpm(found.beats) if notes and found.confidence >= _PULSE else None
    tonal = _tonality(sound) >= _TONAL
    if bpm is None and not tonal:
        return Heard(seconds, "noise")
    if bpm is None and _spoken(sound) > _SPOKEN:
        return Heard(seconds, "speech")
    tonic, minor, key_sure = _key(stereo) if tonal else (None, False, 0.0)
    index, _ = onset_peaks(curve.strength)
    strong = curve.strength[index] > curve.strength.mean() + curve.strength.std()
    rate = int(strong.sum()) / (len(sound) / SAMPLE_RATE)
    curves, range_db = _curves(hops, rate)
    octaves = _octaves(stereo)
    weights = np.sqrt(octaves)
    centre = float((np.log2(OCTAVES_HZ) * weights).sum() / weights.sum())
    bright = (centre - np.log2(_DARK_HZ)) / np.log2(_BRIGHT_HZ / _DARK_HZ)
    low_db, drums = _low_db(sound), _drums(sound)
    return Heard(
        seconds=seconds,
        music="yes",
        bpm=None if bpm is None else round(bpm, 2),
        bpm_sure=round(found.confidence, 2) if bpm is not None else 0.0,
        tonic=tonic,
        minor=minor,
        key_sure=round(key_sure, 2),
        curves=curves,
        range_db=round(range_db, 1),
        octaves_db=tuple(round(_db(power / octaves.sum()), 1) for power in octaves),
        brightness=round(float(np.clip(bright, 0, 1)), 2),
        low_db=round(low_db, 1),
        drums=drums,
        bass="yes" if low_db >= _BASS_DB else "no" if low_db <= _NO_BASS_DB else "unclear",
    )


def _spoken(sound: Floats) -> float:
    """Share of the time in which somebody speaks."""
    voice = VoiceMeter()
    voice.feed(soxr.resample(sound, SAMPLE_RATE, RATE, quality="MQ"))
    probability = voice.probability()
    return float((probability > _VOICE).mean()) if len(probability) else 0.0


def _bpm(beats: npt.NDArray[np.int64]) -> float | None:
    """From the median of stretches of several beats: one beat is measured to 10 ms only."""
    if len(beats) <= _TEMPO_BEATS:
        return None
    stretches = beats[_TEMPO_BEATS:] - beats[:-_TEMPO_BEATS]
    return 60 * SAMPLE_RATE * _TEMPO_BEATS / float(np.median(stretches))


def _key(stereo: Floats) -> tuple[int, bool, float]:
    """(tonic, minor, how sure)."""
    whole = len(stereo) // _TENTH * _TENTH
    level = np.square(stereo[:whole, 0].reshape(-1, _TENTH)).mean(axis=1)
    heard = np.flatnonzero(level > level.max(initial=0.0) * 10 ** (_ENDING_DB / 10)) * _TENTH
    first, last = (int(heard[0]), int(heard[-1]) + _TENTH) if len(heard) else (0, whole)
    second = SAMPLE_RATE
    if level[-3:].mean() < level.mean() * 10 ** (_ENDED_DB / 10):
        weight, sure = _ENDING_WEIGHT, 1.0
        stretches = [(max(0, last - seconds * second), last) for seconds in _ENDINGS_S]
    else:
        weight, sure = _OPENING_WEIGHT, _BROKEN_OFF
        stretches = [(first, min(whole, first + _OPENING_S * second))]
    fits = (unit_rows(of_sound(stereo, (first, last))) @ _all_keys(MAJOR, MINOR).T)[0]
    triads = _all_keys((1, 0, 0, 0, 0.8, 0, 0, 0.8, 0, 0, 0, 0), (1, 0, 0, 0.8, 0, 0, 0, 0.8, 0, 0, 0, 0))
    for stretch in stretches:
        fits += weight / len(stretches) * (unit_rows(of_sound(stereo, stretch)) @ triads.T)[0]
    order = np.argsort(-fits, kind="stable")
    lead = float(fits[order[0]] - fits[order[1]])
    return int(order[0]) % 12, bool(order[0] >= 12), sure * min(1.0, lead / _SURE_LEAD)


def _all_keys(major: tuple[float, ...], minor: tuple[float, ...]) -> Doubles:
    """Both rows on all pitch classes, of mean 0 and length 1: 12 major ones, then 12 minor ones, [24, 12]."""
    return unit_rows(np.array([np.roll(row, tonic) for row in (major, minor) for tonic in range(12)], float))


def _tonality(sound: Floats) -> float:
    """How far partials stand out of what lies around them: mean over the loud half of the sound."""
    narrow = scipy.signal.resample_poly(sound, 1, _DOWN)
    if len(narrow) < _WINDOW:
        narrow = np.pad(narrow, (0, _WINDOW - len(narrow)))
    frames = np.lib.stride_tricks.sliding_window_view(narrow, _WINDOW)[:: _WINDOW // 2]
    loudness = np.square(frames).mean(axis=1)
    frames = frames[loudness >= max(float(np.median(loudness)), 1e-12)]
    if not len(frames):
        return 0.0
    power = np.square(np.abs(scipy.fft.rfft(frames * scipy.signal.get_window("hann", _WINDOW), axis=1)))
    hertz = np.fft.rfftfreq(_WINDOW, _DOWN / SAMPLE_RATE)
    edges = _TONAL_HZ[0] * 2 ** np.arange(0, np.log2(_TONAL_HZ[1] / _TONAL_HZ[0]) + 0.01, 0.5)
    ratios = []
    for low, high in pairwise(edges):
        band = power[:, (hertz >= low) & (hertz < high)]
        ratios.append(band.mean(axis=1) / np.maximum(np.median(band, axis=1), 1e-20))
    # The most tonal half octaves decide: drums may fill the others.
    return float(np.median(np.sort(np.array(ratios), axis=0)[-3:].mean(axis=0)))


def _curves(hops: Mapping[str, Doubles], rate: float) -> tuple[dict[str, tuple[float | None, ...]], float]:
    """Energy over time, and the range of loudness it comes from."""
    felt = {name: _felt_db(power) for name, power in hops.items() if len(power)}
    everything = np.concatenate(list(felt.values()))
    top = float(everything.max())
    sounding = everything[everything > top + _FLOOR_DB]
    soft, loud = np.percentile(sounding, (10, 90))
    low, high = _MEAN_ENERGY
    busy = min(1.0, max(0.0, (rate - _CALM_RATE) / (_BUSY_RATE - _CALM_RATE)))
    middle, mean = float(sounding.mean()), low + (high - low) * busy
    curves: dict[str, tuple[float | None, ...]] = {}
    for name, loudness in felt.items():
        energy = np.clip(mean + (loudness - middle) / _SPAN_DB, 0, 1)
        energy[loudness <= top + _FLOOR_DB] = np.nan
        count = min(_MOST_POINTS, max(_FEWEST_POINTS, len(energy) // 10))
        places = (np.arange(count) + 0.5) * len(energy) / count - 0.5
        points = np.interp(places, np.arange(len(energy)), energy)
        curves[name] = tuple(None if np.isnan(point) else round(float(point), 3) for point in points)
    return curves, float(loud - soft)


def _felt_db(power: Doubles) -> Doubles:
    width = min(_FELT_HOPS, len(power))
    padded = np.pad(power, (width // 2, width - 1 - width // 2), mode="edge")
    means = np.convolve(padded, np.ones(width) / width, "valid")
    return np.asarray(10 * np.log10(np.maximum(means, 1e-12)))


def _octaves(stereo: Floats) -> Doubles:
    """Power of the octaves of OCTAVES_HZ."""
    mean = spectra(stereo)
    return np.array([mean.octave(middle)[0] for middle in OCTAVES_HZ])


def _drums(sound: Floats) -> Present:
    """By the upper register alone: a drum without snare and cymbals is unclear."""
    power = _band_power(sound, (_SPARKLE_HZ,), "highpass")
    whole = float(np.square(sound, dtype=np.float64).mean())
    level = _db(float(power.mean()) / whole)
    leaps = np.diff(10 * np.log10(power + 1e-6 * whole)) > _LEAP_DB
    rate = int(leaps.sum()) / (len(sound) / SAMPLE_RATE)
    if level >= _DRUMS_DB and rate >= _DRUMS_RATE:
        return "yes"
    return "no" if level <= _NO_DRUMS_DB and rate < _NO_DRUMS_RATE else "unclear"


def _low_db(sound: Floats) -> float:
    power = float(_band_power(sound, _LOW_HZ, "bandpass").mean())
    return _db(power / float(np.square(sound, dtype=np.float64).mean()))


def _band_power(sound: Floats, edges: tuple[float, ...], kind: str) -> Doubles:
    """Mean square of a band in every 10 ms."""
    band = scipy.signal.butter(4, edges if len(edges) > 1 else edges[0], kind, fs=SAMPLE_RATE, output="sos")
    steps = len(sound) // 480
    filtered = scipy.signal.sosfilt(band, sound)[: steps * 480]
    return np.asarray(np.square(filtered, out=filtered).reshape(steps, 480).mean(axis=1), np.float64)


def _db(ratio: float) -> float:
    return float(10 * np.log10(max(ratio, 1e-12)))
