"""Takes, and the windows of music that comes in windows, kept when they are finished and not made twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .build import build_id
from .errors import InputError
from .generator import Generator, TakeRequest
from .models.stepped import STEPPED_DOWN
from .picture.source import media_sha256
from .progress import Cancel, Heard, Progress, nobody
from .serial import from_json, to_json
from .store.durable import durable_write
from .store.stages import Done, Stages, stage_key
from .types import Take

TAKE, WINDOW = "take", "window"
_TOKENS = "tokens"


def take_key(request: TakeRequest, made_by: Mapping[str, str], cancel: Cancel) -> str:
    """All that decides a take: the request, the bytes of its media, this engine, and what `made_by` adds.

    Media that cannot be read decide nothing: they are not seen.
    """
    media = {}
    for shot in request.cue.shots:
        if shot.media is not None:
            try:
                media[shot.media.path] = media_sha256(shot.media, cancel)
            except InputError as error:
                media[shot.media.path] = str(error)
    return stage_key(TAKE, to_json(request), media, dict(made_by), build_id())


class KeptTakes:
    """A generator whose takes are kept. What it makes lies in `folder`, made now or before."""

    def __init__(self, inner: Generator, folder: Path, stages: Stages) -> None:
        self.name = inner.name
        self.inner = inner
        self._folder = folder
        self._stages = stages

    def made_by(self, request: TakeRequest) -> Mapping[str, str]:
        return self.inner.made_by(request)

    def generate(
        self, request: TakeRequest, *, progress: Progress, cancel: Cancel, heard: Heard = nobody
    ) -> Take:
        """As the inner generator does, or its take of an earlier time."""
        key = take_key(request, {"name": self.name, **self.made_by(request)}, cancel)
        found = self._stages.load(TAKE, key, self._folder.joinpath, cancel)
        if found is None:
            take = self.inner.generate(request, progress=progress, cancel=cancel, heard=heard)
            if STEPPED_DOWN not in take.extra:
                # Else it is not the take of this request: the next run tries that again.
                self._stages.keep(TAKE, key, _as_stage(take))
            return take
        return _placed(from_json(Take, dict(found.facts)), self._folder)


class KeptTokens:
    """The finished windows of the take with this key."""

    def __init__(self, key: str, folder: Path, stages: Stages, cancel: Cancel) -> None:
        self._key = key
        self._folder = folder
        self._stages = stages
        self._cancel = cancel

    def load(self, index: int) -> npt.NDArray[np.int64] | None:
        """int64 [candidates, K, steps], or None."""
        found = self._stages.load(WINDOW, self._name(index), self._folder.joinpath, self._cancel)
        if found is None:
            return None
        shape = tuple(found.facts["shape"])
        data = found.files[_file(index)].read_bytes()
        return np.frombuffer(data, "<u2").astype(np.int64).reshape(shape)

    def keep(self, index: int, codes: npt.NDArray[np.int64]) -> None:
        data = np.ascontiguousarray(codes, "<u2").tobytes()
        path = self._folder / _file(index)
        durable_write(path, data)
        name = _file(index)
        done = Done({"shape": list(codes.shape)}, {name: path}, {name: hashlib.sha256(data).hexdigest()})
        self._stages.keep(WINDOW, self._name(index), done)

    def _name(self, index: int) -> str:
        return stage_key(WINDOW, self._key, index)


def _file(index: int) -> str:
    return f"window{index:03}.tokens"


def _as_stage(take: Take) -> Done:
    """The take with names in place of paths."""
    files = {Path(stem.path).name: Path(stem.path) for stem in take.stems}
    sha256s = {Path(stem.path).name: stem.sha256 for stem in take.stems}
    extra = dict(take.extra)
    if _TOKENS in extra:
        path = Path(extra[_TOKENS])
        files[path.name] = path
        sha256s[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        extra[_TOKENS] = path.name
    stems = tuple(replace(stem, path=Path(stem.path).name) for stem in take.stems)
    return Done(to_json(replace(take, stems=stems, extra=extra)), files, sha256s)


def _placed(take: Take, folder: Path) -> Take:
    extra = dict(take.extra)
    if _TOKENS in extra:
        extra[_TOKENS] = str(folder / extra[_TOKENS])
    stems = tuple(replace(stem, path=str(folder / stem.path)) for stem in take.stems)
    return replace(take, stems=stems, extra=extra)
