"""The one door that opens picture media: plain local files of known formats, decoded small and in order.

A media file is foreign data. ffmpeg gets an open descriptor, never a name, so a file that is really a
playlist cannot make it open another one; formats that only point elsewhere are not on the list, and no
protocol but plain files is allowed (https://ffmpeg.org/ffmpeg-protocols.html, `protocol_whitelist`).
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ..errors import InputError, OptionError
from ..timebase import Rate

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

# 12288 x 8192, the largest frame that cinema cameras record; beyond it a header is a memory bomb.
MAX_PIXELS = 12_288 * 8_192
# No edit uses a longer file, and a forged header can claim centuries.
MAX_DURATION_S = 48 * 3600
# Corrupt packets in a row after which a file counts as broken from there on.
_MAX_BROKEN_PACKETS = 400
_READ_BYTES = 1 << 18
# Bare streams have no clock: their pictures are counted.
_CLOCKLESS = ("h264", "hevc", "vvc", "av1", "obu", "m4v", "mpegvideo")
# How far before the wanted time a container is asked to go: first for the picture before it, then further
# when its index sent us too late.
_SEEK_BACK_S = (Fraction(1, 10), 2, 10, 60)

# Wanted pictures nearer than this are reached by decoding what lies between: a seek costs about as much.
_READ_THROUGH_S = 4
_HOLD_S = Fraction(1, 2)

# Demuxers of real media by ffmpeg's names. Absent on purpose: concat, hls, dash, image2 (patterns), sdp.
_FORMATS = (
    "mov,mp4,matroska,webm,avi,mxf,mxf_opatom,mpegts,mpeg,mpegvideo,h264,hevc,vvc,av1,obu,m4v,ogg,asf,flv,dv,"
    "gxf,nut,ivf,wav,w64,aiff,flac,mp3,caf,aac,ac3,eac3,au,amr,cine,r3d,yuv4mpegpipe,gif,apng,webp_anim,jpegxl_anim,"
    "png_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,webp_pipe,tiff_pipe,bmp_pipe,dpx_pipe,exr_pipe,hdr_pipe,j2k_pipe,"
    "pam_pipe,pbm_pipe,pgm_pipe,ppm_pipe,pfm_pipe,phm_pipe,psd_pipe,qoi_pipe,sgi_pipe,sunrast_pipe,gem_pipe,pcx_pipe"
)
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}

SMALL_WIDTH = 96
SMALL_HEIGHT = 54


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a media file holds. `duration_s` and `width`, `height` are 0 where the kind has none."""

    kind: Literal["video", "still", "audio"]
    # None for stills and sound.
    rate: Rate | None
    frames: int | None
    duration_s: Fraction
    # As the file writes it, like "01:00:00:00".
    start_timecode: str | None
    width: int
    height: int
    has_audio: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture. `time_s` counts from the file's first picture."""

    time_s: Fraction
    # uint8, (3, height, width) planes Y Cb Cr at full range, or (height, width, 3) RGB.
    pixels: npt.NDArray[np.uint8]


def probe(path: Path) -> MediaInfo:
    """What `path` holds, from its headers. InputError when it is not readable media."""
    with _opened(path) as container:
        stream = _picture_stream(container)
        has_audio = bool(container.streams.audio)
        if stream is None:
            if not has_audio:
                raise InputError(f"'{path.name}' holds neither picture nor sound: relink it to a media file")
            duration = _duration_s(container, container.streams.audio[0], path)
            return MediaInfo("audio", None, None, duration, None, 0, 0, True)
        width, height = stream.codec_context.width, stream.codec_context.height
        _check_size(width, height, path)
        if _is_still(container):
            return MediaInfo("still", None, None, Fraction(0), None, width, height, False)
        duration = _duration_s(container, stream, path)
        rate = _rate(stream)
        frames = stream.frames or (round(duration * rate.fps) if rate else 0)
        return MediaInfo(
            "video", rate, frames or None, duration, _timecode(container, stream), width, height, has_audio
        )


def small_frames(path: Path, start_s: Fraction, end_s: Fraction) -> Generator[Frame]:
    """The pictures of `frames` at 96 x 54 (whatever the aspect), as planes Y Cb Cr at full range (0..255)."""
    return frames(path, start_s, end_s, width=SMALL_WIDTH, height=SMALL_HEIGHT, rgb=False)


def frames(
    path: Path, start_s: Fraction, end_s: Fraction, *, width: int, height: int, rgb: bool
) -> Generator[Frame]:
    """Pictures shown from `start_s` to `end_s` (exclusive), in source order, averaged down to that size.

    The first one is the picture before the one shown at `start_s`, where there is one, so that differences
    have a left side. The last one is the first at or after `end_s`: without it the medium has ended. One
    pass, a few pictures in memory. Pictures that do not decode are left out; InputError when the file does
    not open or nothing more can be read (what was given out before stays good).
    """
    from av.video.reformatter import Interpolation, VideoReformatter

    scaler = VideoReformatter()

    def small(time_s: Fraction, picture: av.VideoFrame) -> Frame:
        scaled = scaler.reformat(
            picture,
            width=width,
            height=height,
            format="rgb24" if rgb else "yuv444p",
            interpolation=Interpolation.AREA,
            dst_color_range="JPEG",
            threads=1,  # starting threads costs more than so small a picture
        )
        return Frame(time_s, np.array(scaled.to_ndarray()))

    before: list[tuple[Fraction, av.VideoFrame]] = []
    with closing(_decoded(path, start_s)) as decoded:
        for time_s, picture in decoded:
            if time_s <= start_s:
                before = [*before[-1:], (time_s, picture)]
                continue
            yield from (small(*held) for held in before)
            before = []
            yield small(time_s, picture)
            if time_s >= end_s:
                return
        yield from (small(*held) for held in before)


def shown_pictures(path: Path, times_s: Sequence[Fraction]) -> Generator[Frame | None]:
    """The picture on screen at each of `times_s` (ascending), upright RGB at full size; None after the end.

    That is the last one that began at or before the time; before the first picture it is the first. One pass,
    a seek where nothing is wanted for a while; only what is wanted is converted. InputError when the file
    does not open or nothing more can be read.
    """
    waiting = list(times_s)
    while waiting:
        near = next(
            (n for n, (a, b) in enumerate(pairwise(waiting), 1) if b - a > _READ_THROUGH_S), len(waiting)
        )
        yield from _shown(path, waiting[:near])
        waiting = waiting[near:]


def _shown(path: Path, times_s: Sequence[Fraction]) -> Generator[Frame | None]:
    waiting = list(times_s)
    shown: tuple[Fraction, av.VideoFrame] | None = None
    step_s = Fraction(0)
    with closing(_decoded(path, waiting[0])) as decoded:
        for time_s, picture in decoded:
            while shown is not None and waiting and time_s > waiting[0]:
                yield _upright(*shown)
                waiting.pop(0)
            if not waiting:
                return
            if shown is not None:
                step_s = time_s - shown[0]
            shown = (time_s, picture)
    for time_s in waiting:
        # The last picture stays as long as the one before it did, and a little longer, since lengths are
        # rounded; a still picture stays for ever.
        held = shown is not None and (not step_s or time_s < shown[0] + step_s + _HOLD_S)
        yield _upright(*shown) if shown is not None and held else None


def _upright(time_s: Fraction, picture: av.VideoFrame) -> Frame:
    pixels = picture.to_ndarray(format="rgb24")
    # Degrees counter-clockwise that the file asks its player to turn the picture by.
    turned = np.rot90(pixels, round(picture.rotation / 90) % 4)
    return Frame(time_s, np.ascontiguousarray(turned))


def _decoded(path: Path, start_s: Fraction) -> Generator[tuple[Fraction, av.VideoFrame]]:
    """Decoded pictures from the last one that can be reached at or before `start_s`."""
    for back_s in _SEEK_BACK_S:
        target_s = start_s - back_s
        if target_s <= 0:
            break
        with _opened(path) as container, closing(_from(container, target_s, path)) as decoded:
            # An index may send us too late, and some formats lose their clock by seeking.
            first, second = next(decoded, None), next(decoded, None)
            if first and second and second[0] <= start_s:
                yield first
                yield second
                yield from decoded
                return
    with _opened(path) as container, closing(_from(container, None, path)) as decoded:
        yield from decoded


def _from(
    container: InputContainer, target_s: Fraction | None, path: Path
) -> Generator[tuple[Fraction, av.VideoFrame]]:
    """Pictures with their times; nothing at all when `target_s` cannot be reached by seeking."""
    import av

    stream = _picture_stream(container)
    if stream is None:
        raise InputError(f"'{path.name}' has no picture: relink the clip to its video file")
    _check_size(stream.codec_context.width, stream.codec_context.height, path)
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    tick = stream.time_base or Fraction(1, 1000)
    zero = stream.start_time or 0
    counted = container.format.name in _CLOCKLESS
    if target_s is not None:
        if counted:
            return
        try:
            container.seek(zero + int(target_s / tick), stream=stream)
        except av.FFmpegError:
            return
    rate = _rate(stream)
    step = 1 / rate.fps if rate else Fraction(0)
    time_s = -step
    broken = 0
    try:
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                broken += 1
                if broken > _MAX_BROKEN_PACKETS:
                    raise
                continue
            for picture in pictures:
                broken = 0
                if picture.pts is None and target_s is not None:
                    return
                pts = None if counted else picture.pts
                shown_s = time_s + step if pts is None else (pts - zero) * tick
                # A clock that jumps back (a badly joined file) has no order that an edit could mean.
                if picture.is_corrupt or (shown_s <= time_s and time_s >= 0):
                    continue
                time_s = shown_s
                yield time_s, picture
    except av.FFmpegError as error:
        raise _unreadable(path, error) from error


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    import av

    with _regular_file(path) as file:
        try:
            container = av.open(file, "r", options=dict(_OPTIONS), buffer_size=_READ_BYTES)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        with container:
            yield container


class _Descriptor:
    """What PyAV needs of a file, without the name that ffmpeg would take for a pattern or a protocol."""

    def __init__(self, raw: io.FileIO) -> None:
        self.read = raw.read
        self.seek = raw.seek
        self.tell = raw.tell

    def seekable(self) -> bool:
        return True


def plain_file(path: Path) -> Path:
    """The real path of a plain local file with something in it, links followed. InputError for all else."""
    try:
        real = path.resolve(strict=True)
        _check_regular(real.stat(), real, path)
    except FileNotFoundError:
        raise InputError(f"'{path}' does not exist: relink it, or give its folder with --media") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"'{path}' cannot be opened ({error}): check its permissions") from None
    return real


@contextmanager
def _regular_file(path: Path) -> Iterator[_Descriptor]:
    """Open `path` after making sure, before and after, that it is a plain file with something in it."""
    real = plain_file(path)
    try:
        # Without O_NONBLOCK a FIFO put there since the check would hang us.
        descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError(f"'{path}' cannot be opened ({error}): check its permissions") from None
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        _check_regular(os.fstat(raw.fileno()), real, path)
        yield _Descriptor(raw)


def _check_regular(status: os.stat_result, real: Path, path: Path) -> None:
    # What the kernel shows under these claims to be plain files and is none.
    system = os.name == "posix" and real.parts[1:2] in (("proc",), ("sys",), ("dev",))
    if system or not stat.S_ISREG(status.st_mode):
        raise InputError(f"'{path}' is not a plain file: relink the clip to a media file")
    if status.st_size == 0:
        raise InputError(f"'{path}' is empty: copy or export it again")


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"'{path.name}' cannot be read as media ({reason}): export it again, or relink it")


def _picture_stream(container: InputContainer) -> VideoStream | None:
    from av.stream import Disposition

    for stream in container.streams.video:
        # The cover of a song is no picture of a film. A stream without a decoder has no context.
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    return None


def _is_still(container: InputContainer) -> bool:
    return container.format.name.endswith("_pipe")


def _check_size(width: int, height: int, path: Path) -> None:
    if width <= 0 or height <= 0:
        raise InputError(f"'{path.name}' has a picture without a size: export it again")
    if width * height > MAX_PIXELS:
        raise InputError(
            f"'{path.name}' is {width} x {height}, larger than cameras record: export a smaller copy"
        )


def _duration_s(container: InputContainer, stream: VideoStream | AudioStream, path: Path) -> Fraction:
    tick = stream.time_base
    if stream.duration is not None and tick is not None:
        duration = stream.duration * tick
    elif container.duration is not None:
        # In microseconds, from the container's first time stamp on.
        late = (stream.start_time or 0) * (tick or 0) - Fraction(container.start_time or 0, 1_000_000)
        duration = Fraction(container.duration, 1_000_000) - max(late, Fraction(0))
    else:
        duration = Fraction(0)
    if duration > MAX_DURATION_S:
        raise InputError(f"'{path.name}' claims to last {int(duration / 3600)} hours: export it again")
    return max(duration, Fraction(0))


def _rate(stream: VideoStream) -> Rate | None:
    candidates = [rate for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate) if rate]
    for rate in candidates:
        try:
            return Rate.of(rate)
        except OptionError:
            continue
    # A phone's variable rate: the mean is no editor's rate, but it is what the file has.
    mean = next((rate.limit_denominator(1001) for rate in candidates if 0 < rate < 1000), None)
    return Rate(mean.numerator, mean.denominator) if mean else None


def _timecode(container: InputContainer, stream: VideoStream) -> str | None:
    owners = (stream.metadata, container.metadata, *(data.metadata for data in container.streams.data))
    return next((owner["timecode"] for owner in owners if owner.get("timecode")), None)
