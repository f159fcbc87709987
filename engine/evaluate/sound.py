"""How much of a sound a codec keeps: harmony, sharpness of its lines, onsets, colour. No network judges.

All take mono float [n] at one sample rate. Mel distance alone does not see smeared pitch, and onsets do not
either; chroma, semitones and tonal contrast do, so a codec is chosen by all five.
"""

from __future__ import annotations

from functools import cache

import librosa
import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse

from ..audio.onset import mel_filters
from ..errors import InputError

Sound = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float64]

TOLERANCE_S = 0.04
# A window of about a quarter of a second tells semitones apart from C3 on.
_WINDOW_S = 0.256
_HOP_S = 0.02
# C2 to C8; contrast is taken where lines of one semitone are apart, from C3 on.
_LOWEST_HZ = 440 * 2 ** ((36 - 69) / 12)
_OCTAVES = 6
_FIRST_SHARP_OCTAVE = 1
_PER_SEMITONE = 2
# Levels below this under a sound's loudest band count as this: nobody hears them beside it.
_DYNAMIC_DB = 60.0
_CONTRAST_DYNAMIC_DB = 80.0
# A frame this far below the loudest is silence, and has no harmony.
_SILENT_DB = 50.0
_MEL_BANDS = 128
_MEL_WINDOW = 2048
_ONSET_HOP_S = 0.01
# Of an octave's bands: its lines and the gaps between them.
_SHARE = 0.2


def chroma_corr(reference: Sound, other: Sound, sample_rate: int) -> float:
    """Correlation of pitch classes: Pearson over all (moment, class) pairs, -1..1.

    A moment is 20 ms of a 256 ms spectrum; its 12 values are amplitudes summed over octaves, their mean taken
    off and scaled to length 1 in either sound. Moments in which the reference is silent are left out; nan
    when all are. InputError for sounds that cannot be compared.
    """
    reference, other = _pair(reference, other)
    heard = _heard(reference, sample_rate)
    sides = []
    for sound in (reference, other):
        semitones = np.sqrt(_bands(sound, sample_rate, 1))
        classes = semitones.reshape(len(semitones), _OCTAVES, 12).sum(axis=1)[heard]
        classes -= classes.mean(axis=1, keepdims=True)
        sides.append(classes / np.maximum(np.linalg.norm(classes, axis=1, keepdims=True), 1e-9))
    return _pearson(*sides)


def semitone_corr(reference: Sound, other: Sound, sample_rate: int) -> float:
    """Correlation of levels of the 72 semitones C2 to C8: Pearson over all (moment, semitone) pairs, -1..1.

    Levels are dB of the energy, floored 60 dB below each sound's loudest; each semitone's mean over time is
    taken off, so that a common timbre scores nothing. Silent moments as in `chroma_corr`.
    """
    reference, other = _pair(reference, other)
    heard = _heard(reference, sample_rate)
    sides = []
    for sound in (reference, other):
        levels = _levels(_bands(sound, sample_rate, 1), _DYNAMIC_DB)[heard]
        sides.append(levels - levels.mean(axis=0, keepdims=True))
    return _pearson(*sides)


def tonal_contrast_db(sound: Sound, sample_rate: int) -> float:
    """How far the lines of a spectrum stand above the gaps between them, in dB.

    In half-semitone bands, the mean of the loudest fifth of every octave from C3 to C8 less that of its
    softest fifth, over octaves and the moments that are not silent. White noise has 6 dB. nan for silence.
    """
    sound = _mono(sound)
    heard = _heard(sound, sample_rate)
    if not heard.any():
        return float("nan")
    levels = _levels(_bands(sound, sample_rate, _PER_SEMITONE), _CONTRAST_DYNAMIC_DB)[heard]
    octaves = levels.reshape(len(levels), _OCTAVES, 12 * _PER_SEMITONE)[:, _FIRST_SHARP_OCTAVE:]
    ordered = np.sort(octaves, axis=2)
    count = round(_SHARE * ordered.shape[2])
    return float((ordered[:, :, -count:].mean(axis=2) - ordered[:, :, :count].mean(axis=2)).mean())


def onset_f(reference: Sound, other: Sound, sample_rate: int, tolerance_s: float = TOLERANCE_S) -> float:
    """F-measure of onsets matched one to one within `tolerance_s`; librosa's onsets on a 10 ms grid.

    1 when neither has any, 0 when one has none.
    """
    reference, other = _pair(reference, other)
    first, second = onsets_s(reference, sample_rate), onsets_s(other, sample_rate)
    if not len(first) and not len(second):
        return 1.0
    return 2 * _matched(first, second, tolerance_s) / (len(first) + len(second))


def log_mel_l1_db(reference: Sound, other: Sound, sample_rate: int) -> float:
    """Mean absolute difference of 128 log-mel bands (window 2048, hop 10 ms), in dB.

    Both are floored 80 dB below the reference's loudest band. Gain counts: the sounds are not levelled.
    """
    reference, other = _pair(reference, other)
    hop = round(_ONSET_HOP_S * sample_rate)
    filters = mel_filters(sample_rate, _MEL_WINDOW, _MEL_BANDS)
    first, second = ((filters @ _power(sound, _MEL_WINDOW, hop).T).T for sound in (reference, other))
    floor = max(float(first.max(initial=0.0)) * 1e-8, 1e-12)
    levels = [10 * np.log10(np.maximum(side, floor)) for side in (first, second)]
    return float(np.abs(levels[0] - levels[1]).mean())


def onsets_s(sound: Sound, sample_rate: int) -> Floats:
    """Seconds at which sounds begin, rising, on a 10 ms grid."""
    hop = round(_ONSET_HOP_S * sample_rate)
    strength = librosa.onset.onset_strength(y=_mono(sound), sr=sample_rate, hop_length=hop, n_fft=_MEL_WINDOW)
    if not strength.any():
        return np.zeros(0)
    found = librosa.onset.onset_detect(onset_envelope=strength, sr=sample_rate, hop_length=hop, units="time")
    return np.asarray(found, np.float64)


def _matched(first: Floats, second: Floats, tolerance_s: float) -> int:
    """The largest one-to-one matching of two rising lists: in order, each takes the earliest it can."""
    i = j = count = 0
    while i < len(first) and j < len(second):
        away = second[j] - first[i]
        # A grid of 10 ms: rounding must not decide.
        if abs(away) <= tolerance_s + 1e-6:
            i, j, count = i + 1, j + 1, count + 1
        elif away < 0:
            j += 1
        else:
            i += 1
    return count


def _mono(sound: Sound) -> npt.NDArray[np.float32]:
    if sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
        raise InputError(
            f"sound of shape {sound.shape} cannot be judged: give mono samples, all of them numbers"
        )
    return sound.astype(np.float32, copy=False)


def _pair(reference: Sound, other: Sound) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if reference.shape != other.shape:
        raise InputError(
            f"sounds of {reference.shape} and {other.shape} samples cannot be compared: cut to one length"
        )
    return _mono(reference), _mono(other)


def _power(sound: npt.NDArray[np.float32], window: int, hop: int) -> Floats:
    """Power spectra, [1 + n // hop, window // 2 + 1]; moment i is centred on sample i * hop."""
    padded = np.pad(sound, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    hann = np.hanning(window + 1)[:-1].astype(np.float32)
    spectra = scipy.fft.rfft(frames * hann, axis=1)
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag), np.float64)


@cache
def _log_filters(sample_rate: int, window: int, per_semitone: int) -> scipy.sparse.csr_array:
    """Triangles around every semitone or part of one, at least one bin wide, of equal area."""
    count = 12 * per_semitone * _OCTAVES
    step = 1 / (12 * per_semitone)
    centres = _LOWEST_HZ * 2 ** (np.arange(count) * step)
    bins = np.arange(window // 2 + 1) * sample_rate / window
    half = np.maximum(centres * (2**step - 1), sample_rate / window)
    filters = np.maximum(0, 1 - np.abs(bins - centres[:, None]) / half[:, None])
    return scipy.sparse.csr_array(filters / np.maximum(filters.sum(axis=1, keepdims=True), 1e-12))


def _bands(sound: npt.NDArray[np.float32], sample_rate: int, per_semitone: int) -> Floats:
    window = 2 * round(_WINDOW_S * sample_rate / 2)
    power = _power(sound, window, round(_HOP_S * sample_rate))
    return np.asarray((_log_filters(sample_rate, window, per_semitone) @ power.T).T)


def _levels(bands: Floats, dynamic_db: float) -> Floats:
    floor = max(float(bands.max(initial=0.0)) * 10 ** (-dynamic_db / 10), 1e-20)
    return np.asarray(10 * np.log10(np.maximum(bands, floor)))


def _heard(sound: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.bool_]:
    total = _bands(sound, sample_rate, 1).sum(axis=1)
    return np.asarray(total > max(float(total.max(initial=0.0)) * 10 ** (-_SILENT_DB / 10), 1e-12))


def _pearson(first: Floats, second: Floats) -> float:
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt(np.square(first).sum() * np.square(second).sum()))
    return float((first * second).sum() / scale) if scale else float("nan")
