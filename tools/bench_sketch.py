"""How fast the sampler plays: a dense minute on six stems, and an hour.

python tools/bench_sketch.py [--hour]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.sketch.render import render
from hitpoint.engine.sketch.voices import Voice
from hitpoint.engine.types import STEM_ORDER, Note

RATE = 48_000
VOICES = (
    Voice("kit", "drums", 128, 0, room=0.12),
    Voice("bass", "bass", 0, 33, room=0.05),
    Voice("piano", "harmony", 0, 0, room=0.2),
    Voice("pizzicato", "harmony", 0, 45, pan=0.2, room=0.25),
    Voice("flute", "melody", 0, 73, room=0.25),
    Voice("strings", "pads", 0, 48, room=0.4),
    Voice("fx:riser", "hits", -1, 0, room=0.2),
    Voice("fx:impact", "hits", -1, 0, room=0.2),
)


# What was measured, its figure, and what it is held against.
Row = tuple[str, str, str]


def piece(seconds: int, seed: int = 7) -> list[Note]:
    """Six stems that all sound, at 120 beats a minute: about 40 notes a second."""
    rng = np.random.Generator(np.random.PCG64(seed))
    notes = []

    def add(voice: str, at_s: float, length_s: float, pitch: int, velocity: int) -> None:
        stem = next(v.stem for v in VOICES if v.name == voice)
        notes.append(Note(stem, round(at_s * RATE), round(length_s * RATE), pitch, velocity, voice))

    chords = ((50, 53, 57), (46, 50, 53), (53, 57, 60), (48, 52, 55))
    for bar in range(seconds // 2):
        at, chord = 2.0 * bar, chords[bar % 4]
        for pitch in (*chord, chord[0] + 12):
            add("strings", at, 1.95, pitch + 12, int(rng.integers(60, 90)))
        for eighth in range(8):
            when = at + eighth / 4 + float(rng.normal(0, 0.004)) * (eighth > 0)
            add("bass", when, 0.22, chord[0] - 12, int(rng.integers(85, 110)))
            add("kit", when, 0.1, 42, int(rng.integers(50, 90)))
            add("kit", when, 0.1, 36 if eighth % 4 == 0 else 38, int(rng.integers(80, 120)))
            if eighth % 2 == 0:
                pitch = int(rng.choice((74, 77, 79, 81)))
                add("flute", when, 0.45, pitch, int(rng.integers(70, 105)))
        for sixteenth in range(16):
            when = at + sixteenth / 8
            add("piano", when, 0.3, chord[sixteenth % 3] + 12 * (sixteenth % 2), int(rng.integers(55, 100)))
            add("pizzicato", when, 0.12, chord[(sixteenth + 1) % 3] + 12, int(rng.integers(55, 100)))
        if bar % 4 == 3:
            add("fx:riser", at + 0.4, 1.6, 62, 100)
            add("fx:impact", at + 2.0, 0.5, 50, 110)
    return notes


def measure(seconds: int) -> dict[str, float]:
    """Render once in this process; seconds of wall time, peak memory in MB."""
    notes = [note for note in piece(seconds) if note.start_sample >= 0]
    first: list[float] = []
    start = time.perf_counter()

    def progress(step: Step) -> None:
        silent(step)
        if not first:
            first.append(time.perf_counter() - start)

    with tempfile.TemporaryDirectory() as folder:
        render(
            notes,
            VOICES,
            samples=seconds * RATE,
            handle_samples=(0, 0),
            seed=1,
            folder=Path(folder),
            stems=STEM_ORDER,
            progress=progress,
            cancel=Cancel(),
        )
        took = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"notes": len(notes), "first_s": first[0], "took_s": took, "memory_mb": memory}


def measure_apart(seconds: int) -> dict[str, float]:
    """The same in a fresh process with one thread on one core."""
    one = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [sys.executable, __file__, "--measure", str(seconds)]

    def pin() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    pinned = pin if hasattr(os, "sched_setaffinity") else None
    done = subprocess.run(
        command, env=os.environ | one, preexec_fn=pinned, capture_output=True, text=True, check=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def rows(hour: bool = False) -> list[Row]:
    """The rows of the bench's table."""
    minute = measure_apart(60)
    out = [
        (
            f"sketch plays 60 s, six stems, {minute['notes']:.0f} notes, one core",
            f"{minute['took_s']:.2f} s",
            "<= 1.8 s",
        ),
        ("sketch: first seconds are ready", f"{minute['first_s']:.2f} s", "<= 1 s"),
    ]
    if hour:
        long = measure_apart(3600)
        out.append(("sketch plays 60 min", f"{long['took_s']:.0f} s", "<= 108 s"))
        out.append(("sketch plays 60 min: memory", f"{long['memory_mb']:.0f} MB", "<= 500 MB"))
    return out


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="how fast the sampler plays")
    parser.add_argument(
        "--hour", action="store_true", help="render sixty minutes as well (needs 8 GB of disk)"
    )
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return 0
    for what, measured, target in rows(options.hour):
        print(f"{what:58} {measured:>16}  {target}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
