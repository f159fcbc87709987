"""Small pictures of single frames, for the strip: kept in the cache by what they show."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...engine.errors import InputError
from ...engine.paths import cache_dir
from ...engine.picture.decode import shown_pictures
from ...engine.picture.source import sequence_file
from ...engine.progress import Cancel
from ...engine.store.durable import durable_write
from ...engine.store.stages import stage_key
from ...engine.timebase import Rate
from ...engine.types import Shot

_QUALITY = 80
# Is told of each as it is there: record frame, path.
Told = Callable[[int, Path], None]


def make_thumbs(
    shots: Sequence[Shot], frames: Sequence[int], rate: Rate, height: int, told: Told, cancel: Cancel
) -> None:
    """JPEGs of what the shots (in time) show at record `frames`, `height` pixels high.

    One pass a file. Frames that cannot be seen are left out: gaps, media that are offline or damaged.
    OutputError when the cache cannot be written.
    """
    wanted: dict[Path, list[tuple[Fraction, int, Path]]] = defaultdict(list)
    starts = [shot.in_frame for shot in shots]
    for frame in sorted(set(frames)):
        shot = shots[max(0, bisect_right(starts, frame) - 1)] if shots else None
        source = _source(shot, frame, rate) if shot is not None else None
        if source is None:
            continue
        path, time_s = source
        thumb = _thumb_path(path, time_s, height)
        if thumb is None:
            continue
        if thumb.exists():
            told(frame, thumb)
        else:
            wanted[path].append((time_s, frame, thumb))
    for path, asked in wanted.items():
        _read(path, sorted(asked), height, told, cancel)


def _read(
    path: Path, asked: list[tuple[Fraction, int, Path]], height: int, told: Told, cancel: Cancel
) -> None:
    try:
        with closing(shown_pictures(path, [time_s for time_s, _, _ in asked], cancel=cancel)) as pictures:
            for picture, (_, frame, thumb) in zip(pictures, asked, strict=False):
                cancel.check()
                if picture is not None:
                    durable_write(thumb, jpeg(scaled(picture.pixels, height)))
                    told(frame, thumb)
    except InputError:
        # What cannot be read is told of where the cue is looked at.
        return


def _source(shot: Shot, frame: int, rate: Rate) -> tuple[Path, Fraction] | None:
    """The file that is seen at a record frame, and where in it."""
    media = shot.media
    if media is None or shot.kind in ("gap", "offline"):
        return None
    if not shot.in_frame <= frame < shot.out_frame_exclusive:
        return None
    time_s = max(Fraction(0), shot.source_s(frame, rate))
    if media.sequence is not None:
        return sequence_file(media.path, media.sequence, int(time_s * media.sequence.rate.fps)), Fraction(0)
    return Path(media.path), Fraction(0) if shot.kind == "still" else time_s


def _thumb_path(path: Path, time_s: Fraction, height: int) -> Path | None:
    """None where there is no such file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    name = stage_key("thumb", str(path), status.st_size, status.st_mtime_ns, str(time_s), height)
    return cache_dir() / "thumbs" / name[:2] / f"{name}.jpg"


def scaled(pixels: npt.NDArray[np.uint8], height: int) -> Image.Image:
    """RGB uint8 [h, w, 3] as a picture of that height."""
    picture = Image.fromarray(pixels)
    width = max(1, round(picture.width * height / picture.height))
    return picture.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
