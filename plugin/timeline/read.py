"""Read any timeline or film: `read_timeline` is the one door for what a user names as input."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path

from ...engine.errors import InputError, Problem
from ...engine.timebase import Rate
from .assemble import assemble
from .bundle import CONTENT, ZipBundle
from .document import Document
from .film import film_timeline
from .formats import TIMELINES, Source, parse
from .precheck import MAX_BYTES, check
from .shelf import Shelf

FILMS = (
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mxf", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".ogv",
    ".wmv", ".flv", ".dv", ".gif",
)  # fmt: skip


def read_timeline(path: Path, *, rate: Rate | None = None, media_dirs: tuple[Path, ...] = ()) -> Document:
    """A timeline of any format, or a film, with everything that is seen and heard on it.

    `rate` is needed for edit lists and otherwise overrules the timeline. `media_dirs` are searched by name
    for media that are not where the timeline says. InputError when it is unreadable or empty; media that
    cannot be had are Problems and unseen shots.
    """
    path = Path(path).absolute()
    suffix = path.suffix.lower()
    _check_folders(media_dirs)
    if suffix == ".otiod" or _holds(path / CONTENT, stat.S_ISREG):
        return _read_folder(path, rate, media_dirs)
    _check_file(path)
    if suffix == ".otioz":
        sha256 = _hash(path)
        bundle = ZipBundle(path, sha256)
        source = Source(check(bundle.content(), path.name))
        shelf = Shelf(path.parent, media_dirs, bundle=bundle)
        return _document(path, source, shelf, rate, sha256)
    if suffix in TIMELINES:
        if path.stat().st_size > (MAX_BYTES if suffix != ".aaf" else MAX_BYTES * 16):
            raise InputError(
                f"'{path.name}' has {path.stat().st_size >> 20} MB, too many for a timeline: split it"
            )
        data = _bytes(path)
        source = parse(suffix, data, path, rate)
        shelf = Shelf(path.parent, media_dirs, names_only=source.names_only)
        return _document(path, source, shelf, rate, hashlib.sha256(data).hexdigest())
    return _read_film(path, rate)


def _read_folder(path: Path, rate: Rate | None, media_dirs: tuple[Path, ...]) -> Document:
    content = path / CONTENT
    if not _holds(content, stat.S_ISREG):
        what = f"holds no {CONTENT}" if _holds(path, stat.S_ISDIR) else "was not found"
        raise InputError(f"'{path}' {what}: give a timeline like cut.otio, or a film")
    if content.stat().st_size > MAX_BYTES:
        raise InputError(
            f"'{content}' has {content.stat().st_size >> 20} MB, too many for a timeline: split it"
        )
    data = _bytes(content)
    source = Source(check(data, path.name))
    return _document(path, source, Shelf(path, media_dirs), rate, hashlib.sha256(data).hexdigest())


def _read_film(path: Path, rate: Rate | None) -> Document:
    from ...engine.picture.decode import probe

    if path.suffix.lower() not in FILMS:
        known = " ".join(TIMELINES)
        raise InputError(
            f"'{path.name}' is neither a timeline ({known}) nor a film: export the timeline as .otio"
        )
    info = probe(path)
    data, rate, drop = film_timeline(path, info, rate)
    # The shelf need not open the film a second time.
    shelf = Shelf(path.parent, probe=lambda _: info)
    return _document(path, Source(data, rate, drop), shelf, rate, _hash(path), find_cuts=True)


def _document(
    path: Path, source: Source, shelf: Shelf, rate: Rate | None, sha256: str, *, find_cuts: bool = False
) -> Document:
    made = assemble(source.data, shelf, wanted=rate, said=source.rate)
    if not made.frames:
        raise InputError(
            f"'{path.name}' is an empty timeline, without picture or sound: export one that has clips"
        )
    drop = source.drop_frame and made.rate.drops
    problems: list[Problem] = [*source.problems, *made.problems]
    return Document(
        path=path,
        data=source.data,
        rate=made.rate,
        start_timecode_frame=made.start_timecode_frame,
        drop_frame=drop,
        frames=made.frames,
        shots=made.shots,
        sounds=made.sounds,
        markers=made.markers,
        problems=tuple(dict.fromkeys(problems)),
        find_cuts=find_cuts,
        sha256=sha256,
    )


def _check_folders(folders: tuple[Path, ...]) -> None:
    for folder in folders:
        if not _holds(folder, stat.S_ISDIR):
            raise InputError(f"'{folder}' is not a folder: give --media one that holds the media")


def _holds(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether `path` is there and of that kind. False for what no file system takes, like names too long."""
    try:
        return kind(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        raise InputError(f"'{path}' was not found: check the name") from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"'{path}' is a folder: give a timeline like cut.otio, or a film")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"'{path}' is not a regular file: give a timeline like cut.otio, or a film")


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES * 16 + 1)
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}): check its permissions") from None


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}): check its permissions") from None
