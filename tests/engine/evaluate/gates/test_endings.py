"""Gate 9: cut, faded, endless, dry and wrong endings fail; chords that die away on the tonic pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hitpoint.engine.evaluate.gates.endings import endings
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.verdict import Verdict
from hitpoint.engine.types import Note

from .scores import PUBLIC_DOMAIN, plan_of, variations_theme

LAST, FALL, SOUNDING, HOME, LATE = range(5)
BEAT = 24_000
RATE = 48_000
CUE = 16 * BEAT
TAIL = 2 * RATE
# A low chord of D, from the bass up.
TONIC = (38, 57, 62, 66)


def judged(piece: Piece, free_samples: int | None = None) -> tuple[Verdict, ...]:
    verdicts = endings(piece, free_samples)
    assert len(verdicts) == 5
    return verdicts


def take(
    style: str = "cinematic",
    *,
    rings_s: float = 3.4,
    last: Sequence[int] = TONIC,
    late: tuple[int, ...] = (),
    tail: int = TAIL,
) -> Piece:
    """Four bars of plucked chords on every beat; the last bar has one chord, which falls by 60 dB in
    `rings_s`. `late` are samples of more chords."""
    plan = replace(plan_of((4,) * 4, (("A", 4),), BEAT), ending_bar=3)
    struck = [(beat * BEAT, TONIC, 0.5) for beat in range(12)] + [(12 * BEAT, tuple(last), rings_s)]
    struck += [(sample, TONIC, 0.5) for sample in late]
    sound = np.zeros(CUE + 8 * RATE)
    notes: list[Note] = []
    for start, pitches, seconds in struck:
        time = np.arange(round(seconds * RATE)) / RATE
        envelope = np.minimum(1, time / 0.004) * 10 ** (-3 * time / seconds)
        for pitch in pitches:
            tone = sum(
                np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * k * time) / k for k in (1, 2, 3, 5)
            )
            sound[start : start + len(time)] += 0.08 * tone * envelope
            stem = "bass" if pitch == pitches[0] else "harmony"
            notes.append(Note(stem, start, len(time), pitch, 80, stem))
    stereo = np.stack([sound, sound], axis=1)[: CUE + tail].astype(np.float32)
    return Piece(
        plan=plan, stems={"music": stereo}, style=style, tonic=2, notes=tuple(notes), handles=(0, tail)
    )


def shaped(piece: Piece, first: int, last: int) -> Piece:
    """Faded by a cosine from sample `first` to `last`, silent after it."""
    gain = np.ones(len(piece.mix), np.float32)
    gain[first:last] = np.cos(np.linspace(0, np.pi / 2, last - first))
    gain[last:] = 0
    return replace(piece, stems={name: sound * gain[:, None] for name, sound in piece.stems.items()})


def sound_alone(piece: Piece) -> Piece:
    """What a neural take is known by."""
    return replace(piece, notes=(), tonic=None, style="")


def test_a_ring_out_passes():
    verdicts = judged(take())
    assert all(verdict.applies for verdict in verdicts)
    assert [verdict.text for verdict in verdicts if not verdict.passed] == []


def test_a_button_passes_in_a_style_of_buttons():
    verdicts = judged(take("electronic", rings_s=0.8))
    assert [verdict.text for verdict in verdicts if not verdict.passed] == []


@pytest.mark.parametrize("known", [True, False])
def test_a_chopped_tail_fails(known):
    whole = take(rings_s=4.0)
    piece = whole if known else sound_alone(whole)
    assert not judged(shaped(piece, CUE - 480, CUE))[FALL].passed
    assert judged(shaped(piece, CUE - 480, CUE))[LAST].passed, "silence after a cut is silence"


def test_a_quarter_second_of_fade_is_no_decay():
    assert not judged(shaped(take(rings_s=6.0), CUE - RATE // 4, CUE))[FALL].passed


def test_a_tail_that_is_cut_by_the_end_of_the_file_fails():
    piece = take(rings_s=6.0, tail=0)
    verdicts = judged(piece)
    assert not verdicts[LAST].passed
    assert not verdicts[FALL].passed


def test_a_tail_may_sound_until_the_next_cue_and_no_longer():
    piece = take(rings_s=3.0)
    assert judged(piece)[LAST].passed
    assert judged(piece, free_samples=round(1.2 * RATE))[LAST].passed
    verdict = judged(piece, free_samples=0)[LAST]
    assert verdict.value is not None and verdict.value > -50
    assert not verdict.passed


def test_a_dry_chord_where_a_ring_out_is_due_fails_and_the_other_way_round():
    assert not judged(take("cinematic", rings_s=0.8))[SOUNDING].passed
    assert not judged(take("electronic", rings_s=6.0))[SOUNDING].passed


def test_a_fade_takes_its_time():
    piece = take(rings_s=9.0)
    slow = endings(shaped(piece, 12 * BEAT, CUE + 3 * RATE // 2), kind="fade")
    assert [verdict.text for verdict in slow if not verdict.passed] == []
    hasty = endings(shaped(take(rings_s=2.0), 12 * BEAT, CUE), kind="fade")
    assert not hasty[SOUNDING].passed


def test_a_last_chord_off_the_tonic_fails():
    assert not judged(take(last=(43, 59, 62, 67)))[HOME].passed


def test_a_last_chord_out_of_root_position_fails():
    assert not judged(take(last=(42, 57, 62, 66)))[HOME].passed


def test_styles_may_end_open():
    assert judged(take("ambient", last=(43, 59, 62, 67)))[HOME].value is None


@pytest.mark.parametrize("score", PUBLIC_DOMAIN)
def test_public_domain_scores_come_home(score):
    assert judged(score())[HOME].passed


def test_a_score_that_stops_before_its_last_chord_fails():
    piece = variations_theme()
    chord = piece.chords[-1].start_sample
    early = tuple(note for note in piece.notes if note.start_sample < chord)
    assert not judged(replace(piece, notes=early))[HOME].passed


@pytest.mark.parametrize("known", [True, False])
def test_an_onset_in_the_last_300_ms_fails(known):
    piece = take(late=(CUE - round(0.2 * RATE),))
    verdict = judged(piece if known else sound_alone(piece))[LATE]
    assert verdict.value == 1
    assert not verdict.passed
    assert judged(take(late=(CUE - round(0.5 * RATE),)))[LATE].passed


def test_sound_alone_is_not_asked_for_its_chord():
    verdicts = judged(sound_alone(take()))
    assert [verdict.applies for verdict in verdicts] == [True, True, False, False, True]
    assert all(verdict.passed for verdict in verdicts)


def test_silence_has_no_ending():
    piece = take()
    silent = {name: np.zeros_like(sound) for name, sound in piece.stems.items()}
    verdicts = judged(replace(piece, stems=silent, notes=()))
    assert not any(verdict.applies for verdict in verdicts)


def test_the_composer_ends_well(sketched):
    verdicts = judged(sketched("cinematic", 1))
    assert all(verdict.applies for verdict in verdicts)
    assert [verdict.text for verdict in verdicts if not verdict.passed] == []
