"""The hit points as a plain list of markers, for programs that read no timeline of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..engine.store.durable import durable_write
from .scored import ScoredCue, timecode
from .tables import csv_bytes

HEAD = ("timecode", "frame", "seconds", "name", "kind", "strength", "cue")


def marker_list(cues: Sequence[ScoredCue]) -> bytes:
    """One line a hit, in record time. `frame` and `seconds` count from the timeline's frame 0."""
    rows = []
    for scored in sorted(cues, key=lambda scored: scored.cue.in_frame):
        cue = scored.cue
        for hit in sorted(scored.plan.hits, key=lambda hit: (hit.sample, hit.kind)):
            rows.append(
                (
                    timecode(cue, hit.frame),
                    str(hit.frame),
                    f"{float(cue.rate.seconds(hit.frame)):.6f}",
                    hit.name,
                    hit.kind,
                    f"{hit.strength:.3f}",
                    cue.name,
                )
            )
    return csv_bytes(HEAD, rows)


def write_marker_list(path: Path, cues: Sequence[ScoredCue]) -> None:
    """`marker_list` as a file. OutputError when the disk refuses."""
    durable_write(path, marker_list(cues))
