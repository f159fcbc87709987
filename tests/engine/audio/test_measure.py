"""Hits are found on the sound where they are, missed where they are not, and chance is told."""

from __future__ import annotations

import numpy as np
import pytest

import sounds
from hitpoint.engine.audio.measure import MUSIC, accent_score, measure_hits
from hitpoint.engine.audio.onset import OnsetCurve, onset_curve
from hitpoint.engine.types import Hit, HitKind, Plan, TempoSegment

SECONDS = 24
BEAT = 24_000
HEAD = 48_000
ACCENTS = (4, 13, 22, 31, 39, 44)


def plan(hits: list[Hit]) -> Plan:
    segment = TempoSegment(0, SECONDS * 48_000, (4,) * (SECONDS * 48_000 // BEAT // 4))
    return Plan("cue", SECONDS * 48_000, tuple(hits), (segment,), (), (), 0)


def hit(sample: int, strength: float = 0.9, kind: HitKind = "would") -> Hit:
    return Hit(0, sample, kind, strength)


def music(*, accents: tuple[int, ...] = ACCENTS, offset_s: float = 0.0) -> dict[str, OnsetCurve]:
    """Soft beats, loud ones at `accents` (moved by `offset_s`), a second of handle before."""
    drums = np.zeros(((SECONDS + 2) * 48_000, 2), np.float32)
    melody = np.zeros_like(drums)
    for beat in range(SECONDS * 48_000 // BEAT):
        loud = beat in accents
        sounds.put(
            drums, sounds.drum(beat), 1 + beat * 0.5 + (offset_s if loud else 0), 0.6 if loud else 0.05
        )
        if beat % 2:
            sounds.put(melody, sounds.tone(330 + 20 * (beat % 5), 0.4), 1 + beat * 0.5 + 0.25, 0.05)
    hits = np.zeros_like(drums)
    sounds.put(hits, sounds.drum(77, decay_s=0.2), 1 + 10.1, 0.5)
    parts = {"drums": drums, "melody": melody, "hits": hits, MUSIC: drums + melody}
    return {name: onset_curve(part) for name, part in parts.items()}


def test_hits_on_accents_are_met_by_the_stem_that_plays_them() -> None:
    report = measure_hits(music(), plan([hit(beat * BEAT) for beat in ACCENTS]), head_samples=HEAD)
    assert report.met == len(ACCENTS)
    assert {measure.met_by for measure in report.hits} == {"drums"}
    assert all(abs(measure.error_ms) < 10 for measure in report.hits)
    assert report.chance < 0.3


@pytest.mark.parametrize("offset_ms", [-30, 25])
def test_the_error_is_what_lies_between_sound_and_hit(offset_ms: int) -> None:
    curves = music(offset_s=offset_ms / 1000)
    report = measure_hits(curves, plan([hit(beat * BEAT) for beat in ACCENTS]), head_samples=HEAD)
    assert report.met == len(ACCENTS)
    for measure in report.hits:
        assert measure.error_ms == pytest.approx(offset_ms, abs=8)


def test_hits_between_the_onsets_are_not_met() -> None:
    away = [hit(beat * BEAT + BEAT // 4) for beat in ACCENTS]
    report = measure_hits(music(), plan(away), head_samples=HEAD)
    assert report.met == 0
    assert all(measure.error_ms is None and measure.met_by == "none" for measure in report.hits)


def test_effects_count_only_where_the_music_has_nothing() -> None:
    report = measure_hits(music(), plan([hit(round(10.1 * 48_000)), hit(4 * BEAT)]), head_samples=HEAD)
    assert [measure.met_by for measure in report.hits] == ["hits", "drums"]


def test_an_avoid_is_met_by_the_absence_of_an_onset_and_does_not_count() -> None:
    hits = [hit(4 * BEAT, kind="avoid"), hit(4 * BEAT + BEAT // 4, kind="avoid"), hit(13 * BEAT)]
    report = measure_hits(music(), plan(hits), head_samples=HEAD)
    assert [measure.met for measure in report.hits] == [False, True, True]
    assert len(report.wanted) == 1


def test_the_grid_says_what_a_hit_lies_on() -> None:
    hits = [hit(4 * BEAT + 1_000), hit(13 * BEAT), hit(6 * BEAT + 3_000)]
    report = measure_hits(music(), plan(hits), head_samples=HEAD)
    assert [measure.on for measure in report.hits] == ["downbeat", "beat", "none"]


def test_chance_is_the_share_of_random_moments_that_count_as_met() -> None:
    curves, hits = music(), plan([hit(beat * BEAT) for beat in ACCENTS])
    everywhere = [hit(sample) for sample in range(0, SECONDS * 48_000, 480)]
    share = measure_hits(curves, plan(everywhere), head_samples=HEAD)
    assert measure_hits(curves, hits, head_samples=HEAD).chance == pytest.approx(
        share.met / len(everywhere), abs=0.15
    )


def test_accents_stand_out_of_the_beats_and_of_chance() -> None:
    few = ACCENTS[:4]  # more than a tenth of the beats cannot all lie above the 90th percentile
    curves = music(accents=few)
    score = accent_score(curves, plan([hit(beat * BEAT) for beat in few]), head_samples=HEAD)
    assert score is not None
    assert score.hits == 4 and score.above_90 == 1 and score.percentile > 85 and score.z > 3
    others = plan([hit(beat * BEAT) for beat in (2, 9, 17, 28, 35, 46)])
    plain = accent_score(curves, others, head_samples=HEAD)
    assert plain is not None
    assert plain.above_90 == 0 and plain.z < 2


def test_nothing_to_measure_is_no_fault() -> None:
    empty = plan([])
    assert measure_hits(music(), empty, head_samples=HEAD).chance == 0
    assert accent_score(music(), empty, head_samples=HEAD) is None
    silence = {name: onset_curve(np.zeros((48_000, 2), np.float32)) for name in ("drums", MUSIC)}
    report = measure_hits(silence, plan([hit(0)]), head_samples=0)
    assert report.met == 0 and report.hits[0].z == 0
