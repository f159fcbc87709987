"""Music of clicks for a timeline that was read, as a finished run would hand it over."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from fakes.resolve.sound import click_wav

from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.base import HostMarker, Landing, Read

TAIL = 48


def landing(
    read: Read,
    folder: Path,
    *cues: tuple[int, int],
    stems: tuple[str, ...] = ("drums", "bass"),
    job: str = "job 1",
    hits: bool = True,
) -> Landing:
    """Cues 1m1, 1m2 ... at those record frames, two seconds of handle before and two after; each has its
    clicks on its first frame and ten frames later. Hits lie there too."""
    rate = read.rate
    placements, marks = [], []
    for number, (first, last) in enumerate(cues, 1):
        cue = f"1m{number}"
        head = min(first, rate.frames_covering(Fraction(2)))
        begin, end = rate.sample(first - head), rate.sample(last + TAIL)
        for stem in stems:
            path = folder / f"{job.replace(' ', '-')}-{cue}-{stem}.wav"
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                click_wav(path, end - begin, [rate.sample(at) - begin for at in (first, first + 10)], begin)
            placements.append(
                Placement(
                    f"Stem: {stem}", cue, stem, str(path), f"{job} {cue} {stem}", first, last, head,
                    head + last - first + TAIL,
                )
            )  # fmt: skip
        marks += [
            HostMarker(f"{cue}@{first}", first, first + 1, "must: door", "it shuts", "Red"),
            HostMarker(f"{cue}@{first + 10}", first + 10, first + 11, "would: step", "", "Yellow"),
        ]
    return Landing(
        job, "sketch, seed 7", rate, tuple(placements), tuple(marks) if hits else (), read.ident, read.seen
    )
