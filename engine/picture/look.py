"""From a cue to its Picture: what the shots look like over time, where they change, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, zip_longest

import numpy as np
import numpy.typing as npt

from ..audio.speech import listen
from ..errors import Problem
from ..progress import Cancel, Progress, Step
from ..types import Cue, Cut, Media, Picture, Shot, Span
from .curves import change_curve, held, motion_curve
from .detect import Detected
from .fades import Fade, black_spans, fades, runs
from .features import Features
from .record import Record, dissolve, record, source_spans
from .source import look_at_source, wanted_spans
from .strength import UNSEEN_STRENGTH, Look, window_frames

_SECOND_US = 1_000_000
# Detectors fire on key frames of poor files; a change as small as this is none that a viewer sees.
_LEAST_FOUND = 0.02


def look(cue: Cue, *, progress: Progress, cancel: Cancel, use_cache: bool = True) -> Picture:
    """See and hear a cue. What cannot be read is unseen and told in `problems`; Cancelled when asked to stop.

    Features of sources are kept in the cache folder by content, so an edited timeline is looked at anew in no
    time; the Picture is the same with and without the cache.
    """
    sources, detected, problems = _sources(cue, progress, cancel, use_cache)
    seen = record(cue, sources)
    problems += _unseen_problems(cue, seen, problems)
    found_cuts, dips = _found_cuts(cue, detected)
    hard = sorted({shot.in_frame for shot in _later(cue) if not any(shot.dissolve_frames)} | set(found_cuts))
    walls = np.array([frame - cue.in_frame for frame in hard], np.int64)
    motion = motion_curve(seen, walls)
    held(seen, motion)
    black = black_spans(seen.luminance, seen.layout)
    look_ = Look(seen.layout, seen.colours, motion)
    judge = _Judge(cue, seen, look_, walls)
    cuts = judge.edits() + judge.found(found_cuts)
    ramps = fades(seen.luminance, black, walls, float(cue.rate.fps))
    cuts += judge.fades(ramps) + judge.dips(dips, ramps, black)
    heard = listen(cue, progress=progress, cancel=cancel)
    progress(Step("picture", 1, 1, f"{len(cuts)} cuts"))
    return Picture(
        rate=cue.rate,
        in_frame=cue.in_frame,
        motion=_curve(motion),
        luminance=_curve(seen.luminance),
        warmth=_curve(seen.warmth),
        saturation=_curve(seen.saturation),
        change=_curve(change_curve(seen.layout)),
        cuts=tuple(sorted(cuts, key=lambda cut: (cut.frame, cut.kind))),
        black=tuple(Span(cue.in_frame + start, cue.in_frame + end) for start, end in black),
        unseen=_unseen(cue, seen),
        speech=heard.speech,
        dialogue_lufs=heard.dialogue_lufs,
        problems=(*problems, *heard.problems),
    )


def _sources(
    cue: Cue, progress: Progress, cancel: Cancel, use_cache: bool
) -> tuple[dict[Media, Features], dict[Media, Detected], list[Problem]]:
    wanted = {media: wanted_spans(spans) for media, spans in source_spans(cue).items()}
    total = sum(end - start for spans in wanted.values() for start, end in spans) or 1
    done = 0
    sources: dict[Media, Features] = {}
    detected: dict[Media, Detected] = {}
    problems: list[Problem] = []
    for media, spans in wanted.items():
        name = media.path.rpartition("/")[2]
        progress(Step("picture", done / total, 1, name))

        def told(microseconds: int, name: str = name) -> None:
            nonlocal done
            done += microseconds
            progress(Step("picture", min(1.0, done / total), 1, name))

        seen = look_at_source(
            media, spans, find_cuts=cue.find_cuts, use_cache=use_cache, told=told, cancel=cancel
        )
        sources[media] = seen.features
        if seen.detected is not None:
            detected[media] = seen.detected
        if seen.problem is not None:
            problems.append(seen.problem)
    return sources, detected, problems


def _later(cue: Cue) -> Sequence[Shot]:
    return [shot for shot in cue.shots[1:] if cue.in_frame < shot.in_frame < cue.out_frame_exclusive]


def _found_cuts(cue: Cue, detected: dict[Media, Detected]) -> tuple[list[int], list[int]]:
    """Record frames of the cuts and of the dips to black found inside sources shown at a constant speed."""
    cuts: set[int] = set()
    dips: set[int] = set()
    for shot in cue.shots:
        if shot.media not in detected or shot.speed <= 0:
            continue
        found = detected[shot.media]
        for times_us, out in ((found.cuts_us, cuts), (found.dips_us, dips)):
            for time_us in times_us.tolist():
                record_s = (Fraction(time_us, _SECOND_US) - shot.source_in_s) / shot.speed
                frame = shot.in_frame + cue.rate.nearest_frame(record_s)
                first, last = (
                    max(shot.in_frame, cue.in_frame),
                    min(shot.out_frame_exclusive, cue.out_frame_exclusive),
                )
                if first < frame < last:
                    out.add(frame)
    return sorted(cuts), sorted(dips)


class _Judge:
    """Turns changes of picture into cuts with strengths. Works on record frames, looks on array rows."""

    def __init__(self, cue: Cue, seen: Record, look_: Look, walls: npt.NDArray[np.int64]) -> None:
        self._cue = cue
        self._seen = seen.seen
        self._look = look_
        self._walls = walls
        self._window = window_frames(float(cue.rate.fps))

    def edits(self) -> list[Cut]:
        """The cuts and dissolves of the edit list."""
        out = []
        for before, shot in pairwise(self._cue.shots):
            if not self._cue.in_frame < shot.in_frame < self._cue.out_frame_exclusive:
                continue
            if before.kind == shot.kind == "gap":
                continue
            first, last = dissolve(self._cue, shot)
            strength = 0.0 if self._through(before, shot) else self._strength(first, last)
            if last > first:
                black = "gap" in (before.kind, shot.kind)
                out.append(Cut((first + last) // 2, strength, "fade" if black else "dissolve", last - first))
            else:
                out.append(Cut(shot.in_frame, strength))
        return out

    def found(self, frames: Sequence[int]) -> list[Cut]:
        """Cuts that were found in the pictures, but those where an encoder only mended its picture."""
        edits = {shot.in_frame for shot in self._cue.shots}
        cuts = (Cut(frame, self._strength(frame, frame)) for frame in frames if frame not in edits)
        return [cut for cut in cuts if cut.strength >= _LEAST_FOUND]

    def fades(self, ramps: Sequence[Fade]) -> list[Cut]:
        out = []
        for ramp in ramps:
            first, last = self._cue.in_frame + ramp.start, self._cue.in_frame + ramp.end
            if not self._listed(first, last):
                out.append(Cut((first + last) // 2, self._strength(first, last), "fade", last - first))
        return out

    def dips(
        self, frames: Sequence[int], ramps: Sequence[Fade], black: Sequence[tuple[int, int]]
    ) -> list[Cut]:
        """Dips to black that no even ramp surrounds, like a flash of black between two shots."""
        out = []
        for frame in frames:
            row = frame - self._cue.in_frame
            start, end = next((span for span in black if span[0] <= row <= span[1]), (row, row))
            near = any(ramp.start <= end and start <= ramp.end for ramp in ramps)
            if near or np.any((self._walls >= start) & (self._walls <= end)):
                continue
            first, last = self._cue.in_frame + start, self._cue.in_frame + end
            out.append(Cut((first + last) // 2, self._strength(first, last), "fade", last - first))
        return out

    def _listed(self, first: int, last: int) -> bool:
        """Whether the edit list already has this fade, as a dissolve from or to a gap."""
        spans = (dissolve(self._cue, shot) for shot in self._cue.shots[1:] if any(shot.dissolve_frames))
        return any(start < last and first < end for start, end in spans)

    def _strength(self, first: int, last: int) -> float:
        """Of the change that lasts from record frame `first` to `last` (the same for a cut)."""
        start, end = first - self._cue.in_frame, last - self._cue.in_frame
        count = len(self._seen)
        earlier = self._walls[self._walls < start]
        later = self._walls[self._walls > end]
        floor = max(int(earlier[-1]) if len(earlier) else 0, start - self._window)
        ceiling = min(int(later[0]) if len(later) else count, end + self._window)
        left = slice(min(floor, max(0, start - 1)), max(start, 1))
        right = slice(min(end, count - 1), max(ceiling, end + 1))
        if not (self._seen[left].all() and self._seen[right].all()):
            return UNSEEN_STRENGTH
        return self._look.strength(left, right)

    def _through(self, before: Shot, shot: Shot) -> bool:
        """Whether the picture runs on over the edit as if there were none."""
        if before.media is None or before.media != shot.media or before.kind != shot.kind:
            return False
        if shot.kind == "still":
            return True
        rate = self._cue.rate
        apart = abs(before.source_s(shot.in_frame, rate) - shot.source_s(shot.in_frame, rate))
        return before.speed == shot.speed and apart < rate.seconds(1) / 2


def _unseen(cue: Cue, seen: Record) -> tuple[Span, ...]:
    """What was not seen, and the gaps but for the dissolves into and out of them."""
    hidden = ~seen.seen
    for shot, following in zip_longest(cue.shots, cue.shots[1:]):
        if shot.kind == "gap":
            first = max(dissolve(cue, shot)[1], shot.in_frame)
            last = shot.out_frame_exclusive
            if following is not None:
                last = min(last, dissolve(cue, following)[0])
            hidden[max(0, first - cue.in_frame) : max(0, last - cue.in_frame)] = True
    return tuple(Span(cue.in_frame + start, cue.in_frame + end) for start, end in runs(hidden))


def _unseen_problems(cue: Cue, seen: Record, problems: Sequence[Problem]) -> list[Problem]:
    """Sentences for what is not seen and was not yet told."""
    out: list[Problem] = []
    offline = [shot.name for shot in cue.shots if shot.kind == "offline"]
    if offline and not any(problem.kind == "offline" for problem in cue.problems):
        names = ", ".join(f"'{name}'" for name in offline[:3]) + (" and others" if len(offline) > 3 else "")
        out.append(
            Problem("offline", f"{names} cannot be seen: relink the media, or give their folder with --media")
        )
    if any(problem.kind == "picture" for problem in problems):
        return out
    short: set[str] = set()
    for shot in cue.shots:
        first, last = max(0, shot.in_frame - cue.in_frame), shot.out_frame_exclusive - cue.in_frame
        if shot.media is None or shot.kind == "offline" or seen.seen[first : max(first, last)].all():
            continue
        name = shot.media.path.rpartition("/")[2]
        if name not in short:
            short.add(name)
            out.append(
                Problem(
                    "short", f"'{name}' is shorter than the edit uses ('{shot.name}'): the rest is not seen"
                )
            )
    return out


def _curve(values: npt.NDArray[np.float32]) -> tuple[float, ...]:
    # Six digits are more than a picture of 8 bits has, and make the written Picture half as long.
    return tuple(np.round(np.clip(values, 0, 1).astype(np.float64), 6).tolist())
