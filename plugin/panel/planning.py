"""The plan of a cue under its wishes, asked for again and again while an editor works on it.

What a worker read it keeps for the next question: pictures, temp tracks, plans.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from ...engine.errors import Problem
from ...engine.plan.around import solve_around
from ...engine.plan.asked import asked_of
from ...engine.plan.plan import make_plan
from ...engine.plan.reading import read_aloud
from ...engine.plan.tempo import TOLERANCE_SAMPLES
from ...engine.progress import Cancel, Progress
from ...engine.serial import from_json, to_json
from ...engine.store.stages import stage_key
from ...engine.types import Cue, Hit, Picture, Plan, Score
from ...engine.wishes import wishes_of
from ...ui.session import Controls
from ..like import NONE, TRACK, TempTrack, listen_to
from ..runfolder import default_folder
from ..score import answers, saved_score, shared_score
from ..timeline.read import read_timeline
from ..timeline.select import select_cues
from .letters import opened
from .orders import SCORE, options_of
from .seen import read_picture

T = TypeVar("T")


class _Recent(Generic[T]):
    """The last few values by name."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, T] = OrderedDict()

    def get(self, name: str) -> T | None:
        if name in self._values:
            self._values.move_to_end(name)
        return self._values.get(name)

    def put(self, name: str, value: T) -> None:
        self._values[name] = value
        self._values.move_to_end(name)
        while len(self._values) > self._most:
            self._values.popitem(last=False)


_PLANS: _Recent[Plan] = _Recent(16)
_TEMPS: _Recent[TempTrack] = _Recent(4)


@lru_cache(maxsize=4)
def picture_at(path: str, sha256: str) -> Picture:
    """As `read_picture`, read once."""
    return read_picture(Path(path), sha256)


def score_of(
    cue: Cue,
    picture: Picture,
    controls: Controls,
    seed: int,
    source: Path,
    takes: Path,
    progress: Progress,
    cancel: Cancel,
) -> Score:
    """The Score that a take of the cue is made with.

    That of a take with this seed, where there is one that answers the controls: what is shown and heard of a
    take belongs to it. Else that of the film, where an earlier run saved one beside the timeline: cues scored
    later belong to the same film, with `seed` for the parts. Else a new one. UserError for a style, words of
    mood or a temp track that are none.
    """
    options = replace(options_of(controls, controls.seed, source), drawn_seed=seed)
    temp = None
    if controls.like not in ("", NONE):
        temp = _temp_track(controls.like, source, progress, cancel)
    for folder in sorted(takes.iterdir(), reverse=True) if takes.is_dir() else []:
        own = _saved(folder / SCORE)
        if own is not None and own.seed == seed and answers(own, options, temp):
            return replace(own, fit=controls.fit or own.fit)
    saved = _saved(default_folder(source) / SCORE)
    return replace(shared_score(options, saved, [cue], [picture], temp), seed=seed)


def _saved(path: Path) -> Score | None:
    try:
        stamp = path.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _saved_at(path, stamp)


@lru_cache(maxsize=256)
def _saved_at(path: Path, stamp: int) -> Score | None:
    return saved_score(path)


def temp_problems(
    controls: Controls, source: Path, progress: Progress, cancel: Cancel
) -> tuple[Problem, ...]:
    """What of the temp track that the controls name could not be read."""
    if controls.like in ("", NONE):
        return ()
    return _temp_track(controls.like, source, progress, cancel).problems


def _temp_track(like: str, source: Path, progress: Progress, cancel: Cancel) -> TempTrack:
    name = stage_key("temp", like, _stamp(source if like.startswith(TRACK) else Path(like)))
    known = _TEMPS.get(name)
    if known is None:
        # A track is of the whole timeline; a file needs none.
        document = read_timeline(source)
        known = listen_to(like, select_cues(document)[0], progress=progress, cancel=cancel)
        _TEMPS.put(name, known)
    return known


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return []
    return [status.st_size, status.st_mtime_ns]


def plan_of(cue: Cue, picture: Picture, seen: str, score: Score) -> Plan:
    """As `make_plan`, or as it was planned for the panel a moment ago; `seen` is the picture's sha256."""
    name = _name(cue, seen, score)
    plan = _PLANS.get(name)
    if plan is None:
        plan = make_plan(cue, picture, score)
        _PLANS.put(name, plan)
    return plan


def answer_plan(params: dict[str, Any], progress: Progress, cancel: Cancel) -> dict[str, Any]:
    """The fields of a `ui.ports.Planned`."""
    cue = from_json(Cue, opened(params["cue"]))
    picture = picture_at(params["picture"]["path"], params["picture"]["sha256"])
    controls = from_json(Controls, params["controls"])
    source, takes = Path(params["source"]), Path(params["takes"])
    score = score_of(cue, picture, controls, params["seed"], source, takes, progress, cancel)
    before = opened(params["before"]) if params["before"] is not None else None
    full = before is None or from_json(Score, before["score"]) != score
    if before is None or full:
        plan = make_plan(cue, picture, score)
    else:
        plan = solve_around(cue, picture, score, from_json(Plan, before["plan"]))
    _PLANS.put(_name(cue, params["picture"]["sha256"], score), plan)
    return {
        "score": score,
        "plan": plan,
        "hits": hit_rows(cue, plan),
        "sentence": words_of(cue, picture, plan, score),
        "full": full,
    }


def hit_rows(cue: Cue, plan: Plan) -> list[dict[str, Any]]:
    """The fields of `ui.ports.HitRow` for every hit, in time."""
    wished = {hit.frame for hit in wishes_of(cue).hits}
    downbeats, beats = plan.downbeats, plan.beats
    rows = []
    for hit in plan.hits:
        # A strong hit, and one that is to be avoided, is about downbeats; any beat meets a weak one.
        grid = downbeats if hit.strong or hit.kind == "avoid" else beats
        rows.append(_row(cue, grid, hit, wished=hit.frame in wished))
    return rows


def _row(cue: Cue, grid: Sequence[int], hit: Hit, *, wished: bool) -> dict[str, Any]:
    at = bisect_left(grid, hit.sample)
    late = min(
        (sample - hit.sample for sample in grid[max(at - 1, 0) : at + 1]), key=abs, default=cue.samples
    )
    near = abs(late) <= TOLERANCE_SAMPLES
    return {
        "frame": hit.frame,
        "kind": hit.kind,
        "strength": hit.strength,
        "name": hit.name,
        "strong": hit.strong,
        "met": near != (hit.kind == "avoid"),
        "error_frames": round(late * float(cue.rate.fps) / 48_000, 3),
        "from_wish": wished,
    }


def words_of(cue: Cue, picture: Picture, plan: Plan, score: Score) -> list[dict[str, Any]]:
    """The fields of `ui.ports.Word` for the sentence that tells how the picture was read."""
    read = read_aloud(picture, plan, asked_of(score, wishes_of(cue)))
    moods = [(one.text, {"mood": one.word}) for one in read.moods]
    courses = [(one.text, {"course": one.curve}) for one in read.courses]
    tempi = [(one.text, {"tempo_bpm": one.bpm} if one.bpm else {"plain": True}) for one in read.tempi]
    keys = [
        (one.text, {"tonic": one.tonic, "mode": one.mode} if one.mode else {"plain": True})
        for one in read.keys
    ]
    words: list[tuple[str, str, list[tuple[str, dict[str, Any]]]]] = [
        ("mood", read.mood, moods),
        ("course", read.course, courses),
        ("tempo", read.tempo, tempi),
        ("key", read.key, keys),
    ]
    return [{"what": what, "text": text, "choices": choices} for what, text, choices in words]


def _name(cue: Cue, seen: str, score: Score) -> str:
    # The film's list of cues decides no plan.
    return stage_key("plan", to_json(cue), seen, to_json(replace(score, spotting=())))
