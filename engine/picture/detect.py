"""Cuts and fades of a film without an edit list, found by PySceneDetect's detectors on our small pictures.

https://www.scenedetect.com/docs/latest/api/detectors.html
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scenedetect import FrameTimecode

# The detectors only compare distances between pictures; we count pictures and keep the times ourselves.
_CLOCK = 100.0
# Pictures between two cuts: an editor's fastest montage has shots of a sixth of a second.
_SHORTEST_SHOT = 4
# Mean of R, G and B (0..255) under which a picture is black.
_BLACK_LEVEL = 10
# Mean HSV change that makes a cut when it stands out from its neighbours, and the one that does alone.
_ADAPTIVE_LEAST = 15.0
_CONTENT_LEAST = 40.0

# ITU-R BT.709, full range: columns for Y, Cb, Cr; rows B, G, R as OpenCV has them.
_TO_BGR = np.array([[1, 1.8556, 0], [1, -0.1873, -0.4681], [1, 0, 1.5748]], np.float32)


@dataclass(frozen=True, slots=True)
class Detected:
    """Microseconds of source: of the first picture after each cut, and of the middle of each dip to black."""

    cuts_us: npt.NDArray[np.int64]
    dips_us: npt.NDArray[np.int64]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"cuts_us": self.cuts_us, "dips_us": self.dips_us}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]] | None) -> Self | None:
        if arrays is None or set(arrays) != {"cuts_us", "dips_us"}:
            return None
        if any(value.ndim != 1 or value.dtype != np.int64 for value in arrays.values()):
            return None
        return cls(**arrays)


class Detector:
    """Fed with all pictures in order, once."""

    def __init__(self) -> None:
        # OpenCV's import points LD_LIBRARY_PATH at its own folder, which no child process must inherit.
        path = os.environ.get("LD_LIBRARY_PATH")
        from scenedetect import AdaptiveDetector, ContentDetector, FrameTimecode, ThresholdDetector

        if path is None:
            os.environ.pop("LD_LIBRARY_PATH", None)
        else:
            os.environ["LD_LIBRARY_PATH"] = path
        self._timecode = FrameTimecode
        self._cutters = (
            AdaptiveDetector(min_scene_len=_SHORTEST_SHOT, min_content_val=_ADAPTIVE_LEAST),
            ContentDetector(min_scene_len=_SHORTEST_SHOT, threshold=_CONTENT_LEAST),
        )
        self._fader = ThresholdDetector(
            threshold=_BLACK_LEVEL, min_scene_len=_SHORTEST_SHOT, add_final_scene=True
        )
        self._times_us: list[int] = []
        self._cuts: set[int] = set()
        self._dips: set[int] = set()

    def add(self, time_us: int, pixels: npt.NDArray[np.uint8]) -> None:
        """The next picture: uint8 (3, h, w), Y Cb Cr at full range."""
        now = self._timecode(len(self._times_us), _CLOCK)
        self._times_us.append(time_us)
        planes = pixels.astype(np.float32)
        planes[1:] -= 128
        picture = np.clip(np.tensordot(planes, _TO_BGR, (0, 1)) + 0.5, 0, 255).astype(np.uint8)
        for cutter in self._cutters:
            self._keep(self._cuts, cutter.process_frame(now, picture))
        self._keep(self._dips, self._fader.process_frame(now, picture))

    def finish(self) -> Detected:
        if self._times_us:
            now = self._timecode(len(self._times_us) - 1, _CLOCK)
            for cutter in self._cutters:
                self._keep(self._cuts, cutter.post_process(now))
            self._keep(self._dips, self._fader.post_process(now))
        return Detected(self._sorted(self._cuts), self._sorted(self._dips))

    def _keep(self, found: set[int], timecodes: list[FrameTimecode]) -> None:
        found.update(timecode.frame_num for timecode in timecodes)

    def _sorted(self, found: set[int]) -> npt.NDArray[np.int64]:
        last = len(self._times_us) - 1
        return np.array([self._times_us[min(frame, last)] for frame in sorted(found) if frame > 0], np.int64)
