"""Sound files through PyAV, in the process of a media reader: nobody else imports this."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import numpy.typing as npt
import soxr

from ..apart.door import opened_file
from ..apart.watch import UNWATCHED, Watch
from ..errors import InputError
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
_READ_BYTES = 1 << 18


# Samples of a message, at least, but for the first: decoders give a fiftieth of a second at a time.
_BATCH = 24_000

Item = tuple[dict[str, Any], list[Floats]]


def sound_items(given: dict[str, Any], watch: Watch) -> Generator[Item]:
    """Pieces of `decode.SoundFile`: float32 [n, 2], and how many packets were damaged so far."""
    sound = Sound(
        Path(given["path"]), Fraction(given["start_s"]), given["rate"], Fraction(given["speed"]), watch
    )
    with closing(sound):
        most = 1
        batch: list[Floats] = []
        fault: InputError | None = None
        while fault is None:
            try:
                piece = next(sound.pieces, None)
            except InputError as error:
                fault = error
                piece = None
            if piece is not None:
                batch.append(piece)
            if batch and (piece is None or sum(map(len, batch)) >= most):
                yield {"damaged": sound.damaged}, [np.concatenate(batch)]
                batch, most = [], _BATCH
            if piece is None:
                break
        if fault is not None:
            raise fault


class Sound:
    """One file's first sound stream, read forward from `start_s` in `pieces`, float32 [n, 2] at `rate`.

    `speed` source seconds pass per second read. InputError when the file has no readable sound.
    """

    def __init__(
        self, path: Path, start_s: Fraction, rate: int, speed: Fraction, watch: Watch = UNWATCHED
    ) -> None:
        self._path = path
        self._watch = watch
        # Packets that could not be decoded: silence stands in for them.
        self.damaged = 0
        self._file = ExitStack()
        self._container = self._file.enter_context(_opened(path))
        self.pieces = self._decoded(start_s, rate, speed)

    def close(self) -> None:
        self.pieces.close()
        self._file.close()

    def _decoded(self, start_s: Fraction, rate: int, speed: Fraction) -> Generator[Floats]:
        stream = self._container.streams.audio[0]
        source_rate = stream.codec_context.sample_rate
        if source_rate not in _RATES or not 1 <= stream.codec_context.channels <= _MOST_CHANNELS:
            raise _unreadable(self._path, f"{source_rate} Hz, {stream.codec_context.channels} channels")
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
        container = self._container
        stream = container.streams.audio[0]
        zero = _zero(container)
        wanted = start_s - _PRE_ROLL_S
        unit = stream.time_base or Fraction(1, stream.codec_context.sample_rate)
        if wanted > 0 and _INDEXED & set(container.format.name.split(",")):
            try:
                container.seek(int((wanted + zero) / unit), stream=stream, backward=True)
            except av.FFmpegError:
                self._file.close()
                container = self._container = self._file.enter_context(_opened(self._path))
                stream = container.streams.audio[0]
        convert: Any = None
        kind = None
        try:
            for packet in container.demux(stream):
                self._watch.alive()
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    self.damaged += 1
                    continue
                for frame in frames:
                    if kind != (frame.format.name, frame.layout.name, frame.sample_rate):
                        if kind is not None and kind[2] != frame.sample_rate:
                            raise _unreadable(self._path, "its sample rate changes")
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


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    with opened_file(path) as file:
        try:
            container = av.open(file, "r", options=dict(_OPTIONS), buffer_size=_READ_BYTES)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _unreadable(path, str(getattr(error, "strerror", None) or error)) from error
        with container:
            if not container.streams.audio:
                raise InputError(f"'{path.name}' has no sound: give a file with a sound stream")
            yield container


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
