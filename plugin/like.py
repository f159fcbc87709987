"""The temp track that `--like` names, listened to: a file, or a track of the timeline's own sound."""

from __future__ import annotations

import difflib
import hashlib
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..engine.audio.decode import SoundFile, damage
from ..engine.audio.likeness import Heard, hear
from ..engine.audio.mixdown import timeline_blocks
from ..engine.errors import InputError, OptionError, Problem
from ..engine.plan.like import WHOLE, stretch_name
from ..engine.progress import Cancel, Progress, Step
from ..engine.timebase import SAMPLE_RATE
from ..engine.types import Cue

NONE = "none"
TRACK = "track:"
# Longer than any piece of music for one film; a broken time stamp may claim days.
_MOST_S = 4 * 3600

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TempTrack:
    """What was heard, where from, and what that could not be read."""

    source: str
    sha256: str
    heard: Heard
    problems: tuple[Problem, ...]


def listen_to(like: str, timeline: Cue, *, progress: Progress, cancel: Cancel) -> TempTrack:
    """Listen to the file, or to `track:NAME` of the whole timeline.

    InputError for a file without readable sound, OptionError for a track that the timeline has not.
    """
    problems: list[Problem] = []
    if like.startswith(TRACK):
        name = _track(like.removeprefix(TRACK), timeline)
        digest = hashlib.sha256()
        alone = tuple(sound for sound in timeline.sounds if sound.track == name)
        blocks = timeline_blocks(replace(timeline, sounds=alone), problems)
        place = stretch_name(timeline.in_frame, timeline.out_frame_exclusive)
        heard = hear({place: _hashed(_watched(blocks, like, progress, cancel), digest)})
        return TempTrack(f"track {name}", digest.hexdigest(), heard, tuple(problems))
    path = Path(like)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise InputError(
            f"there is no file '{like}' to be like: check the name, or give {TRACK}NAME"
        ) from None
    if not stat.S_ISREG(mode):
        raise InputError(f"'{like}' is not a file: --like takes a file with sound, or {TRACK}NAME")
    with SoundFile(path, cancel=cancel) as file:
        heard = hear({WHOLE: _watched(file.rest(), like, progress, cancel)})
        if file.damaged:
            problems.append(damage(path))
    with path.open("rb") as data:
        sha256 = hashlib.file_digest(data, "sha256").hexdigest()
    return TempTrack(path.name, sha256, heard, tuple(problems))


def _track(asked: str, timeline: Cue) -> str:
    """The exact name of the track."""
    names = sorted({sound.track for sound in timeline.sounds})
    if asked in names:
        return asked
    alike = [name for name in names if name.casefold() == asked.casefold()]
    if len(alike) == 1:
        return alike[0]
    near = difflib.get_close_matches(asked, names, 1)
    if near:
        raise OptionError(f"no sound on a track called '{asked}': did you mean '{near[0]}'?")
    known = f"the tracks with sound are {', '.join(names)}" if names else "the timeline has no sound here"
    raise OptionError(f"no sound on a track called '{asked}': {known}")


def _watched(blocks: Iterable[Floats], like: str, progress: Progress, cancel: Cancel) -> Iterator[Floats]:
    done = 0
    for block in blocks:
        cancel.check()
        done += len(block)
        if done > _MOST_S * SAMPLE_RATE:
            raise InputError(
                f"'{like}' is longer than {_MOST_S // 3600} hours: give the piece of it that is meant"
            )
        progress(Step("read", 0, 1, f"listening to {like}"))
        yield block


def _hashed(blocks: Iterable[Floats], digest: hashlib._Hash) -> Iterator[Floats]:
    for block in blocks:
        digest.update(np.ascontiguousarray(block).tobytes())
        yield block
