"""Two lists of times laid on each other, each time used once: `biou`, `tbiou`, `beat_f`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Published; the second is the window within which ears take two beats for one.
TOLERANCES_S = (0.5, 0.07)
BEAT_TOLERANCE_S = 0.07
# Times that are one tolerance apart on paper are so here.
_ROUNDING_S = 1e-9


def matched(first: npt.ArrayLike, second: npt.ArrayLike, tolerance_s: float) -> int:
    """How many pairs at most `tolerance_s` apart can be made, one to one, of two lists of seconds.

    The largest number there is: every interval has the same width, so that the earliest partner still free
    is never a worse choice than a later one.
    """
    a, b = np.sort(np.asarray(first, np.float64)), np.sort(np.asarray(second, np.float64))
    count = i = j = 0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= tolerance_s + _ROUNDING_S:
            count, i, j = count + 1, i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return count


def beat_iou(first: npt.ArrayLike, second: npt.ArrayLike, tolerance_s: float = TOLERANCES_S[0]) -> float:
    """Pairs over all times of two lists (VeM, AAAI 2026); nan where both are empty.

    `biou` of the beats of generated and reference music, `tbiou` of a film's transitions and the beats. At
    .5 s the latter is met by any train of beats faster than 60 bpm: it mainly compares counts.
    """
    pairs = matched(first, second, tolerance_s)
    union = len(np.asarray(first)) + len(np.asarray(second)) - pairs
    return pairs / union if union else float("nan")


def beat_f(reference: npt.ArrayLike, found: npt.ArrayLike, tolerance_s: float = BEAT_TOLERANCE_S) -> float:
    """F-measure of beats in seconds, as `mir_eval.beat.f_measure` has it; 0 where either list is empty.

    Only for beats that are known: heard by people, or those that the music was made from.
    """
    total = len(np.asarray(reference)) + len(np.asarray(found))
    return 2 * matched(reference, found, tolerance_s) / total if total else 0.0
