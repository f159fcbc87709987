"""The cue sheet that rights societies and mixers ask for: which music plays where, for how long, by whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..engine.plan.asked import asked_of
from ..engine.store.durable import durable_write
from ..engine.wishes import wishes_of
from .scored import ScoredCue, timecode
from .tables import csv_bytes

HEAD = ("cue", "in", "out", "duration", "title", "use", "composer", "tempo_bpm", "key")
_TONICS = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
# The society's word for music under a scene that nobody in the scene hears.
USE = "background instrumental"


def cue_sheet(cues: Sequence[ScoredCue], *, title: str, use: str = USE) -> bytes:
    """One line a cue, in the order of the timeline. `title` is the film's; the out timecode is exclusive."""
    rows = []
    for scored in sorted(cues, key=lambda scored: scored.cue.in_frame):
        cue, plan = scored.cue, scored.plan
        seconds = float(cue.rate.seconds(cue.frames))
        minutes, rest = divmod(round(seconds, 1), 60)
        tempi = [segment.bpm for segment in plan.segments]
        tempo = "" if not tempi else f"{min(tempi):.1f}-{max(tempi):.1f}"
        if tempi and max(tempi) - min(tempi) < 0.05:
            tempo = f"{tempi[0]:.1f}"
        rows.append(
            (
                cue.name,
                timecode(cue, cue.in_frame),
                timecode(cue, cue.out_frame_exclusive),
                f"{int(minutes)}:{rest:04.1f}",
                f"{title}: {cue.name}",
                use,
                _composer(scored),
                tempo,
                _TONICS[asked_of(scored.score, wishes_of(cue)).tonic % 12]
                if scored.score is not None
                else "",
            )
        )
    return csv_bytes(HEAD, rows)


def _composer(scored: ScoredCue) -> str:
    made = scored.take.provenance
    model = f" ({made.model})" if made.model else ""
    return f"Hitpoint {made.version}, {made.generator}{model}, seed {made.seed}"


def write_cue_sheet(path: Path, cues: Sequence[ScoredCue], *, title: str, use: str = USE) -> None:
    """`cue_sheet` as a file. OutputError when the disk refuses."""
    durable_write(path, cue_sheet(cues, title=title, use=use))
