"""Benchmarks of the whole chain: a minute of music, ten thousand clips, an hour, each in its own process.

Seconds are of one core (process time), so that a busy machine does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ONE_CORE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


def rows() -> list[tuple[str, str, str]]:
    """(what, measured, target) of each benchmark."""
    minute, dense, clips, hour = (_child(name) for name in ("minute", "dense", "clips", "hour"))
    return [
        (
            f"60 s, six stems, {minute['notes_a_s']:.1f} notes/s: all",
            f"{minute['all_s']:.2f} s",
            "<= 4 s of one core",
        ),
        ("  composed", f"{minute['compose_s']:.2f} s", ""),
        ("  rendered", f"{minute['render_s']:.2f} s", ""),
        ("  mastered and written", f"{minute['finish_s']:.2f} s", ""),
        ("  judged by its notes", f"{minute['judge_s']:.2f} s", ""),
        ("  judged by its sound, too: not among all", f"{minute['hear_s']:.2f} s", ""),
        ("  first bars ready", f"{minute['first_s']:.2f} s", "<= 1 s"),
        (f"the same, {dense['notes_a_s']:.1f} notes/s", f"{dense['all_s']:.2f} s", ""),
        ("10,000 clips read and selected", f"{clips['read_s']:.2f} s", ""),
        ("10,000 clips placed and written", f"{clips['place_s']:.2f} s", ""),
        ("the same with --split cuts: 60,000 clips of ours placed", f"{clips['split_s']:.2f} s", ""),
        ("10,000 clips, read and placed", f"{clips['read_s'] + clips['place_s']:.2f} s", "< 5 s"),
        ("a 60-minute cue: peak memory", f"{hour['peak_mb']:.0f} MB", "< 1500 MB"),
        ("a 60-minute cue: all", f"{hour['all_s']:.0f} s", ""),
    ]


def _child(name: str) -> dict[str, float]:
    """Run one benchmark in a fresh process on one core and read the figures it prints."""
    command = [sys.executable, "-m", "tools.bench_chain", name]
    if hasattr(os, "sched_setaffinity"):
        command = ["taskset", "-c", "0", *command] if name in ("minute", "dense") else command
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **_ONE_CORE}
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _minute(folder: Path, energy: float = 0.3) -> dict[str, float]:
    from hitpoint.engine.progress import Cancel, Step, silent
    from hitpoint.engine.sketch.composer import compose
    from hitpoint.engine.sketch.generator import SketchGenerator
    from hitpoint.engine.sketch.render import render
    from hitpoint.export.report import CueResult
    from hitpoint.plugin.judged import Ear, Gates, judge_cue
    from hitpoint.plugin.master import master

    from .made import take_request

    request = take_request(seconds=60, style="cinematic", energy=energy)
    work = folder / "work"
    work.mkdir()
    start = time.process_time()
    composition = compose(request)
    composed = time.process_time()
    first: list[float] = []

    def watch(step: Step) -> None:
        if not first and step.stage == "generate" and step.done > 0:
            first.append(time.process_time() - composed)

    render(
        composition.notes,
        composition.voices,
        samples=request.cue.samples,
        handle_samples=request.handle_samples,
        seed=request.score.seed,
        folder=work,
        stems=composition.stems,
        progress=watch,
        cancel=Cancel(),
    )
    rendered = time.process_time()
    generator = SketchGenerator(work)
    take = generator.generate(request, progress=silent, cancel=Cancel())

    def finished(gates: Gates) -> tuple[CueResult, Ear]:
        ear = Ear(request, gates)
        return master(
            request, take, target_lufs=None, folder=folder, prefix="", work=work, progress=silent,
            cancel=Cancel(), listen=ear,
        ), ear  # fmt: skip

    def judge(result: CueResult, ear: Ear, gates: Gates) -> None:
        judge_cue(result, request, generator, take, ear, gates=gates, cues=[request.cue], split="none")

    again = time.process_time()
    result, ear = finished("quick")
    mastered = time.process_time()
    judge(result, ear, "quick")
    judged = time.process_time()
    result, ear = finished("all")
    heard = time.process_time()
    judge(result, ear, "all")
    hearing = time.process_time() - heard
    return {
        "notes_a_s": len(composition.notes) / 60,
        "compose_s": composed - start,
        "render_s": rendered - composed,
        "first_s": composed - start + first[0],
        "finish_s": mastered - again,
        "judge_s": judged - mastered,
        "hear_s": hearing,
        "all_s": rendered - start + judged - again,
    }


def _clips(folder: Path) -> dict[str, float]:
    from hitpoint.engine.timebase import Rate
    from hitpoint.engine.types import Placement
    from hitpoint.export.formats import write_timeline
    from hitpoint.export.timeline import place
    from hitpoint.plugin.timeline.read import read_timeline
    from hitpoint.plugin.timeline.select import select_cues

    from .made import many_clips

    path = folder / "many.otio"
    path.write_text(json.dumps(many_clips(10_000)))
    start = time.process_time()
    document = read_timeline(path)
    (cue,) = select_cues(document, range_text=None)
    read = time.process_time()
    stems = [
        Placement(
            f"Stem: {stem}",
            cue.name,
            stem,
            str(folder / f"{stem}.wav"),
            "0" * 64,
            0,
            cue.frames,
            0,
            cue.frames,
        )
        for stem in ("drums", "bass", "harmony", "melody", "pads", "hits")
    ]
    cuts = [shot.in_frame for shot in cue.shots[1:]]

    def put(cut_frames: list[int]) -> float:
        begin = time.process_time()
        placed = place(document.data, stems, rate=Rate(24), cut_frames=cut_frames)
        write_timeline(placed.data, folder / "scored.otio", "otio", rate=Rate(24), base=folder)
        return time.process_time() - begin

    return {"read_s": read - start, "place_s": put([]), "split_s": put(cuts)}


def _hour(folder: Path) -> dict[str, float]:
    import resource

    from hitpoint.engine.progress import Cancel, silent
    from hitpoint.engine.sketch.generator import SketchGenerator
    from hitpoint.plugin.master import master

    from .made import take_request

    start = time.process_time()
    request = take_request(seconds=3600, style="cinematic", energy=0.6)
    work = folder / "work"
    work.mkdir()
    take = SketchGenerator(work).generate(request, progress=silent, cancel=Cancel())
    master(
        request, take, target_lufs=None, folder=folder, prefix="", work=work, progress=silent, cancel=Cancel()
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak_mb": peak / 1024, "all_s": time.process_time() - start}


def _dense(folder: Path) -> dict[str, float]:
    return _minute(folder, 0.95)


_PARTS = {"minute": _minute, "dense": _dense, "clips": _clips, "hour": _hour}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps(_PARTS[sys.argv[1]](Path(made))))
