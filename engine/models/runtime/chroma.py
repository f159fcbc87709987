"""The melody of a guide as melody checkpoints hear it: the loudest of twelve pitches, eight times a second.

audiocraft's `ChromaExtractor` and `ChromaStemConditioner`, Hugging Face's `MusicgenMelodyFeatureExtractor`.
The published conditioner first takes drums and bass out of what it is given; here a guide has no drums.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..config import MelodyConfig
from ..state import MELODY
from .session import graph_path

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

WEIGHTS_FILE = "weights.safetensors"
_LEAST = 1e-6


def chroma(sound: Floats, config: MelodyConfig) -> Floats:
    """float32 [1 + n // hop, pitch classes] of sound, float32 [n] at the melody's `sample_rate`.

    One-hot of the loudest with `argmax`, else each over the loudest. What is shorter than a window lies in
    the middle of one.
    """
    missing = max(0, config.window - len(sound))
    # Published as pad // 2 before, and after it the same and the odd one.
    padded = np.pad(sound, (missing // 2, missing - missing // 2))
    pitches = _power(padded, config) @ _filters(config).T
    largest = np.abs(pitches).max(axis=1, keepdims=True)
    relative: Floats = (pitches / np.maximum(largest, _LEAST)).astype(np.float32)
    if not config.argmax:
        return relative
    loudest: Floats = np.eye(config.chroma, dtype=np.float32)[relative.argmax(axis=1)]
    return loudest


def silent_chroma(config: MelodyConfig) -> Floats:
    """What the null branch hears, float32 [rows, pitch classes]: in silence the first pitch is loudest."""
    return fit_rows(chroma(np.zeros(0, np.float32), config), config)


def fit_rows(rows: Floats, config: MelodyConfig) -> Floats:
    """Rows of `duration_s` seconds: a longer guide is cut, a shorter one repeated."""
    samples = max(int(config.sample_rate * config.duration_s), config.window)
    wanted = 1 + samples // config.hop
    return np.tile(rows, (-(-wanted // len(rows)), 1))[:wanted]


class MelodyPrefix:
    """What a melody model's decoder is fed before the first token: the guide's pitches, then the prompt."""

    def __init__(self, folder: Path, config: MelodyConfig) -> None:
        """Reads the projection out of the model's weights. InputError when the folder has none."""
        from safetensors import safe_open

        self._config = config
        with safe_open(graph_path(folder, WEIGHTS_FILE), framework="numpy") as weights:
            self._weight: Floats = weights.get_tensor(f"{MELODY}output_proj.weight")
            self._bias: Floats = weights.get_tensor(f"{MELODY}output_proj.bias")

    def of(self, memory: Floats, mask: Flags, sound: Floats | None) -> Floats:
        """float32 [2, P, D]: conditioned row, null row.

        memory: float32 [1, N, D] of the prompt, mask: bool [1, N]; sound: float32 [n] at the melody's
        `sample_rate`, or None for no guide, which the model was trained on as well.
        """
        silence = self._projected(silent_chroma(self._config))
        melody = silence
        if sound is not None:
            melody = self._projected(fit_rows(chroma(sound, self._config), self._config))
        words = memory[0] * mask[0, :, None]
        rows = [np.concatenate([melody, words]), np.concatenate([silence, np.zeros_like(words)])]
        return np.stack(rows).astype(np.float32)

    def _projected(self, rows: Floats) -> Floats:
        out: Floats = rows @ self._weight.T + self._bias
        return out


def _power(sound: Floats, config: MelodyConfig) -> Floats:
    """Power spectrum, float32 [frames, window / 2 + 1]: Hann window, centred, mirrored at the ends."""
    import scipy.fft
    import scipy.signal

    window = scipy.signal.get_window("hann", config.window).astype(np.float32)
    padded = np.pad(sound.astype(np.float32, copy=False), config.window // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.window)[:: config.hop]
    spectrum = scipy.fft.rfft(frames * window, axis=1)
    power: Floats = np.square(np.abs(spectrum)) / np.square(window).sum()
    return power


def _filters(config: MelodyConfig) -> Floats:
    from librosa import filters

    bank: Floats = filters.chroma(
        sr=config.sample_rate, n_fft=config.window, tuning=0, n_chroma=config.chroma
    )
    return bank
