"""A film to look at: the cue's pictures with the music, and the timeline's own sound, in one mp4."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...engine.audio.decode import audio_blocks
from ...engine.audio.mixdown import timeline_blocks
from ...engine.errors import InputError, Problem
from ...engine.picture.decode import Frame, frames, probe
from ...engine.picture.features import EARLY_US
from ...engine.picture.source import sequence_file
from ...engine.progress import Cancel, Progress, Step, silent
from ...engine.timebase import SAMPLE_RATE
from ...engine.types import Cue, Shot
from .encode import FilmWriter, film_writer

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_EARLY_S = Fraction(EARLY_US, 1_000_000)
# Backwards a stretch of this length is decoded at a time.
_BACK_S = Fraction(1)


def mux_preview(
    cue: Cue,
    mix: Path,
    out: Path,
    *,
    head_samples: int = 0,
    width: int = 960,
    height: int = 540,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> tuple[Problem, ...]:
    """Write `out` (mp4): the visible picture of `cue` with the sound of `mix` and of the timeline.

    `head_samples` is where the cue begins in `mix` (its handle, at 48 kHz). What cannot be seen or heard is
    black or silent and comes back as problems. InputError when `mix` has no sound, OutputError when `out`
    cannot be written.
    """
    problems: list[Problem] = []
    start_s = Fraction(head_samples, SAMPLE_RATE)
    with film_writer(out, cue.rate, width, height, sound=True) as writer:
        music = audio_blocks(mix, samples=cue.samples, start_s=start_s, problems=problems)
        with closing(_Sound(_summed(timeline_blocks(cue, problems), music), writer)) as sound:
            for index, pixels in enumerate(visible(cue, width, height, problems)):
                if cancel is not None:
                    cancel.check()
                writer.picture(pixels)
                # Sound keeps pace with the picture, so that the file plays while it loads.
                sound.until(cue.sample(cue.in_frame + index + 1))
                if index % 24 == 0:
                    progress(Step("export", index / cue.frames, 1, out.name))
    return tuple(problems)


def _summed(first: Iterator[Floats], second: Iterator[Floats]) -> Generator[Floats]:
    """Two sounds of one length added, whatever their blocks."""
    rest = [np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)]
    while True:
        for side, source in enumerate((first, second)):
            if not len(rest[side]):
                rest[side] = next(source, rest[side])
        count = min(len(rest[0]), len(rest[1]))
        if not count:
            return
        yield rest[0][:count] + rest[1][:count]
        rest = [side[count:] for side in rest]


class _Sound:
    """Hands sound to the writer up to a sample."""

    def __init__(self, blocks: Generator[Floats], writer: FilmWriter) -> None:
        self._blocks = blocks
        self._writer = writer
        self._rest: Floats = np.zeros((0, 2), np.float32)
        self._written = 0

    def until(self, sample: int) -> None:
        while self._written < sample:
            if not len(self._rest):
                self._rest = next(self._blocks, self._rest)
                if not len(self._rest):
                    return
            count = min(len(self._rest), sample - self._written)
            self._writer.sound(self._rest[:count])
            self._rest = self._rest[count:]
            self._written += count

    def close(self) -> None:
        self._blocks.close()


def visible(
    cue: Cue, width: int, height: int, problems: list[Problem], *, first: int | None = None
) -> Generator[Pixels]:
    """One picture for every record frame of the cue, uint8 [height, width, 3], from record frame `first` on.

    What cannot be seen is black, and told in `problems`.
    """
    readers: dict[int, _Reader] = {}
    dissolves = [
        (shot.in_frame - shot.dissolve_frames[0], shot.in_frame + shot.dissolve_frames[1])
        for shot in cue.shots
    ]
    current = 0
    try:
        for frame in range(cue.in_frame if first is None else first, cue.out_frame_exclusive):
            while current + 1 < len(cue.shots) and cue.shots[current].out_frame_exclusive <= frame:
                current += 1
            shown: dict[int, float] = {current: 1.0}
            for index in (current, current + 1):
                first, last = dissolves[index] if 0 < index < len(dissolves) else (0, 0)
                if first <= frame < last:
                    share = (frame - first + 0.5) / (last - first)
                    shown = {index - 1: 1 - share, index: share}
            # A shot is done with when neither it nor its dissolves can be seen any more.
            for index in [index for index in readers if index not in shown]:
                readers.pop(index).close()
            picture: Floats | Pixels = np.zeros((height, width, 3), np.uint8)
            for index, share in shown.items():
                if index not in readers:
                    readers[index] = _Reader(cue.shots[index], width, height, problems)
                shot = cue.shots[index]
                pixels = readers[index].at(max(Fraction(0), shot.source_s(frame, cue.rate)))
                picture = pixels if share >= 1 else picture + pixels * np.float32(share)
            yield np.clip(picture, 0, 255).astype(np.uint8)
    finally:
        for reader in readers.values():
            reader.close()


class _Reader:
    """The pictures of one shot, fitted into the frame with black bars. Asked in record order."""

    def __init__(self, shot: Shot, width: int, height: int, problems: list[Problem]) -> None:
        self._shot = shot
        self._problems = problems
        self._black = np.zeros((height, width, 3), np.uint8)
        self._size = (width, height)
        self._stream: Generator[Frame] | None = None
        self._frame: Frame | None = None
        self._ahead: Frame | None = None
        self._backwards: list[Frame] = []
        self._failed = shot.media is None or shot.kind in ("gap", "offline")

    def at(self, time_s: Fraction) -> Pixels:
        if self._failed:
            return self._black
        try:
            frame = self._backward(time_s) if self._shot.speed < 0 else self._forward(time_s)
        except InputError as error:
            self._failed = True
            self._problems.append(Problem("picture", str(error)))
            return self._black
        return self._fitted(frame.pixels) if frame is not None else self._black

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def _forward(self, time_s: Fraction) -> Frame | None:
        if self._shot.kind == "still":
            time_s = Fraction(0)
        sequence = self._shot.media.sequence if self._shot.media else None
        if sequence is not None:
            index = int(time_s * sequence.rate.fps)
            if self._frame is None or self._frame.time_s != index:
                self._frame = self._numbered(index)
            return self._frame
        if self._stream is None:
            self._stream = self._opened(time_s, None)
            self._ahead = next(self._stream, None)
        while self._ahead is not None and (self._frame is None or self._ahead.time_s <= time_s + _EARLY_S):
            self._frame = self._ahead
            self._ahead = next(self._stream, None)
        return self._frame

    def _backward(self, time_s: Fraction) -> Frame | None:
        if not self._backwards or self._backwards[0].time_s > time_s + _EARLY_S:
            start_s = max(Fraction(0), time_s - _BACK_S)
            with closing(self._opened(start_s, time_s + _EARLY_S)) as stream:
                self._backwards = list(stream)
        earlier = [frame for frame in self._backwards if frame.time_s <= time_s + _EARLY_S]
        return earlier[-1] if earlier else None

    def _numbered(self, index: int) -> Frame | None:
        media = self._shot.media
        assert media is not None and media.sequence is not None
        path = sequence_file(media.path, media.sequence, index)
        with closing(self._of(path, Fraction(0), Fraction(0))) as stream:
            found = next(stream, None)
        return Frame(Fraction(index), found.pixels) if found else None

    def _opened(self, start_s: Fraction, end_s: Fraction | None) -> Generator[Frame]:
        assert self._shot.media is not None
        # Asked only forward, a stream is read for as long as the shot lasts.
        return self._of(Path(self._shot.media.path), start_s, end_s if end_s is not None else Fraction(10**9))

    def _of(self, path: Path, start_s: Fraction, end_s: Fraction) -> Generator[Frame]:
        info = probe(path)
        scale = min(Fraction(self._size[0], info.width), Fraction(self._size[1], info.height))
        width, height = (max(2, round(side * scale / 2) * 2) for side in (info.width, info.height))
        return frames(path, start_s, end_s, width=width, height=height, rgb=True)

    def _fitted(self, pixels: Pixels) -> Pixels:
        if pixels.shape == self._black.shape:
            return pixels
        out = self._black.copy()
        height, width = min(pixels.shape[0], out.shape[0]), min(pixels.shape[1], out.shape[1])
        top, left = (out.shape[0] - height) // 2, (out.shape[1] - width) // 2
        out[top : top + height, left : left + width] = pixels[:height, :width]
        return out
