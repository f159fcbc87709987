"""The transitions of a film without a timeline, for `tbiou`: PySceneDetect's content detector as it comes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def transitions(pictures: Iterable[npt.NDArray[np.uint8]], fps: float | Fraction) -> Floats:
    """Seconds of the first pictures of new shots, rising. Pictures: uint8 RGB [h, w, 3], all of one size."""
    path = os.environ.get("LD_LIBRARY_PATH")
    from scenedetect import ContentDetector, FrameTimecode

    # OpenCV's import points it at its own folder, which no child process must inherit.
    if path is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
    else:
        os.environ["LD_LIBRARY_PATH"] = path
    detector = ContentDetector()
    found: set[int] = set()
    last = None
    for index, picture in enumerate(pictures):
        last = FrameTimecode(index, float(fps))
        cuts = detector.process_frame(last, np.ascontiguousarray(picture[:, :, ::-1]))
        found.update(cut.frame_num for cut in cuts)
    if last is not None:
        found.update(cut.frame_num for cut in detector.post_process(last))
    return np.array(sorted(found), np.float64) / float(fps)
