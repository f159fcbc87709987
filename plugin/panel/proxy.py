"""The film of a cue for playback: small pictures, one a record frame, and the timeline's own sound beside.

A folder of the cache with `000000.jpg` ... counted from the cue's in-frame, `sound.wav` (float, 48 kHz
stereo, as long as the cue; absent where nothing sounds), and `proxy.json`, which says how much of it is
there. It grows while it is read: what proxy.json counts is whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...engine.audio.mixdown import timeline_blocks
from ...engine.audio.wav import WorkWriter
from ...engine.errors import InputError, Problem
from ...engine.paths import cache_dir
from ...engine.picture.decode import probe
from ...engine.progress import Cancel, Progress, Step
from ...engine.serial import from_json, pretty
from ...engine.store.durable import durable_write, output_error
from ...engine.store.stages import stage_key
from ...engine.store.temporary import temporary_path
from ...engine.timebase import Rate
from ...engine.types import Cue
from ..demo.preview import visible

WIDTH = 640
SOUND, FACTS = "sound.wav", "proxy.json"
# Widest and tallest shape of a frame that is kept as it is; 16:9 where no picture says.
_SHAPES = (Fraction(4, 10), Fraction(9, 16), Fraction(16, 9))
_QUALITY = 75
# Told of so often.
_PART_S = 2


@dataclass(frozen=True, slots=True)
class ProxyFacts:
    """`frames` pictures are there, of `total`; `sound` where there is any."""

    rate: Rate
    in_frame: int
    frames: int
    total: int
    width: int
    height: int
    complete: bool
    sound: bool


def proxy_folder(cue: Cue) -> Path:
    """One for what is seen and heard, whatever the cue is called and wished."""
    seen = [[shot, _stamp(shot.media.path) if shot.media is not None else []] for shot in cue.shots]
    heard = [[sound, _stamp(sound.media.path)] for sound in cue.sounds]
    key = stage_key("proxy", 1, str(cue.rate), cue.in_frame, cue.out_frame_exclusive, seen, heard)
    return cache_dir() / "proxies" / key


def make_proxy(
    cue: Cue, told: Callable[[Path, int], None], *, progress: Progress, cancel: Cancel
) -> tuple[Path, ProxyFacts]:
    """Make it, or go on where an earlier call was stopped; `told` hears of the frames that are there.

    What cannot be seen is black, what cannot be heard silent. OutputError when the cache cannot be written,
    Cancelled: what is there stays.
    """
    folder = proxy_folder(cue)
    facts = read_facts(folder)
    if facts is None:
        width, height = _size(cue)
        sound = _write_sound(folder, cue, progress, cancel)
        facts = ProxyFacts(cue.rate, cue.in_frame, 0, cue.frames, width, height, False, sound)
        _write_facts(folder, facts)
    if facts.frames:
        told(folder, facts.frames)
    if not facts.complete:
        for grown in _grown(folder, facts, cue, progress, cancel):
            told(folder, grown.frames)
            facts = grown
    return folder, facts


def read_facts(folder: Path) -> ProxyFacts | None:
    """None where none was begun, or what was is of no use."""
    try:
        facts = from_json(ProxyFacts, json.loads((folder / FACTS).read_bytes()))
    except (OSError, ValueError, InputError):
        return None
    # A cache may be cleaned while nobody looks.
    kept = facts.frames == 0 or _picture_path(folder, facts.frames - 1).is_file()
    return facts if kept and facts.sound == (folder / SOUND).is_file() else None


def _grown(
    folder: Path, facts: ProxyFacts, cue: Cue, progress: Progress, cancel: Cancel
) -> Iterator[ProxyFacts]:
    """The facts each time that two seconds more are there."""
    part = max(1, round(_PART_S * float(cue.rate.fps)))
    problems: list[Problem] = []
    first = cue.in_frame + facts.frames
    with closing(visible(cue, facts.width, facts.height, problems, first=first)) as pictures:
        for number, pixels in enumerate(pictures, start=facts.frames):
            cancel.check()
            _save(_picture_path(folder, number), pixels)
            there = number + 1
            progress(Step("proxy", there, facts.total, cue.name))
            if there % part == 0 or there == facts.total:
                facts = replace(facts, frames=there, complete=there == facts.total)
                _write_facts(folder, facts)
                yield facts


def _save(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    try:
        # Not durably: twenty-four times a second that takes as long as the rest, and what is lost in a power
        # cut is a picture that can be made again.
        Image.fromarray(pixels).save(path, "JPEG", quality=_QUALITY)
    except OSError as error:
        raise output_error(path, error) from error


def _write_sound(folder: Path, cue: Cue, progress: Progress, cancel: Cancel) -> bool:
    """False where nothing sounds."""
    if not cue.sounds:
        return False
    problems: list[Problem] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
    path = folder / SOUND
    part = temporary_path(path)
    try:
        with WorkWriter(part, cue.samples) as writer, closing(_blocks(cue, problems)) as blocks:
            for block in blocks:
                cancel.check()
                writer.write(block)
                progress(Step("proxy", 0, 1, f"{cue.name}: sound"))
        part.replace(path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return True


def _blocks(cue: Cue, problems: list[Problem]) -> Generator[npt.NDArray[np.float32]]:
    yield from timeline_blocks(cue, problems)


def _write_facts(folder: Path, facts: ProxyFacts) -> None:
    durable_write(folder / FACTS, pretty(facts))


def _picture_path(folder: Path, number: int) -> Path:
    return folder / f"{number:06}.jpg"


def _size(cue: Cue) -> tuple[int, int]:
    """Width and height, even: the shape of the first shot that says one."""
    lowest, usual, highest = _SHAPES
    shape = usual
    for shot in cue.shots:
        if shot.media is None or shot.kind == "offline" or shot.media.sequence is not None:
            continue
        try:
            info = probe(Path(shot.media.path))
        except InputError:
            continue
        if info.width and info.height:
            shape = min(highest, max(lowest, Fraction(info.height, info.width)))
            break
    return WIDTH, round(WIDTH * shape / 2) * 2


def _stamp(path: str) -> list[int]:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return []
    return [status.st_size, status.st_mtime_ns]
