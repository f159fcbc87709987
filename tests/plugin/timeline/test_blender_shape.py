"""Timelines in the shape that Blender's own exporter writes: metas and scenes as nested stacks, the strip's
properties as metadata, bare paths.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hitpoint.export.earlier import is_our_track
from hitpoint.plugin.asking import score_options
from hitpoint.plugin.options import Selection
from hitpoint.plugin.score import score
from hitpoint.plugin.timeline.read import read_timeline

Json = dict[str, Any]


def strip(kind: str, channel: int, **more: Any) -> Json:
    """What Blender notes of a strip."""
    told = {"type": kind, "channel": channel, "blend_type": "REPLACE", "mute": False, "color_tag": "NONE"}
    return {"blender": {"strip": {**told, **more}}}


@pytest.fixture
def edit(make_at: Callable[[float], Any], film: Path) -> Callable[[float], Json]:
    """A meta of two cuts, a shot, and a scene of another rate with two cuts; sound with its level beside."""

    def at(rate: float) -> Json:
        make, scene = make_at(rate), make_at(30.0)
        media = make.file(str(film), 0, 48)

        def clip(name: str, start: float, frames: float, **more: Any) -> Json:
            return make.clip(name, start, frames, media=media, **more)  # type: ignore[no-any-return]

        inside = make.stack(
            make.track(
                clip("m1", 0, 20, metadata=strip("MOVIE", 1)), clip("m2", 10, 20, metadata=strip("MOVIE", 1))
            ),
            make.track(clip("m sound", 0, 40, metadata=strip("SOUND", 2)), kind="Audio"),
            name="Meta",
            metadata=strip("META", 1),
            source_range=make.range(5, 30),
        )
        shown = scene.stack(
            scene.track(
                scene.clip("s1", 0, 30, media=media, metadata=strip("MOVIE", 1)),
                scene.clip("s2", 0, 30, media=media, metadata=strip("MOVIE", 1)),
            ),
            name="Scene.001",
            metadata=strip("SCENE", 1, scene="Scene.001"),
            source_range=scene.range(15, 30),
        )
        keys = {
            "0": {"Value": -12.0, "Variant Type": "Double"},
            "10": {"Value": 0.0, "Variant Type": "Double"},
        }
        volume = {
            "OTIO_SCHEMA": "Effect.1",
            "effect_name": "Resolve Effect",
            "name": "",
            "metadata": {
                "Resolve_OTIO": {
                    "Effect Name": "Fairlight Clip Volume and Fades",
                    "Parameters": [{"Parameter ID": "volume", "Parameter Value": 0.0, "Key Frames": keys}],
                }
            },
        }
        speech = clip("speech", 0, 40, metadata=strip("SOUND", 4, volume=1.0))
        data: Json = make.timeline(
            make.track(inside, make.gap(6), clip("shot", 0, 24, metadata=strip("MOVIE", 1)), shown),
            make.track({**speech, "effects": [volume]}, kind="Audio", name="Channel 4"),
            start=0,
            markers=[make.marker("must: door", 40)],
        )
        return data

    return at


@pytest.mark.parametrize("rate", [24.0, 23.976, 29.97])
def test_metas_and_scenes_are_seen_through_at_their_own_place_and_rate(
    rate: float, edit: Callable[[float], Json], tmp_path: Path
) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(json.dumps(edit(rate)))
    document = read_timeline(path)
    shots = [(s.name, s.kind, s.in_frame, s.out_frame_exclusive) for s in document.shots]
    # The scene shows its frames 15 to 45 of 30 a second: half a second of each shot.
    half = Fraction(1, 2) * document.rate.fps
    first, last = 60 + round(half), 60 + round(2 * half)
    assert shots == [
        ("m1", "video", 0, 15),
        ("m2", "video", 15, 30),
        ("", "gap", 30, 36),
        ("shot", "video", 36, 60),
        ("s1", "video", 60, first),
        ("s2", "video", first, last),
    ]
    fps = document.rate.fps
    assert [shot.source_in_s for shot in document.shots[:2]] == [5 / fps, 10 / fps]
    assert document.shots[4].source_in_s == Fraction(1, 2)
    assert [(s.track, s.in_frame, s.out_frame_exclusive) for s in document.sounds] == [("Channel 4", 0, 40)]
    assert [(m.name, m.hit, m.in_frame) for m in document.markers] == [("door", "must", 40)]


def test_it_is_scored_and_written_back_with_all_that_blender_noted(
    edit: Callable[[float], Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    path = tmp_path / "cut.otio"
    path.write_text(json.dumps(edit(24.0)))
    before = json.loads(path.read_text())
    options = score_options(
        {"model": "sketch", "style": "piano"}, source=path, out=None, selection=Selection(), seed=2
    )
    after = json.loads((score(options).folder / "scored.otio").read_text())
    ours = [track for track in after["tracks"]["children"] if is_our_track(track)]
    assert ours
    after["tracks"]["children"] = after["tracks"]["children"][: -len(ours)]
    assert json.dumps(after) == json.dumps(before)
