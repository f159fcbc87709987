"""Which tones a mix is made of, whether its melody is heard through it, and whether its peaks have room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal

from ...audio.loudness import LevelMeter
from ...timebase import SAMPLE_RATE
from .bands import OCTAVES_HZ, level_db, spectra
from .piece import Piece, Sound
from .verdict import Verdict

Doubles = npt.NDArray[np.float64]

# The melody is this far over the rest, in the critical bands that it lives in, in so many of its notes.
MELODY_DB = -3.0
LEAST_HEARD = 0.80
# More than this and a stem that is played alone is heard to pump with what is silent.
MOST_LIMITED_DB = 2.0
LEAST_PEAK_LU = 10.0
MELODY = "melody"


@dataclass(frozen=True, slots=True)
class Corridor:
    """Levels of the octaves of OCTAVES_HZ in dB, over the mean of those from 250 Hz to 2 kHz, and how far a
    mix may lie from each.
    """

    middle_db: tuple[float, ...]
    width_db: tuple[float, ...] = (8.0, 7.0, 6.0, 6.0, 6.0, 6.0, 7.0, 9.0)


# Recordings of bands fall by about 5 dB an octave of density (2 dB an octave of level) from 100 Hz to 4 kHz,
# faster above, and little lies under 60 Hz (Pestana, Ma, Reiss, Barbosa and Black, "Spectral characteristics
# of popular commercial recordings 1950-2010", AES 135, 2013).
BAND = Corridor((4.0, 5.0, 3.0, 1.0, -1.0, -3.0, -6.0, -10.0))
# Orchestras fall faster from 2 kHz on.
ORCHESTRA = Corridor((2.0, 4.0, 3.0, 1.0, -2.0, -3.0, -9.0, -15.0))
# A few players: no bass to speak of, and above 4 kHz nothing but attacks.
FEW = Corridor((0.0, 3.0, 3.0, 2.0, -2.0, -4.0, -11.0, -19.0))
# Who only holds has no attacks either: a section of strings or voices that holds a chord, as recorded for the
# sound font, lies at -5 to -9 dB at 2 kHz, -13 to -16 at 4 kHz and -33 to -37 at 8 kHz; a synthesiser's pad
# another 10 dB lower.
HELD = Corridor((0.0, 3.0, 3.0, 2.0, -2.0, -8.0, -17.0, -34.0), (8.0, 7.0, 6.0, 6.0, 6.0, 7.0, 8.0, 10.0))
CORRIDORS: Mapping[str, Corridor] = {
    "corporate": BAND,
    "electronic": BAND,
    "rock": BAND,
    "trailer": BAND,
    "cinematic": ORCHESTRA,
    "comedy": ORCHESTRA,
    "tension": ORCHESTRA,
    "ambient": HELD,
    "documentary": FEW,
    "folk": FEW,
    "guofeng": FEW,
    "piano": FEW,
}
# Octaves that the others are measured against.
_MIDDLE = slice(2, 6)
# Edges of the critical bands in Hz (Zwicker 1961).
_BARK_HZ = (
    0, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400,
    5300, 6400, 7700, 9500, 12_000, 15_500,
)  # fmt: skip
# A note lives in the fewest bands that hold so much of its energy.
_ESSENCE = 0.9
# It is heard or not in its beginning: this much of it is judged.
_SHORTEST_S, _LONGEST_S = 0.08, 0.4


def balance(piece: Piece, limited_db: float | None = None) -> tuple[Verdict, ...]:
    """Octave bands, melody, limiter and peaks, all without the handles.

    `limited_db` is how far the limiter went (`Finished.limited_db`); None where nobody knows, and for a style
    without a corridor, a piece without melody notes, or silence, that number does not apply. How far an
    octave lies outside the corridor is below 0 while all are inside: it is then the smallest room left.
    """
    mix = piece.inside(piece.mix)
    corridor = CORRIDORS.get(piece.style)
    return (
        Verdict("balance", "octave outside the corridor", _outside_db(mix, corridor), None, 0.0, "dB"),
        Verdict("balance", "melody heard", _heard(piece), LEAST_HEARD, None, "of notes"),
        Verdict("balance", "limiter", limited_db, None, MOST_LIMITED_DB, "dB"),
        Verdict("balance", "peak over loudness", _peak_lu(mix), LEAST_PEAK_LU, None, "dB"),
    )


def octaves_db(sound: Sound) -> Doubles | None:
    """Levels of the octaves of OCTAVES_HZ as a Corridor counts them, float64 [8]; None for silence.

    `sound` is float32 [n, 2] at 48 kHz.
    """
    mean = spectra(sound)
    powers = [sum(mean.octave(middle)[:2]) for middle in OCTAVES_HZ]
    if max(powers) <= 1e-12:
        return None
    levels = np.array([level_db(power) for power in powers])
    return np.asarray(levels - levels[_MIDDLE].mean())


def _outside_db(mix: Sound, corridor: Corridor | None) -> float | None:
    levels = octaves_db(mix)
    if levels is None or corridor is None:
        return None
    return float((np.abs(levels - corridor.middle_db) - corridor.width_db).max())


def _heard(piece: Piece) -> float | None:
    """Share of the melody's notes that are heard; those that begin together count as one."""
    if MELODY not in piece.stems:
        return None
    starts: dict[int, int] = {}
    for note in piece.notes:
        if note.stem == MELODY:
            starts[note.start_sample] = max(note.samples, starts.get(note.start_sample, 0))
    melody = piece.stems[MELODY]
    rest_of_mix = piece.mix - melody
    heard = []
    for start, samples in sorted(starts.items()):
        at = start + piece.handles[0]
        length = min(max(samples, round(_SHORTEST_S * SAMPLE_RATE)), round(_LONGEST_S * SAMPLE_RATE))
        if at < 0 or at + length > len(melody):
            continue
        own, rest = _bands(melody[at : at + length]), _bands(rest_of_mix[at : at + length])
        if own.any():
            heard.append(_over_rest_db(own, rest) >= MELODY_DB)
    return float(np.mean(heard)) if heard else None


def _over_rest_db(own: Doubles, rest: Doubles) -> float:
    order = np.argsort(-own, kind="stable")
    count = 1 + int(np.searchsorted(np.cumsum(own[order]), _ESSENCE * float(own.sum())))
    lives = order[:count]
    return level_db(float(own[lives].sum())) - level_db(float(rest[lives].sum()))


def _bands(part: Sound) -> Doubles:
    """Power in each critical band, float64 [24]."""
    window = scipy.signal.get_window("hann", len(part))
    power = (np.abs(scipy.fft.rfft(part.astype(np.float64) * window[:, None], axis=0)) ** 2).sum(axis=1)
    hertz = scipy.fft.rfftfreq(len(part), 1 / SAMPLE_RATE)
    sums = np.histogram(hertz, bins=np.array(_BARK_HZ, np.float64), weights=power)[0]
    return np.asarray(sums / len(part) ** 2)


def _peak_lu(mix: Sound) -> float | None:
    meter = LevelMeter()
    meter.feed(mix)
    level = meter.level()
    if level.lufs is None or level.true_peak_dbtp is None:
        return None
    return level.true_peak_dbtp - level.lufs
