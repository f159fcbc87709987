"""Does fitted music meet the cuts? Click music with known, drifting beats on random cut lists; and its cost.

python -m tools.bench_fit [LISTS]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hitpoint.engine.audio.measure import measure_hits
from hitpoint.engine.audio.onset import onset_curve
from hitpoint.engine.audio.wav import WorkWriter, work_blocks
from hitpoint.engine.fit.beats import find_beats
from hitpoint.engine.fit.choose import choose
from hitpoint.engine.fit.fit import fit_take
from hitpoint.engine.fit.match import match, met, straight, warped
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.timebase import SAMPLE_RATE

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "engine" / "plan"))
import clicks
import cutlists

Row = tuple[str, str, str]
Samples = npt.NDArray[np.int64]

_LISTS = 12
_MEAN_SHOTS_S = (2.0, 3.5, 6.0)
_NEAR = round(0.040 * SAMPLE_RATE)


@dataclass
class _Sums:
    """Hits met of one kind of cut list, before and after; onsets and errors of the stretch."""

    strong: int = 0
    strong_met: int = 0
    strong_plain: int = 0
    # Predicted for the first candidate, had there been one only.
    alone: int = 0
    hits: int = 0
    hits_met: int = 0
    hits_plain: int = 0
    reported: int = 0
    chance: float = 0.0
    onsets: int = 0
    onsets_after: int = 0
    worst_ms: float = 0.0
    seconds: float = 0.0


def fitted(seed: int, mean_shot_s: float, sums: _Sums) -> None:
    """Fit one minute of music to one cut list and add what was found on the result."""
    request = clicks.cut_request(cutlists.cut_list(seed, mean_shot_s))
    length_s = clicks.music_seconds(request)
    candidates = [clicks.click_music(base + seed, length_s) for base in (1000, 2000)]
    choice = choose([candidate.sound for candidate in candidates], SAMPLE_RATE, request)
    music = candidates[choice.index]
    head = request.handle_samples[0]
    target = request.cue.samples + sum(request.handle_samples)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        take = clicks.take_of({"music": music.sound}, request, folder)
        start = time.perf_counter()
        take = fit_take(request, take, folder, progress=silent, cancel=Cancel())
        sums.seconds += time.perf_counter() - start
        sound = np.concatenate(list(work_blocks(Path(take.stems[0].path))))
    curve = onset_curve(sound)
    after, before = find_beats(curve), find_beats(onset_curve(music.sound))
    strong = [hit for hit in request.plan.hits if hit.strong]
    first = find_beats(onset_curve(candidates[0].sound))
    alone = match(
        first,
        request.plan.hits,
        head_samples=head,
        target_samples=target,
        source_samples=len(candidates[0].sound),
    )
    sums.alone += sum(met(first.audible_onsets, strong, alone.warp, head_samples=head))
    for hits, field in ((strong, "strong"), (request.plan.hits, "hits")):
        _add(sums, field, len(hits))
        _add(sums, f"{field}_met", sum(met(after.audible_onsets, hits, straight(target), head_samples=head)))
        _add(sums, f"{field}_plain", sum(met(music.beats, hits, straight(target), head_samples=head)))
    report = measure_hits({"music": curve}, take.plan, head_samples=head)
    sums.reported += report.met
    sums.chance += report.chance * len(report.wanted)
    warp = tuple((round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for a, b in take.extra["fit"]["anchors_s"])
    where = warped(music.beats, warp)
    where = where[(where > _NEAR) & (where < target - _NEAR)]
    sums.worst_ms = max(sums.worst_ms, float(_distances(after.onsets, where).max()) * 1000 / SAMPLE_RATE)
    least = before.clear / 2
    # Only what lies inside the fitted file on both sides.
    was = warped(before.onsets[before.strengths >= least], warp)
    sums.onsets += int(((was > _NEAR) & (was < target - _NEAR)).sum())
    now = after.onsets[after.strengths >= least]
    sums.onsets_after += int(((now > _NEAR) & (now < target - _NEAR)).sum())


def _add(sums: _Sums, field: str, count: int) -> None:
    setattr(sums, field, getattr(sums, field) + count)


def _distances(onsets: Samples, at: Samples) -> Samples:
    return np.abs(onsets[None, :] - at[:, None]).min(axis=1)


def rows(lists: int = _LISTS) -> Iterable[Row]:
    everything = _Sums()
    for mean_shot_s in _MEAN_SHOTS_S:
        sums = _Sums()
        for seed in range(lists):
            fitted(seed, mean_shot_s, sums)
        name = f"shots of {mean_shot_s:g} s, {lists} lists"
        share = f"{sums.strong_met / sums.strong:.1%}"
        yield f"fit, {name}: {sums.strong} strong hits within 40 ms", share, "at least 95 %"
        yield "  with one candidate in place of two", f"{sums.alone / sums.strong:.1%}", ""
        yield "  the same music, unfitted", f"{sums.strong_plain / sums.strong:.1%}", "control"
        yield f"  all {sums.hits} hits", f"{sums.hits_met / sums.hits:.1%}", ""
        yield "  all hits, unfitted", f"{sums.hits_plain / sums.hits:.1%}", "control"
        yield "  all hits as the report counts them", f"{sums.reported / sums.hits:.1%}", ""
        yield "  chance in the report", f"{sums.chance / sums.hits:.1%}", ""
        for field in ("strong", "strong_met", "strong_plain", "onsets", "onsets_after"):
            _add(everything, field, getattr(sums, field))
        everything.worst_ms = max(everything.worst_ms, sums.worst_ms)
        everything.seconds += sums.seconds
    total = len(_MEAN_SHOTS_S) * lists
    share = f"{everything.strong_met / everything.strong:.1%}"
    yield f"fit, all {everything.strong} strong hits within 40 ms", share, "at least 95 %"
    yield "  unfitted", f"{everything.strong_plain / everything.strong:.1%}", "control"
    yield "stretch: onsets before and after", f"{everything.onsets} {everything.onsets_after}", "equal"
    yield (
        "stretch: worst beat off the warp",
        f"{everything.worst_ms:.1f} ms",
        "at most 5 ms + 10 ms measuring",
    )
    yield "fit, one minute of music", f"{everything.seconds / total:.2f} s", ""
    yield from _long()


def _long() -> Iterable[Row]:
    """Ten minutes with a cut every four seconds, in a process of their own, whose memory is told."""
    command = [sys.executable, "-m", "tools.bench_fit", "--long"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    yield "fit, ten minutes of stereo, 140 cuts", f"{told['seconds']:.1f} s", ""
    yield "  peak memory, and before the fit began", f"{told['peak_mb']:.0f} {told['before_mb']:.0f} MB", ""


def _fit_long() -> None:
    """One minute of music ten times over, written without ever being in memory whole."""
    request = clicks.cut_request(cutlists.cut_list(1, 4.0, seconds=600))
    minute = clicks.click_music(7, 63.0, channels=2).sound
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        take = clicks.take_of({"music": minute}, request, folder, rate=SAMPLE_RATE)
        path = folder / "music.wav"
        with WorkWriter(path, 11 * len(minute)) as out:
            for _ in range(11):
                out.write(minute)
        before_mb = _peak_mb()
        start = time.perf_counter()
        fit_take(request, take, folder, progress=silent, cancel=Cancel())
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "before_mb": before_mb, "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    if "--long" in sys.argv:
        _fit_long()
        return
    lists = int(sys.argv[1]) if len(sys.argv) > 1 else _LISTS
    for what, measured, target in rows(lists):
        print(f"{what:66} {measured:>12}  {target}", flush=True)


if __name__ == "__main__":
    main()
