"""The built-in composer before all gates: styles by seeds, how many takes pass each number and how near.

python -m tools.bench_gates [--seeds N] [--written] [--gate NAME ...] [--processes N] [STYLE ...]

Tables in Markdown on stdout, what failed on stderr. Films of 68 s; for speech, films of 24 s that are spoken
over in their middle third; for long cues, notes for films of 340 s.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

from hitpoint.engine.audio.measure import HitReport
from hitpoint.engine.evaluate.gates.judge import judge
from hitpoint.engine.evaluate.gates.long_cues import long_cues
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.speech import speech
from hitpoint.engine.evaluate.gates.speech_loss import speech_loss
from hitpoint.engine.evaluate.gates.verdict import Verdict
from hitpoint.engine.style import style_names

from . import voice
from .gate_tables import Heard, hit_table, number_table, share_table
from .gate_takes import LONG, take, written

# Themes of other seeds that each take's is compared with.
_OTHERS = range(1001, 1007)
_SPEECH = "speech"
_MINUTES = LONG * 5


@dataclass(frozen=True, slots=True)
class Job:
    style: str
    seed: int
    played: bool
    spoken: bool
    # Nothing but the short film that is spoken over.
    speech_alone: bool


def judged(job: Job) -> Heard:
    """The numbers of one seed in one style, and its hits where it is played."""
    if job.speech_alone:
        return Heard(job.style, _spoken(job))
    if not job.played:
        piece = written(job.style, job.seed, scenes=LONG)
        return Heard(job.style, _with_long(judge(piece, others=_others(job.style)), job))
    made = take(job.style, job.seed, scenes=LONG)
    verdicts = judge(
        made.piece,
        limited_db=made.limited_db,
        borders=[0, made.piece.plan.samples],
        others=_others(job.style),
    )
    if job.spoken:
        verdicts = (*(verdict for verdict in verdicts if verdict.gate != _SPEECH), *_spoken(job))
    return Heard(job.style, _with_long(verdicts, job), *_strong(made.hits))


def _spoken(job: Job) -> tuple[Verdict, ...]:
    piece = take(job.style, job.seed, spoken=True).piece
    return (*speech(piece), *speech_loss(piece))


def _with_long(verdicts: Sequence[Verdict], job: Job) -> tuple[Verdict, ...]:
    """The same with the numbers of a long cue in place of a short one's."""
    long = long_cues(written(job.style, job.seed, scenes=_MINUTES))
    return (*(verdict for verdict in verdicts if verdict.gate != long[0].gate), *long)


@cache
def _others(style: str) -> tuple[Piece, ...]:
    return tuple(written(style, seed, scenes=LONG) for seed in _OTHERS)


def _strong(hits: HitReport) -> tuple[int, int, float]:
    """Strong hits met, strong hits, and how many of them would be met by chance."""
    strong = [measure for measure in hits.wanted if measure.hit.strong]
    return sum(measure.met for measure in strong), len(strong), hits.chance * len(strong)


def _only(verdicts: Sequence[Verdict], gates: Sequence[str]) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict in verdicts if not gates or verdict.gate in gates)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--written", action="store_true", help="compose only: gates that read notes")
    asked.add_argument("--gate", action="append", default=[], help="only this gate, by its name in the table")
    asked.add_argument("--processes", type=int, default=os.cpu_count())
    asked.add_argument("styles", nargs="*", default=[])
    options = asked.parse_args()
    styles = options.styles or list(style_names())
    spoken = voice.here() and (not options.gate or _SPEECH in options.gate)
    if not voice.here():
        print(f"{voice.PROGRAM} is not installed: nobody speaks in these films", file=sys.stderr)
    jobs = [
        Job(style, seed, not options.written, spoken, spoken and options.gate == [_SPEECH])
        for style in styles
        for seed in range(1, options.seeds + 1)
    ]
    found: list[Heard] = []
    with ProcessPoolExecutor(options.processes) as pool:
        for job, heard in zip(jobs, pool.map(judged, jobs), strict=True):
            verdicts = _only(heard.verdicts, options.gate)
            failed = [verdict.text for verdict in verdicts if not verdict.passed]
            print(f"{job.style} {job.seed}: {len(failed)} failed", *failed, sep="\n    ", file=sys.stderr)
            sys.stderr.flush()
            found.append(Heard(heard.style, verdicts, heard.met, heard.strong, heard.by_chance))
    print(share_table(found, styles), number_table(found, styles), sep="\n\n")
    if any(heard.strong for heard in found):
        print("\n" + hit_table(found, styles))


if __name__ == "__main__":
    main()
