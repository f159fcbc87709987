"""Music along a warp, piece by piece: pitch stays, length is exact, borders are not heard.

Signalsmith Stretch (python-stretch) runs one piece at one speed. Neighbouring pieces are rendered a little
beyond their border, which is an onset, and cross-faded in the moment before it where they agree best: there
the music of a moment ago dies away and nothing begins, so no onset is doubled or lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..errors import EngineFault
from ..timebase import SAMPLE_RATE
from .match import Warp

Floats = npt.NDArray[np.float32]
# Frames `start` up to `stop` of the source as float32 [stop - start, channels]; silence beyond its ends.
Read = Callable[[int, int], Floats]

# Rendered on each side of a piece beyond what is used: two blocks of the phase vocoder.
_MARGIN = round(0.25 * SAMPLE_RATE)
_FADE = round(0.015 * SAMPLE_RATE)
# Where a fade may begin before a border. Later, and the onset at the border would be faded; earlier, and the
# two sides, which drift apart by up to 8 %, would show one sound twice.
_EARLIEST = round(0.065 * SAMPLE_RATE)
_LATEST = round(0.025 * SAMPLE_RATE)
_SEARCH = round(0.0025 * SAMPLE_RATE)
# Longer pieces are cut, so that memory does not grow with the music.
_LONGEST = 30 * SAMPLE_RATE
_SEED = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    source: tuple[float, float]
    target: tuple[int, int]

    @property
    def speed(self) -> float:
        """Source frames for each target frame."""
        return (self.source[1] - self.source[0]) / (self.target[1] - self.target[0])


def stretched(read: Read, warp: Warp) -> Iterator[Floats]:
    """The source along `warp` in blocks of any size, together exactly as long as its target.

    Stereo or mono, 48 kHz. A piece at the music's own speed is copied, not processed.
    """
    if len(warp) < 2 or any(b[0] <= a[0] or b[1] <= a[1] for a, b in pairwise(warp)):
        raise EngineFault(f"a warp of {len(warp)} anchors does not run forward")
    pieces = _pieces(warp)
    # What is rendered of the piece at hand and not given out yet, from target frame `at` on.
    held = _rendered(read, pieces[0])[_MARGIN:]
    at = pieces[0].target[0]
    for piece in pieces[1:]:
        border = piece.target[0]
        after = _rendered(read, piece)
        # Both sides, from the earliest moment of a fade up to the border.
        near = border - at - _EARLIEST
        mine, other = held[near:], after[_MARGIN - _EARLIEST :]
        fade = _best_fade(mine, other)
        yield held[: near + fade]
        joint = slice(fade, fade + _FADE)
        yield _faded(mine[joint], other[joint])
        held = other[fade + _FADE :]
        at = border - _EARLIEST + fade + _FADE
    yield held[: pieces[-1].target[1] - at]


def _pieces(warp: Warp) -> list[_Piece]:
    out: list[_Piece] = []
    for (source, target), (source_end, target_end) in pairwise(warp):
        count = -(-(target_end - target) // _LONGEST)
        for part in range(count):
            first = target + (target_end - target) * part // count
            last = target + (target_end - target) * (part + 1) // count
            speed = (source_end - source) / (target_end - target)
            piece = _Piece(
                (source + (first - target) * speed, source + (last - target) * speed), (first, last)
            )
            out.append(piece)
    return out


def _rendered(read: Read, piece: _Piece) -> Floats:
    """The piece with _MARGIN on both sides, float32 [target length + 2 * _MARGIN, channels]."""
    length = piece.target[1] - piece.target[0] + 2 * _MARGIN
    start = round(piece.source[0] - _MARGIN * piece.speed)
    taken = round(length * piece.speed)
    sound = read(start, start + taken)
    if taken == length:
        return sound
    from python_stretch import Signalsmith

    stretch = Signalsmith.Stretch(_SEED)
    stretch.preset(sound.shape[1], float(SAMPLE_RATE))
    stretch.setTimeFactor(taken / length)
    out = np.asarray(stretch.process(np.ascontiguousarray(sound.T)), np.float32).T
    # The library's factor is a float32: its own length may differ by a few frames of a long piece.
    if len(out) < length:
        out = np.concatenate((out, np.zeros((length - len(out), out.shape[1]), np.float32)))
    return out[:length]


def _best_fade(before: Floats, after: Floats) -> int:
    """Where, in frames from _EARLIEST before the border, the two sides agree best."""
    starts = range(0, _EARLIEST - _LATEST + 1, _SEARCH)
    return max(starts, key=lambda at: _likeness(before[at : at + _FADE], after[at : at + _FADE]))


def _likeness(a: Floats, b: Floats) -> float:
    """Correlation of two stretches, -1..1; silence is like silence."""
    energy = float(np.sqrt(np.square(a).sum(dtype=np.float64) * np.square(b).sum(dtype=np.float64)))
    return float((a * b).sum(dtype=np.float64)) / energy if energy > 1e-12 else 1.0


def _faded(before: Floats, after: Floats) -> Floats:
    """From one to the other at constant level, however alike they are."""
    rise = (np.arange(1, len(before) + 1, dtype=np.float32) / (len(before) + 1))[:, None]
    fall = 1 - rise
    alike = max(0.0, _likeness(before, after))
    level = np.sqrt(np.square(fall) + np.square(rise) + 2 * alike * fall * rise)
    return np.asarray((fall * before + rise * after) / level, np.float32)
