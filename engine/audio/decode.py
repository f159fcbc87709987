"""The only door through which foreign sound comes in: PyAV, opened narrowly, read in blocks at exact
positions.

Second 0 of a file is where its picture begins (its sound, when it has no picture). Beyond the end there is
silence. Everything leaves as float32 stereo or mono, full scale 1.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import soxr

from ..errors import InputError, Problem
from ..timebase import SAMPLE_RATE
from .wav import BLOCK

if TYPE_CHECKING:
    from av.container import InputContainer

Floats = npt.NDArray[np.float32]

# Demuxers of media files. Playlists (concat, hls, dash, image2 ...) would open other files and are left out.
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,dv,eac3,flac,flv,gxf,ipod,lxf,m4v,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,"
    "mp3,mpeg,mpegts,mpegtsraw,mxf,nut,ogg,rf64,tta,w64,wav,wv"
)
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
# Containers that know where each moment lies. In the others a seek is a guess, so they are read from the
# start.
_INDEXED = frozenset(
    {"aiff", "au", "avi", "caf", "flac", "matroska", "mov", "mp4", "mxf", "w64", "wav", "webm"}
)
# Decoders need some sound before the wanted one to settle (80 ms for Opus, more for AAC with SBR).
_PRE_ROLL_S = Fraction(1)
# Time stamps of Matroska are whole milliseconds: smaller steps than this are rounding, not holes.
_JITTER_S = 0.005
_MOST_CHANNELS = 64
_RATES = range(1_000, 768_001)


def checked(path: Path) -> Path:
    """`path` when it is a regular file that may be opened. InputError otherwise."""
    try:
        real = path.resolve(strict=True)
        regular = stat.S_ISREG(real.stat().st_mode)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"'{path.name}' cannot be found: relink it or give its folder with --media"
        ) from error
    if not regular or real.parts[1:2] in (("dev",), ("proc",), ("sys",)):
        raise InputError(f"'{path.name}' is not a regular file: give a media file")
    return real


class SoundFile:
    """One file's first sound stream, read forward from `start_s` as float32 [n, 2] at `rate`.

    `speed` source seconds pass per second read, like a tape (pitch moves along). `read()` never ends: silence
    follows the file. A context manager. InputError when the file has no readable sound.
    """

    def __init__(
        self,
        path: Path,
        *,
        start_s: Fraction = Fraction(0),
        rate: int = SAMPLE_RATE,
        speed: Fraction = Fraction(1),
    ) -> None:
        if speed <= 0:
            raise ValueError(f"a speed of {speed} cannot be read forward")
        self.path = path
        # Packets that could not be decoded: silence stands in for them.
        self.damaged = 0
        self._container = _open(path)
        try:
            self._blocks = self._decoded(start_s, rate, speed)
            # Faults of the file show now, not in the middle of the work.
            self._waiting = next(self._blocks, np.zeros((0, 2), np.float32))
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> SoundFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._container.close()

    def read(self, samples: int) -> Floats:
        """The next `samples` frames, float32 [samples, 2]."""
        parts = [self._waiting]
        have = len(self._waiting)
        while have < samples:
            block = next(self._blocks, None)
            if block is None:
                parts.append(np.zeros((samples - have, 2), np.float32))
                have = samples
            else:
                parts.append(block)
                have += len(block)
        data = np.concatenate(parts)
        self._waiting = data[samples:]
        return data[:samples]

    def rest(self) -> Iterator[Floats]:
        """What is left of the file, until it ends: float32 [n, 2], any n."""
        waiting, self._waiting = self._waiting, self._waiting[:0]
        yield waiting
        yield from self._blocks

    def _decoded(self, start_s: Fraction, rate: int, speed: Fraction) -> Iterator[Floats]:
        stream = self._container.streams.audio[0]
        source_rate = stream.codec_context.sample_rate
        if source_rate not in _RATES or not 1 <= stream.codec_context.channels <= _MOST_CHANNELS:
            raise _unreadable(self.path, f"{source_rate} Hz, {stream.codec_context.channels} channels")
        pieces = self._placed(start_s, source_rate)
        # The resampler may take a float for a rate: 44100 * 24/25 is exact enough for hours.
        from_rate = float(source_rate * speed)
        if from_rate == rate:
            yield from pieces
            return
        resampler = soxr.ResampleStream(from_rate, rate, 2, dtype="float32", quality="HQ")
        for piece in pieces:
            yield resampler.resample_chunk(np.ascontiguousarray(piece))
        yield resampler.resample_chunk(np.zeros((0, 2), np.float32), last=True)

    def _placed(self, start_s: Fraction, rate: int) -> Iterator[Floats]:
        """Stereo at the source's rate, the first sample at `start_s`, holes filled, overlaps dropped."""
        first = round(start_s * rate)
        at: int | None = None  # the source sample that the next frame continues
        done = first  # the source sample to be given next
        if first < 0:
            yield np.zeros((-first, 2), np.float32)
            done = 0
        for seconds, piece in self._frames(start_s):
            stamped = None if seconds is None else round(seconds * rate)
            if at is None or (stamped is not None and abs(stamped - at) > _JITTER_S * rate):
                at = stamped if stamped is not None else (at or 0)
            begin, at = at, at + len(piece)
            if at <= done:
                continue
            if begin > done:
                yield from _silence(begin - done)
                done = begin
            yield piece[done - begin :]
            done = at

    def _frames(self, start_s: Fraction) -> Iterator[tuple[Fraction | None, Floats]]:
        """(time from second 0, float32 [n, 2]) of every frame from somewhat before `start_s`."""
        import av

        container = self._container
        stream = container.streams.audio[0]
        zero = _zero(container)
        wanted = start_s - _PRE_ROLL_S
        unit = stream.time_base or Fraction(1, stream.codec_context.sample_rate)
        if wanted > 0 and _INDEXED & set(container.format.name.split(",")):
            try:
                container.seek(int((wanted + zero) / unit), stream=stream, backward=True)
            except av.FFmpegError:
                container.close()
                container = self._container = _open(self.path)
                stream = container.streams.audio[0]
        convert: Any = None
        kind = None
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    self.damaged += 1
                    continue
                for frame in frames:
                    if kind != (frame.format.name, frame.layout.name, frame.sample_rate):
                        if kind is not None and kind[2] != frame.sample_rate:
                            raise _unreadable(self.path, "its sample rate changes")
                        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
                        convert = av.AudioResampler(
                            format="fltp", layout=frame.layout, rate=frame.sample_rate
                        )
                    time_s = None if frame.pts is None else frame.pts * (frame.time_base or unit) - zero
                    names = tuple(channel.name for channel in frame.layout.channels)
                    for piece in convert.resample(frame):
                        yield time_s, _stereo(piece.to_ndarray(), names)
                        time_s = None
        except av.FFmpegError:
            # The file breaks off: what was heard stays, silence follows.
            self.damaged += 1


def audio_blocks(
    path: Path,
    *,
    samples: int,
    start_s: Fraction = Fraction(0),
    speed: Fraction = Fraction(1),
    problems: list[Problem] | None = None,
) -> Iterator[Floats]:
    """`samples` frames of a file's sound from `start_s` as float32 [n, 2] at 48 kHz, in blocks of at most a
    second.

    InputError when the file has no readable sound. Damaged parts are silence, and a Problem in `problems`.
    """
    with SoundFile(path, start_s=start_s, speed=speed) as file:
        for at in range(0, samples, BLOCK):
            yield file.read(min(BLOCK, samples - at))
        if file.damaged and problems is not None:
            problems.append(damage(path))


def damage(path: Path) -> Problem:
    return Problem("sound", f"the sound of '{path.name}' is damaged: the broken parts count as silence")


def read_mono(path: Path, *, rate: int, start_s: Fraction, duration_s: Fraction) -> Floats:
    """A stretch of a file's sound, both sides averaged: float32 [round(duration_s * rate)].

    For short stretches: the result is held in memory. InputError when the file has no readable sound.
    """
    samples = round(duration_s * rate)
    out = np.empty(samples, np.float32)
    with SoundFile(path, start_s=start_s, rate=rate) as file:
        for at in range(0, samples, BLOCK):
            block = file.read(min(BLOCK, samples - at))
            out[at : at + len(block)] = (block[:, 0] + block[:, 1]) * np.float32(0.5)
    return out


def _open(path: Path) -> InputContainer:
    import av

    real = checked(path)
    try:
        container = av.open(str(real), options=_OPTIONS)
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable(path, str(getattr(error, "strerror", None) or error)) from error
    if not container.streams.audio:
        container.close()
        raise InputError(f"'{path.name}' has no sound: give a file with a sound stream")
    return container


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        f"the sound of '{path.name}' cannot be read ({why}): convert it to WAV or check the file"
    )


def _zero(container: InputContainer) -> Fraction:
    """Where second 0 lies on the file's own clock."""
    for stream in (*container.streams.video, *container.streams.audio):
        if stream.start_time is not None and stream.time_base is not None:
            return stream.start_time * stream.time_base
    return Fraction(0)


def _silence(samples: int) -> Iterator[Floats]:
    # In pieces: a broken time stamp may claim a hole of hours.
    for at in range(0, samples, BLOCK):
        yield np.zeros((min(BLOCK, samples - at), 2), np.float32)


# Where each speaker goes: (left, right), after ITU-R BS.775. Unknown ones go to both, the subwoofer to none.
_CENTRE = 0.7071
_SPEAKERS = {
    "FL": (1.0, 0.0), "FR": (0.0, 1.0), "FC": (_CENTRE, _CENTRE), "LFE": (0.0, 0.0), "BL": (_CENTRE, 0.0),
    "BR": (0.0, _CENTRE), "SL": (_CENTRE, 0.0), "SR": (0.0, _CENTRE), "BC": (0.5, 0.5),
}  # fmt: skip


def _stereo(planes: Floats, names: tuple[str, ...]) -> Floats:
    """float32 [channels, n] to [n, 2]. Mono goes to both sides at full level."""
    if len(planes) == 1:
        return np.repeat(planes.T, 2, axis=1)
    if len(planes) == 2:
        return np.ascontiguousarray(planes.T)
    sides = np.array([_SPEAKERS.get(name, (0.5, 0.5)) for name in names], np.float32)
    out = np.zeros((planes.shape[1], 2), np.float32)
    for plane, (left, right) in zip(planes, sides, strict=True):
        out[:, 0] += plane * left
        out[:, 1] += plane * right
    return out
