"""Where the media of a timeline are: found by url, else by name under the folders the user named; looked at
once.

Nothing here is fatal. A medium that cannot be had makes its shots unseen, and one Problem for all of them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ...engine.errors import InputError, OptionError, Problem, UserError
from ...engine.timebase import Rate, parse_timecode
from ...engine.types import ImageSequence, Media
from ...engine.urls import RefusedUrl, check_local, name_of_url, path_of_url
from . import clock
from .schemas import Json, noun

if TYPE_CHECKING:
    from ...engine.picture.decode import MediaInfo

Probe = Callable[[Path], "MediaInfo"]
# More distinct files than this are not opened beforehand: what they are is seen when their pictures are read.
_MOST_PROBES = 400
_ONLY_A_NAME = "is only named in an edit list (--media names a folder to search)"
_STILLS = frozenset(
    (
        ".png",
        ".jpg",
        ".jpeg",
        ".tif",
        ".tiff",
        ".bmp",
        ".dpx",
        ".exr",
        ".webp",
        ".gif",
        ".tga",
        ".psd",
        ".hdr",
    )
)
_SOUNDS = frozenset(
    (".wav", ".aif", ".aiff", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".caf", ".w64")
)


class Bundle(Protocol):
    """Media packed with the timeline."""

    def fetch(self, url: str) -> Path | None:
        """The file that a relative url of the bundle means, or None when the bundle does not hold it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One medium. `problem` says why it cannot be had; `info` is None where it was not opened."""

    media: Media | None
    kind: str = "video"
    info: MediaInfo | None = None
    problem: str = ""


@dataclass(slots=True)
class _Loss:
    kind: str
    # The file's name, "" for clips without one.
    name: str
    problem: str
    clips: list[str] = field(default_factory=list)


class Shelf:
    """All media of one timeline that lies in `folder`."""

    def __init__(
        self,
        folder: Path,
        media_dirs: Iterable[Path] = (),
        *,
        bundle: Bundle | None = None,
        probe: Probe | None = None,
        names_only: bool = False,
    ) -> None:
        self._folder = folder
        self._finder = _Finder(tuple(media_dirs))
        self._bundle = bundle
        self._probe = probe or _probe
        # An EDL's names come from anywhere: they are looked for, never opened where they point.
        self._names_only = names_only
        self._found: dict[tuple[object, ...], Found] = {}
        self._infos: dict[Path, MediaInfo | str] = {}
        self._losses: dict[tuple[object, ...], _Loss] = {}

    def find(self, reference: Json | None, clip: str, *, need_info: bool = False) -> Found:
        """The medium of a clip's media reference. `need_info` asks for a look inside in any case."""
        key = _identity(reference, clip)
        found = self._found.get(key)
        if found is None or (need_info and found.info is None and not found.problem):
            found = self._find(reference, clip, need_info)
            self._found[key] = found
        return found

    def length_s(self, reference: Json | None, clip: str) -> Fraction:
        """How long a medium is by its file; 0 where that is not known."""
        info = self.find(reference, clip, need_info=True).info
        return info.duration_s if info is not None else Fraction(0)

    def lost(
        self, reference: Json | None, clip: str, problem: str, kind: Literal["offline", "silent"]
    ) -> None:
        """Note that a clip is without picture or sound; one Problem is made for each medium."""
        key: tuple[object, ...] = (kind,)
        name = ""
        if noun(reference) not in ("", "MissingReference"):
            key = (kind, *_identity(reference, clip))
            name = _name(reference or {})
        self._losses.setdefault(key, _Loss(kind, name, problem)).clips.append(clip)

    def problems(self) -> tuple[Problem, ...]:
        return tuple(_sentence(loss) for loss in self._losses.values()) + tuple(self._finder.problems)

    def _find(self, reference: Json | None, clip: str, need_info: bool) -> Found:
        kind = noun(reference)
        if reference is None or kind == "MissingReference":
            path = self._finder.by_name(clip, Path(clip))
            return self._look(path, need_info) if path else Found(None, problem="has no media reference")
        if kind == "GeneratorReference":
            made = reference.get("generator_kind") or "generator"
            return Found(None, problem=f"is made by the editor ('{made}'), there is no file to look at")
        if kind == "ImageSequenceReference":
            return self._sequence(reference)
        url = reference.get("target_url") if kind == "ExternalReference" else None
        if not url:
            return Found(None, problem="has a media reference without a file")
        return self._external(url, need_info)

    def _external(self, url: str, need_info: bool) -> Found:
        wanted: Path | None = None
        if self._bundle is not None:
            try:
                packed = self._bundle.fetch(url)
            except UserError as error:
                return Found(None, problem=f"could not be unpacked ({error})")
            if packed is not None:
                return self._look(packed, need_info)
        try:
            wanted = path_of_url(url, self._folder)
            problem = _absent(wanted) if not self._names_only else _ONLY_A_NAME
        except RefusedUrl as refused:
            problem = str(refused)
        if wanted is not None and not self._names_only:
            state = _state(wanted)
            if state == "":
                return self._look(wanted, need_info)
            if state != "absent":
                problem = state
        relinked = self._finder.by_name(name_of_url(url), wanted or Path(name_of_url(url)))
        if relinked is not None:
            return self._look(relinked, need_info)
        return Found(Media(str(wanted)) if wanted else None, problem=problem)

    def _sequence(self, reference: Json) -> Found:
        prefix = reference.get("name_prefix") or ""
        suffix = reference.get("name_suffix") or ""
        start = int(reference.get("start_frame", 1))
        padding = int(reference.get("frame_zero_padding", 0))
        try:
            folder = path_of_url(str(reference.get("target_url_base") or "."), self._folder)
            rate = Rate.of(reference.get("rate") or 1)
        except (RefusedUrl, OptionError) as refused:
            return Found(None, problem=str(refused))
        if any(mark in prefix + suffix for mark in ("/", "\\", "\0")):
            return Found(None, problem="has file names with a slash")
        step = int(reference.get("frame_step", 1)) or 1
        sequence = ImageSequence(prefix, suffix, padding, start, step, rate)
        first = f"{prefix}{'-' if start < 0 else ''}{abs(start):0{padding}}{suffix}"
        state = "absent" if self._names_only else _state(folder / first)
        if state == "absent":
            relinked = self._finder.by_name(first, folder / first)
            if relinked is None:
                return Found(
                    Media(str(folder), sequence),
                    problem=_ONLY_A_NAME if self._names_only else _absent(folder / first),
                )
            folder = relinked.parent
        elif state:
            return Found(Media(str(folder), sequence), problem=state)
        info = self._info(folder / first)
        if isinstance(info, str):
            return Found(Media(str(folder), sequence), problem=info)
        return Found(Media(str(folder), sequence))

    def _look(self, path: Path, need_info: bool) -> Found:
        media = Media(str(path))
        guess = _kind_by_name(path)
        if len(self._infos) >= _MOST_PROBES and not need_info and path not in self._infos:
            return Found(media, guess)
        info = self._info(path)
        if isinstance(info, str):
            return Found(media, guess, problem=info)
        return Found(media, info.kind, info)

    def _info(self, path: Path) -> MediaInfo | str:
        """What a file holds, or why that is not known."""
        if path not in self._infos:
            try:
                self._infos[path] = self._probe(path)
            except InputError as error:
                self._infos[path] = f"could not be read ({error})"
        return self._infos[path]


def start_timecode_s(info: MediaInfo | None) -> Fraction:
    """Seconds from 00:00:00:00 at which the file's own timecode begins; 0 without one."""
    if info is None or info.start_timecode is None or info.rate is None:
        return Fraction(0)
    try:
        return info.rate.seconds(parse_timecode(info.start_timecode, info.rate))
    except OptionError:
        return Fraction(0)


def zero_s(reference: Json | None, start_s: Fraction, info: MediaInfo | None) -> Fraction:
    """What a medium's own clock shows at the first picture of its file.

    A reference without an available range says nothing about it: then it is the file's own timecode, unless
    the clip starts before that and so counts from 0.
    """
    available = (reference or {}).get("available_range")
    if available is not None:
        return clock.seconds(available["start_time"])
    timecode_s = start_timecode_s(info)
    return timecode_s if start_s >= timecode_s else Fraction(0)


def _probe(path: Path) -> MediaInfo:
    from ...engine.picture.decode import probe

    return probe(path)


def _kind_by_name(path: Path) -> str:
    suffix = path.suffix.lower()
    return "still" if suffix in _STILLS else "audio" if suffix in _SOUNDS else "video"


def _identity(reference: Json | None, clip: str) -> tuple[object, ...]:
    kind = noun(reference)
    if reference is None or kind == "MissingReference":
        return ("", clip)
    if kind == "ImageSequenceReference":
        keys = ("target_url_base", "name_prefix", "name_suffix", "start_frame", "frame_zero_padding")
        return (kind, *(reference.get(key) for key in keys))
    return (kind, reference.get("target_url") or reference.get("generator_kind") or "")


def _state(path: Path) -> str:
    """ "" for a regular file, "absent", or why it is not opened."""
    try:
        status = path.stat()
        check_local(path.resolve())
    except RefusedUrl as refused:
        return str(refused)
    except (OSError, ValueError, RuntimeError):  # no such file, a name too long, a loop of links
        return "absent"
    if stat.S_ISREG(status.st_mode):
        return ""
    return "is a folder" if stat.S_ISDIR(status.st_mode) else "is a device or a pipe, not media"


def _name(reference: Json) -> str:
    if noun(reference) == "ImageSequenceReference":
        return f"{reference.get('name_prefix') or ''}*{reference.get('name_suffix') or ''}"
    return name_of_url(reference.get("target_url") or "")


def _absent(path: Path) -> str:
    return f"was not found at '{path}' (--media names a folder to search)"


def _sentence(loss: _Loss) -> Problem:
    names = list(dict.fromkeys(loss.clips))
    clips = ", ".join(f"'{name}'" for name in names[:3])
    if len(names) > 3:
        clips += f" and {len(names) - 3} more"
    effect = "not seen" if loss.kind == "offline" else "not heard"
    if loss.name:
        return Problem(loss.kind, f"'{loss.name}' of {clips} is {effect}: it {loss.problem}")
    each = f"is {effect}, as it" if len(names) == 1 else f"are {effect}, as each"
    return Problem(loss.kind, f"{clips} {each} {loss.problem}")


class _Finder:
    """Files by name under the folders given with --media. The folders are walked when the first file is
    missing.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        self._index: dict[str, list[Path]] | None = None
        self.problems: list[Problem] = []

    def by_name(self, name: str, wanted: Path) -> Path | None:
        """A file called `name`; of several the one whose folders are most like `wanted`'s."""
        if not self._folders or not name:
            return None
        if self._index is None:
            self._index = self._walk()
        alike = self._index.get(name.casefold(), [])
        if not alike and not Path(name).suffix:
            alike = self._index.get("stem:" + name.casefold(), [])
        same = [path for path in alike if path.name == name] or alike
        if len(same) < 2:
            return same[0] if same else None
        ranked = sorted(same, key=lambda path: (-_common_end(path, wanted), len(path.parts), str(path)))
        if _common_end(ranked[0], wanted) == _common_end(ranked[1], wanted):
            self.problems.append(
                Problem("relinked", f"{len(same)} files are called '{name}': '{ranked[0]}' was taken")
            )
        return ranked[0]

    def _walk(self) -> dict[str, list[Path]]:
        index: dict[str, list[Path]] = {}
        for top in self._folders:
            for folder, below, names in os.walk(top):
                below.sort()
                for name in sorted(names):
                    path = Path(folder, name).absolute()
                    if _state(path) == "":
                        index.setdefault(name.casefold(), []).append(path)
                        if path.stem.casefold() != name.casefold():
                            index.setdefault("stem:" + path.stem.casefold(), []).append(path)
        return {name: list(dict.fromkeys(paths)) for name, paths in index.items()}


def _common_end(path: Path, wanted: Path) -> int:
    """How many folders, from the file upwards, have the same names."""
    count = 0
    for one, other in zip(reversed(path.parts[:-1]), reversed(wanted.parts[:-1]), strict=False):
        if one.casefold() != other.casefold():
            break
        count += 1
    return count
