"""Good inputs of every format, to be damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np

EDL = """TITLE: test
FCM: NON-DROP FRAME

001  AX       V     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: film.webm
* LOC: 01:00:01:00 RED     MUST: DOOR
002  AX       V     C        00:00:00:00 00:00:00:00 01:00:02:00 01:00:02:00
002  BX       V     D    012 00:00:01:00 00:00:03:00 01:00:02:00 01:00:04:00
* FROM CLIP NAME: film.webm
* TO CLIP NAME: two.mov
003  BL       V     C        00:00:00:00 00:00:01:00 01:00:04:00 01:00:05:00
004  DX       V     C        00:00:01:00 00:00:03:00 01:00:05:00 01:00:06:00
M2   DX       050.0                00:00:01:00
"""

FCPXML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.9"><resources>
<format id="r1" name="FFVideoFormat1080p25" frameDuration="100/2500s" width="1920" height="1080"/>
<asset id="r2" name="film" start="0s" duration="4s" hasVideo="1" format="r1"><media-rep kind="original-media"
src="film.webm"/></asset></resources>
<library><event><project name="cut"><sequence format="r1" duration="4s" tcStart="3600s" tcFormat="NDF"><spine>
<asset-clip ref="r2" offset="3600s" name="one" start="0s" duration="2s" format="r1">
<marker start="1s" duration="100/2500s" value="must: door"/></asset-clip>
<gap offset="3602s" name="gap" duration="1s" start="3600s"/>
<asset-clip ref="r2" offset="3603s" name="two" start="1s" duration="1s" format="r1"/>
</spine></sequence></project></event></library></fcpxml>
"""

XMEML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="5"><sequence id="s"><name>cut</name><duration>100</duration>
<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate><media><video><track>
<clipitem id="a"><name>one</name><duration>100</duration>
<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>
<start>0</start><end>50</end><in>0</in><out>50</out><file id="f"><name>film.webm</name>
<pathurl>film.webm</pathurl><rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate><duration>100</duration>
<media><video/></media></file></clipitem>
<clipitem id="b"><name>two</name><duration>100</duration>
<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>
<start>60</start><end>100</end><in>10</in><out>50</out><file id="f"/></clipitem>
</track></video></media></sequence></xmeml>
"""


def timeline(folder: Path) -> dict[str, Any]:
    """An .otio with clips, a dissolve, a gap, a nested stack, speeds and markers."""

    def time(value: float) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": 25.0, "value": value}

    def span(start: float, frames: float) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)}

    def item(schema: str, **more: Any) -> dict[str, Any]:
        base = {"OTIO_SCHEMA": schema, "name": "x", "metadata": {}, "effects": [], "markers": []}
        return {**base, "source_range": None, "enabled": True, **more}

    media = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": {},
        "name": "",
        "available_range": span(0, 100),
        "target_url": str(folder / "film.webm"),
    }
    warp = {
        "OTIO_SCHEMA": "LinearTimeWarp.1",
        "metadata": {},
        "name": "",
        "effect_name": "",
        "time_scalar": 2,
    }
    marker = {
        "OTIO_SCHEMA": "Marker.2", "metadata": {}, "name": "must: door", "color": "RED",
        "marked_range": span(5, 1),
    }  # fmt: skip

    def clip(start: float, frames: float, **more: Any) -> dict[str, Any]:
        return item("Clip.1", source_range=span(start, frames), media_reference=media, **more)

    dissolve = {
        "OTIO_SCHEMA": "Transition.1", "metadata": {}, "name": "", "transition_type": "SMPTE_Dissolve",
        "in_offset": time(3), "out_offset": time(3),
    }  # fmt: skip
    nested = item("Stack.1", children=[item("Track.1", kind="Video", children=[clip(0, 20)])])
    first = item(
        "Track.1",
        kind="Video",
        children=[
            clip(3, 20, effects=[warp], markers=[marker]),
            dissolve,
            clip(30, 25),
            item("Gap.1", source_range=span(0, 7)),
            nested,
        ],
    )
    sound = item("Track.1", kind="Audio", children=[clip(0, 40)])
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"deep": {"list": [1, 2.5, None, "x"]}},
        "name": "cut",
        "global_start_time": time(90_000),
        "tracks": item("Stack.1", name="tracks", children=[first, sound]),
    }


def film(folder: Path) -> bytes:
    """A film of four seconds, as `film.webm` in `folder`; its bytes."""
    path = folder / "film.webm"
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for number in range(100):
            picture = np.full((36, 64, 3), 40 + 2 * (number % 50), np.uint8)
            picture[:, (number * 2) % 60 : (number * 2) % 60 + 4] = 255
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return path.read_bytes()
