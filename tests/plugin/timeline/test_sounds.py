"""The timeline's own sound: all of it that is heard while there is picture, and never ours."""

from __future__ import annotations

import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.timebase import Rate


def test_sound_alone_is_read_as_gaps_of_its_length(make, read, shots, sounds, film):
    voice = make.clip("v", 0, 40, media=make.file(str(film)))
    document = read(make.timeline(make.track(voice, kind="Audio", name="A1")))
    assert shots(document) == ["0-40 gap"]
    assert sounds(document) == ["0-40 v on A1 from 0 x1"]


def test_sound_after_the_picture_is_cut_off(make, read, sounds, film):
    voice = [
        make.clip("v", 0, 40, media=make.file(str(film))),
        make.clip("w", 0, 40, media=make.file(str(film))),
    ]
    document = read(make.timeline(make.track(make.clip("a", 0, 30)), make.track(*voice, kind="Audio")))
    assert document.frames == 30
    assert sounds(document) == ["0-30 v on A1 from 0 x1"]


def test_sound_is_counted_at_its_own_rate(make, read, sounds, film):
    voice = make.clip("v", 4800, 48_000, rate=48_000.0, media=make.file(str(film), 0, 96_000, 48_000.0))
    document = read(make.timeline(make.track(make.clip("a", 0, 48)), make.track(voice, kind="Audio")))
    assert document.rate == Rate(24)
    assert sounds(document) == ["0-24 v on A1 from 12/5 x1"]


def test_our_own_tracks_and_clips_never_count(make, read, sounds, film):
    ours = {"hitpoint": {"schema": "Stem.1"}}
    stem = make.clip("stem", 0, 90, media=make.file(str(film)), metadata=ours)
    document = read(
        make.timeline(
            make.track(make.clip("a", 0, 30)),
            make.track(stem, kind="Audio", name="Stem: drums", metadata=ours),
            make.track(stem, make.clip("v", 0, 10, media=make.file(str(film))), kind="Audio", name="A1"),
        )
    )
    assert document.frames == 30
    assert sounds(document) == []
    only_ours = make.timeline(make.track(stem, kind="Audio", metadata=ours))
    with pytest.raises(InputError, match="empty timeline"):
        read(only_ours)


def test_disabled_and_frozen_sound_is_not_heard(make, read, sounds, film):
    media = make.file(str(film))
    track = make.track(
        make.clip("off", 0, 10, media=media, enabled=False),
        make.clip("frozen", 0, 10, media=media, speeds=[0]),
        make.clip("fast", 0, 10, media=media, speeds=[2]),
        kind="Audio",
    )
    document = read(make.timeline(make.track(make.clip("a", 0, 30)), track))
    assert sounds(document) == ["20-30 fast on A1 from 0 x2"]


def test_all_sound_of_a_nest_is_heard_together(make, read, sounds, film):
    media = make.file(str(film))
    nest = make.stack(
        make.track(make.clip("one", 0, 20, media=media), kind="Audio"),
        make.track(make.gap(5), make.clip("two", 0, 15, media=media), kind="Audio"),
        make.track(make.clip("picture", 0, 20, media=media)),
        source_range=make.range(2, 18),
    )
    document = read(
        make.timeline(make.track(make.clip("a", 0, 30)), make.track(nest, kind="Audio", name="A7"))
    )
    assert sounds(document) == ["0-18 one on A7 from 2 x1", "3-18 two on A7 from 0 x1"]
