"""The playhead, which Resolve tells and takes as timecode."""

from __future__ import annotations

from ..base import HostError
from .frames import RelFrame
from .opened import Opened
from .reading import length


def playhead(opened: Opened) -> int | None:
    text = opened.timeline.GetCurrentTimecode()
    if not text:
        # Some of its pages have none.
        return None
    frame = opened.clock.of_timecode(str(text))
    return frame if 0 <= frame <= length(opened.timeline, opened.clock) else None


def set_playhead(opened: Opened, frame: int) -> None:
    wanted = opened.clock.timecode(RelFrame(frame))
    # The answer is not believed: it may be no, and be done.
    for _ in range(2):
        opened.timeline.SetCurrentTimecode(wanted)
        told = opened.timeline.GetCurrentTimecode()
        if told and opened.clock.of_timecode(str(told)) == frame:
            return
    raise HostError(
        f"DaVinci Resolve does not move its playhead to {wanted}: open its Edit page, where the timeline is"
    )
