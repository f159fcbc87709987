"""Other people's programs play what we wrote: melt (MLT) and GES (GStreamer), track by track.

Each render is of one track alone, so that what comes back can be compared with that stem's own file. The
adapters' shortcomings are mended here, outside of what is judged: both read a source range as an offset
from the file's first sample, whatever `available_range` says, and the MLT adapter writes no audio mix. melt
7.12 with FFmpeg 5.1 cannot jump into a 24-bit WAV exactly below 35 fps: its packets of 682 samples are
shorter than half a frame, and it then lands up to half a packet late (measured: 322 samples at 24 fps).
Into a 16-bit WAV it jumps exactly, so it gets such copies.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import opentimelineio
import soundfile
from scipy.signal import fftconvolve

from hitpoint.engine.timebase import Rate
from judges import need_program

Json = dict[str, Any]
Sound = npt.NDArray[np.float64]


def solo(data: Json, track: int) -> Json:
    """The timeline with no track but number `track`."""
    out = copy.deepcopy(data)
    out["tracks"]["children"] = [out["tracks"]["children"][track]]
    out["tracks"]["markers"] = []
    return out


def track_numbers(data: Json, prefix: str = "Stem: ") -> dict[str, int]:
    """Name -> number of the tracks whose names begin with `prefix`."""
    return {
        child["name"]: number
        for number, child in enumerate(data["tracks"]["children"])
        if child.get("name", "").startswith(prefix)
    }


def from_zero(data: Json) -> Json:
    """Media ranges counted from the file's first sample: source start minus available start."""
    out = copy.deepcopy(data)
    for track in out["tracks"]["children"]:
        for clip in track["children"]:
            for media in clip.get("media_references", {}).values():
                available = media["available_range"]["start_time"]
                start = clip["source_range"]["start_time"]
                start["value"] -= available["value"]
                available["value"] = 0.0
    return out


def copies_of_16_bits(data: Json, folder: Path) -> Json:
    """The same timeline on 16-bit copies of its WAV files."""
    out = copy.deepcopy(data)
    for track in out["tracks"]["children"]:
        for clip in track["children"]:
            for media in clip.get("media_references", {}).values():
                source = Path(media["target_url"])
                if source.suffix == ".wav":
                    target = folder / f"{hashlib.sha256(str(source).encode()).hexdigest()[:16]}.wav"
                    soundfile.write(target, *soundfile.read(source, dtype="int32"), subtype="PCM_16")
                    media["target_url"] = str(target)
    return out


def file_urls(data: Json) -> Json:
    out = copy.deepcopy(data)
    for track in out["tracks"]["children"]:
        for clip in track["children"]:
            for media in clip.get("media_references", {}).values():
                if media["target_url"].startswith("/"):
                    media["target_url"] = Path(media["target_url"]).as_uri()
    return out


def melt_render(data: Json, rate: Rate, folder: Path) -> Sound:
    """What melt plays of the timeline's audio tracks, float64 [n, 2] at 48 kHz."""
    melt = need_program("melt")
    folder.mkdir(parents=True, exist_ok=True)
    source = copies_of_16_bits(from_zero(data), folder)
    timeline = opentimelineio.adapters.read_from_string(json.dumps(source), "otio_json")
    root = ElementTree.fromstring(opentimelineio.adapters.write_to_string(timeline, "mlt_xml"))
    profile = root.find("profile")
    assert profile is not None
    for name, value in {
        "width": 64, "height": 36, "sample_aspect_num": 1, "sample_aspect_den": 1, "display_aspect_num": 16,
        "display_aspect_den": 9, "progressive": 1, "colorspace": 709,
        "frame_rate_num": rate.num, "frame_rate_den": rate.den,
    }.items():  # fmt: skip
        profile.set(name, str(value))
    tractor = root.findall("tractor")[-1]
    for number in range(1, len(tractor.findall(".//track"))):
        transition = ElementTree.SubElement(tractor, "transition")
        for name, value in {
            "a_track": 0, "b_track": number, "mlt_service": "mix", "always_active": 1, "sum": 1, "combine": 0,
        }.items():  # fmt: skip
            ElementTree.SubElement(transition, "property", name=name).text = str(value)
    (folder / "cut.mlt").write_bytes(ElementTree.tostring(root))
    words = [
        melt, "xml:cut.mlt", "-consumer", "avformat:melt.wav", "vn=1", "video_off=1", "acodec=pcm_s24le",
        "ar=48000", "channels=2", "real_time=-1",
    ]  # fmt: skip
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for last in (False, False, True):
        try:
            subprocess.run(words, cwd=folder, timeout=60, check=True, capture_output=True, env=environment)
            break
        except subprocess.TimeoutExpired:
            # melt 7.12 now and then stands still at its end on a busy machine; it takes two seconds else.
            if last:
                raise
    return soundfile.read(folder / "melt.wav", always_2d=True)[0]


def ges_render(data: Json, folder: Path) -> Sound:
    """What GStreamer's editing services play of the timeline's audio tracks, float64 [n, 2] at 48 kHz."""
    ges, ffmpeg = need_program("ges-launch-1.0"), need_program("ffmpeg")
    folder.mkdir(parents=True, exist_ok=True)
    source = file_urls(from_zero(data))
    timeline = opentimelineio.adapters.read_from_string(json.dumps(source), "otio_json")
    (folder / "cut.xges").write_text(opentimelineio.adapters.write_to_string(timeline, "xges"))
    # WAV as output never ends (measured with GES 1.22), so FLAC in Ogg it is.
    subprocess.run(
        [ges, "--track-types=audio", f"--load={(folder / 'cut.xges').as_uri()}",
         "-o", (folder / "ges.ogg").as_uri(), "--format=application/ogg:audio/x-flac"],
        cwd=folder, timeout=120, check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [ffmpeg, "-y", "-v", "error", "-i", "ges.ogg", "-ar", "48000", "-c:a", "pcm_f32le", "ges.wav"],
        cwd=folder, timeout=60, check=True,
    )  # fmt: skip
    return soundfile.read(folder / "ges.wav", always_2d=True)[0]


def ges_starts(data: Json) -> dict[str, int]:
    """File name -> nanosecond at which GES will start it, from its own project file: hours without a
    render.
    """
    source = file_urls(from_zero(data))
    timeline = opentimelineio.adapters.read_from_string(json.dumps(source), "otio_json")
    root = ElementTree.fromstring(opentimelineio.adapters.write_to_string(timeline, "xges"))
    return {Path(clip.get("asset-id", "")).name: int(clip.get("start", "0")) for clip in root.iter("clip")}


def lag(played: Sound, expected: Sound, *, largest: int = 48_000) -> int:
    """Samples by which `played` comes later than `expected`, at the peak of their cross-correlation.

    Both are [n, channels] from the same instant. A silent `played` is no answer and fails.
    """
    a, b = played.mean(axis=1), expected.mean(axis=1)
    assert np.abs(a).max() > 1e-3, "the other program played silence"
    size = max(len(a), len(b))
    a, b = np.pad(a, (0, size - len(a))), np.pad(b, (0, size - len(b)))
    correlation = fftconvolve(a, b[::-1])
    middle = size - 1
    first = max(0, middle - largest)
    window = correlation[first : middle + largest + 1]
    return int(window.argmax()) + first - middle


def onsets(sound: Sound, *, level: float = 0.05, dead_s: float = 0.05) -> list[int]:
    """First samples above `level` after at least `dead_s` of less."""
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > level)
    starts = np.flatnonzero(np.diff(loud, prepend=-(10**9)) > dead_s * 48_000)
    return [int(sample) for sample in loud[starts]]
