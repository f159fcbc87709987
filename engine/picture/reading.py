"""Picture media through PyAV, in the process of a media reader: nobody else imports this.

ffmpeg gets an open descriptor, never a name, so a file that is really a playlist cannot make it open another
one; formats that only point elsewhere are not on the list, and no protocol but plain files is allowed
(https://ffmpeg.org/ffmpeg-protocols.html, `protocol_whitelist`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import numpy.typing as npt
from av.stream import Disposition
from av.video.reformatter import Interpolation, VideoReformatter

from ..apart.door import opened_file
from ..apart.watch import UNWATCHED, Watch
from ..errors import InputError, OptionError
from ..timebase import Rate
from .decode import Frame, MediaInfo

if TYPE_CHECKING:
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
# A block of pictures ends with so many, or with so many bytes; the first has one, since often only that is
# wanted, and each may have twice as many as the one before.
_MOST_IN_BLOCK = 32
_BLOCK_BYTES = 4 << 20

Item = tuple[dict[str, Any], list[npt.NDArray[np.uint8]]]


def probe_items(given: dict[str, Any], watch: Watch) -> Generator[Item]:
    """One item without pictures: a MediaInfo as JSON."""
    info = probe(Path(given["path"]))
    told = {name: getattr(info, name) for name in MediaInfo.__slots__}
    rate = [info.rate.num, info.rate.den] if info.rate is not None else None
    yield {"info": {**told, "rate": rate, "duration_s": str(info.duration_s)}}, []


def frame_items(given: dict[str, Any], watch: Watch) -> Generator[Item]:
    """Blocks of `decode.frames`."""
    start_s, end_s = Fraction(given["start_s"]), Fraction(given["end_s"])
    width, height, rgb = given["width"], given["height"], given["rgb"]
    pictures = frames(Path(given["path"]), start_s, end_s, width=width, height=height, rgb=rgb, watch=watch)
    with closing(pictures):
        yield from _blocks(pictures)


def shown_items(given: dict[str, Any], watch: Watch) -> Generator[Item]:
    """Blocks of `decode.shown_pictures`."""
    times_s = [Fraction(time_s) for time_s in given["times_s"]]
    with closing(shown_pictures(Path(given["path"]), times_s, watch)) as pictures:
        yield from _blocks(pictures)


def _blocks(pictures: Iterator[Frame | None]) -> Generator[Item]:
    """Pictures of one size as arrays [n, ...] with their `times_s`; [None] for none. Faults come last."""
    block: list[Frame] = []
    most = 1
    fault: InputError | None = None
    while True:
        try:
            frame = next(pictures)
        except StopIteration:
            break
        except InputError as error:
            fault = error
            break
        if block and (frame is None or frame.pixels.shape != block[0].pixels.shape):
            yield _block(block)
            block = []
        if frame is None:
            yield {"times_s": [None]}, []
            continue
        block.append(frame)
        if len(block) == most or len(block) * frame.pixels.nbytes >= _BLOCK_BYTES:
            yield _block(block)
            block = []
            most = min(2 * most, _MOST_IN_BLOCK)
    if block:
        yield _block(block)
    if fault is not None:
        raise fault


def _block(frames: Sequence[Frame]) -> Item:
    pixels = np.stack([frame.pixels for frame in frames])
    return {"times_s": [str(frame.time_s) for frame in frames]}, [pixels]


def probe(path: Path) -> MediaInfo:
    """As `decode.probe`."""
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


def frames(
    path: Path,
    start_s: Fraction,
    end_s: Fraction,
    *,
    width: int,
    height: int,
    rgb: bool,
    watch: Watch = UNWATCHED,
) -> Generator[Frame]:
    """As `decode.frames`."""
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
    with closing(_decoded(path, start_s, watch)) as decoded:
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


def shown_pictures(
    path: Path, times_s: Sequence[Fraction], watch: Watch = UNWATCHED
) -> Generator[Frame | None]:
    """As `decode.shown_pictures`."""
    waiting = list(times_s)
    while waiting:
        near = next(
            (n for n, (a, b) in enumerate(pairwise(waiting), 1) if b - a > _READ_THROUGH_S), len(waiting)
        )
        yield from _shown(path, waiting[:near], watch)
        waiting = waiting[near:]


def _shown(path: Path, times_s: Sequence[Fraction], watch: Watch) -> Generator[Frame | None]:
    waiting = list(times_s)
    shown: tuple[Fraction, av.VideoFrame] | None = None
    step_s = Fraction(0)
    with closing(_decoded(path, waiting[0], watch)) as decoded:
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


def _decoded(path: Path, start_s: Fraction, watch: Watch) -> Generator[tuple[Fraction, av.VideoFrame]]:
    """Decoded pictures from the last one that can be reached at or before `start_s`."""
    for back_s in _SEEK_BACK_S:
        target_s = start_s - back_s
        if target_s <= 0:
            break
        with _opened(path) as container, closing(_from(container, target_s, path, watch)) as decoded:
            # An index may send us too late, and some formats lose their clock by seeking.
            first, second = next(decoded, None), next(decoded, None)
            if first and second and second[0] <= start_s:
                yield first
                yield second
                yield from decoded
                return
    with _opened(path) as container, closing(_from(container, None, path, watch)) as decoded:
        yield from decoded


def _from(
    container: InputContainer, target_s: Fraction | None, path: Path, watch: Watch
) -> Generator[tuple[Fraction, av.VideoFrame]]:
    """Pictures with their times; nothing at all when `target_s` cannot be reached by seeking."""
    stream = _picture_stream(container)
    if stream is None:
        raise InputError(f"'{path.name}' has no picture: relink the clip to its video file")
    width, height = stream.codec_context.width, stream.codec_context.height
    _check_size(width, height, path)
    watch.room(width * height)
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
            watch.alive()
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
    with opened_file(path) as file:
        try:
            container = av.open(file, "r", options=dict(_OPTIONS), buffer_size=_READ_BYTES)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        with container:
            yield container


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"'{path.name}' cannot be read as media ({reason}): export it again, or relink it")


def _picture_stream(container: InputContainer) -> VideoStream | None:
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
