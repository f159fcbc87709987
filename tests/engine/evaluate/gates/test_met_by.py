"""Gate 5: hits are met by music, not always in the same way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import sounds
from hitpoint.engine.evaluate.gates.met_by import devices, met_by
from hitpoint.engine.evaluate.gates.piece import Piece
from plans import make_plan

from .scores import PUBLIC_DOMAIN

HITS = (1, 2, 3, 4, 5)
BAR_S = 2.0
HEAD_S = 0.25
STEMS = ("drums", "bass", "harmony", "melody", "pads", "hits")


def struck(*means: str, style: str = "") -> Piece:
    """A band on every beat; at the downbeat of bar n means n strikes, or nobody does, or all fall silent."""
    plan = make_plan((("A", 6, 0.5, 0.5),), bpm=120, hit_bars=HITS[: len(means)], must_bars=())
    stems = {name: np.zeros((round((6 * BAR_S + HEAD_S) * sounds.RATE), 2), np.float32) for name in STEMS}
    pitches = {"bass": 55.0, "harmony": 220.0, "melody": 523.0, "pads": 330.0}
    at_bar = dict(zip(HITS, means, strict=False))
    for beat in range(24):
        bar, place = divmod(beat, 4)
        means_here = at_bar.get(bar, "")
        if (place == 0 and means_here in ("hits", "nobody")) or means_here == "silence":
            continue
        sounds.put(stems["drums"], sounds.drum(beat % 3, decay_s=0.03), HEAD_S + beat / 2, 0.25)
        for name, hertz in pitches.items():
            sounds.put(stems[name], sounds.tone(hertz, 0.4), HEAD_S + beat / 2, 0.08)
    for bar, means_here in at_bar.items():
        at = HEAD_S + bar * BAR_S
        if means_here in ("drums", "hits"):
            sounds.put(stems[means_here], sounds.drum(40 + bar, decay_s=0.12), at, 0.9)
        elif means_here in pitches:
            for ratio in (1, 1.5, 2, 3, 4):
                sounds.put(stems[means_here], sounds.tone(pitches[means_here] * ratio, 1.0), at, 0.25)
    return Piece(plan, stems, style, handles=(round(HEAD_S * sounds.RATE), 0))


def test_each_hit_tells_by_what_it_is_met():
    found = devices(struck("drums", "bass", "melody", "hits", "silence"))
    assert found is not None
    assert [met.device for met in found] == ["drums", "bass", "melody", "fx", "silence"]


def test_pads_are_harmony_and_nothing_is_none():
    found = devices(struck("pads", "harmony", "nobody"))
    assert found is not None
    assert [met.device for met in found] == ["harmony", "harmony", "none"]


def test_different_music_at_each_hit_passes():
    assert all(
        verdict.value == 0 and verdict.passed
        for verdict in met_by(struck("drums", "melody", "bass", "drums", "harmony", style="piano"))
    )


def test_a_boom_on_every_other_hit_fails():
    alone, crowd, _ = met_by(struck("hits", "drums", "hits", "bass", style="documentary"))
    assert alone.value == 0.5 and not alone.passed
    assert crowd.value == 2 and not crowd.passed


def test_a_single_boom_among_five_hits_passes():
    alone, crowd, _ = met_by(struck("drums", "bass", "hits", "drums", "melody", style="folk"))
    assert alone.value == pytest.approx(0.2) and alone.passed
    assert crowd.value == 1 and crowd.passed


def test_other_styles_may_boom_twice_in_half_a_minute():
    assert met_by(struck("hits", "drums", "hits", style="trailer"))[1].value is None


def test_a_boom_that_doubles_the_band_is_not_alone():
    piece = struck("drums", "bass")
    loud = sounds.drum(7, decay_s=0.3)
    for bar in (1, 2):
        sounds.put(piece.stems["hits"], loud, HEAD_S + bar * BAR_S, 0.9)
    assert met_by(piece)[0].value == 0


def test_the_same_device_twice_running_fails():
    twice = met_by(struck("drums", "drums", "bass", "bass"))[2]
    assert twice.value == 2 and not twice.passed


def test_a_strong_hit_that_is_not_struck_has_no_device():
    piece = struck("drums", "bass", "bass", "melody")
    hits = [hit for hit in piece.plan.hits if hit.strong]
    spared = replace(hits[2], accent=False)
    plan = replace(piece.plan, hits=tuple(spared if hit == hits[2] else hit for hit in piece.plan.hits))
    found = devices(replace(piece, plan=plan))
    assert found is not None
    assert [met.device for met in found] == ["drums", "bass", "melody"]
    assert met_by(piece)[2].value == 1 and met_by(replace(piece, plan=plan))[2].value == 0


def test_one_stem_tells_nothing_apart():
    piece = struck("drums")
    one = Piece(piece.plan, {"music": piece.mix}, handles=piece.handles)
    assert devices(one) is None
    assert all(verdict.value is None for verdict in met_by(one))


def test_separated_stems_of_a_neural_take_are_told_apart():
    piece = struck("drums", "other")
    stems = {
        "drums": piece.stems["drums"],
        "bass": piece.stems["bass"],
        "other": np.asarray(piece.stems["harmony"] + piece.stems["melody"], np.float32),
    }
    found = devices(Piece(piece.plan, stems, handles=piece.handles))
    assert found is not None and found[0].device == "drums"


@pytest.mark.parametrize("score", PUBLIC_DOMAIN)
def test_notes_without_sound_are_not_judged(score):
    assert all(verdict.value is None for verdict in met_by(score()))


def test_the_composers_hits_are_met_by_music(sketched):
    assert met_by(sketched("cinematic", 1))[0].passed
