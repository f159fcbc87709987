"""The first seconds of a neural take, to be heard while the rest of it is made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..audio.preview import PREVIEW, write_preview
from ..generator import TakeRequest
from ..progress import Cancel, Heard, nobody
from ..timebase import SAMPLE_RATE
from .config import FRAME_RATE
from .generate.windows import Window
from .library import Installed
from .memory import sound_phase
from .warm import WARM, warm_codec

# Of the cue: enough to hear what it will be, and a few hundredths of what a window costs.
_WANTED_S = 8
# Less than this to wait for is not worth a file.
_REST_S = 1.0

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class FirstWindow:
    """Tells `heard` once of the first candidate's sound, in a file in `folder`: when the first of several
    windows has its tokens and there is room for the codec beside the decoder, else when it is sound and the
    others are not yet.
    """

    def __init__(
        self,
        installed: Installed,
        folder: Path,
        request: TakeRequest,
        windows: Sequence[Window],
        heard: Heard,
        cancel: Cancel,
    ) -> None:
        self._installed = installed
        self._path = folder / PREVIEW
        self._heard = heard
        self._cancel = cancel
        self._more = len(windows) > 1
        self._head_s = request.handle_samples[0] / SAMPLE_RATE
        self._upto_s = self._head_s + min(_WANTED_S, request.cue.samples / SAMPLE_RATE)
        self._told = heard is nobody

    @staticmethod
    def clock() -> float:
        return time.perf_counter()

    def tokens(self, index: int, codes: Ints) -> None:
        """Window `index` is there, int64 [candidates, K, steps]."""
        if self._told or index or not self._more or not WARM.make_room(sound_phase(self._installed)):
            return
        wanted = codes[0, :, : int(self._upto_s * FRAME_RATE)]
        with warm_codec(self._installed) as codec:
            blocks = []
            for block in codec.decode(wanted):
                self._cancel.check()
                blocks.append(block)
            self._tell(np.concatenate(blocks), codec.sample_rate)

    def sound(self, sound: Floats, rate: int, *, rest_s: float) -> None:
        """The first candidate is sound, float32 [n, channels], from the head handle on; the rest takes about
        `rest_s`.
        """
        if not self._told and rest_s > _REST_S:
            self._tell(sound[: int(self._upto_s * rate)], rate)

    def _tell(self, sound: Floats, rate: int) -> None:
        self._told = True
        own = sound[round(self._head_s * rate) :]
        if not len(own):
            return
        write_preview(self._path, own, rate)
        self._heard(str(self._path), 0.0, len(own) / rate)
