"""What is taken from a temp track: as far as it is sure and the style can follow, and all of it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.audio.likeness import Heard
from hitpoint.engine.errors import InputError
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.like import LIKE, WHOLE, arranged, likeness_of, stretch_name, with_likeness
from hitpoint.engine.plan.mood import read_mood, with_mood
from hitpoint.engine.plan.palette import BRIGHTNESS, bright_palette, part_brightness
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.serial import canonical, from_json, to_json
from hitpoint.engine.sketch.composer import Composition, compose
from hitpoint.engine.sketch.harmony import is_bright
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.style import load_style, style_names
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Marker, Picture, Plan, Score, Shot

FRAMES = 24 * 60
RATE = Rate(24)
POINTS = 200
# Soft, loud, soft: the picture below does something else.
ARCH = tuple(float(value) for value in np.sin(np.linspace(0, np.pi, POINTS)) ** 2)
TEMP = Heard(
    seconds=90.0,
    music="yes",
    bpm=112.0,
    bpm_sure=0.9,
    tonic=5,
    minor=False,
    key_sure=0.8,
    curves={WHOLE: ARCH},
    range_db=11.0,
    octaves_db=(-9.0,) * 8,
    brightness=0.5,
    low_db=-6.0,
    drums="yes",
    bass="yes",
)


def cue(*markers: Marker, first: int = 0, last: int = FRAMES) -> Cue:
    return Cue("1m1", RATE, first, last, (Shot("all", first, last, "gap"),), markers=markers)


def picture(here: Cue) -> Picture:
    motion = np.linspace(0.7, 0.2, here.frames)
    even = (0.4,) * here.frames
    cuts = tuple(Cut(frame, 0.6) for frame in range(here.in_frame + 200, here.out_frame_exclusive, 260))
    return Picture(RATE, here.in_frame, tuple(motion.tolist()), even, (0.5,) * here.frames, even, even, cuts)


def followed(heard: Heard, style: str = "cinematic", mood: str = "") -> Score:
    plain = with_mood(make_score(seed=3, style=style, cues=[cue()]), read_mood(mood))
    return with_likeness(plain, heard, source="temp.wav", sha256="0" * 64)


def planned(score: Score, here: Cue | None = None) -> Plan:
    here = here or cue()
    return make_plan(here, picture(here), score)


def composed(score: Score) -> Composition:
    return compose(TakeRequest(cue(), picture(cue()), score, planned(score)))


def told(score: Score) -> tuple[str, str]:
    like = likeness_of(score)
    assert like is not None
    return "; ".join(like.taken), "; ".join(like.left)


def curve_under(plan: Plan, curve: tuple[float, ...]) -> np.ndarray:
    middles = [(bar.start_sample + bar.end_sample_exclusive) / 2 / plan.samples for bar in plan.bars]
    return np.interp(middles, np.linspace(0, 1, len(curve)), curve)


def test_tempo_key_energy_and_stems_are_followed() -> None:
    score = followed(TEMP)
    plan = planned(score)
    tempi = [segment.bpm for segment in plan.segments]
    assert all(abs(bpm / 112 - 1) < 0.12 for bpm in tempi)
    assert score.tonic == 5
    piece = composed(score)
    assert all(is_bright(part.mode) for part in piece.form.parts)
    assert piece.spans[-1].chord.numeral == "I" and piece.spans[-1].chord.root == 5
    assert np.corrcoef(curve_under(plan, ARCH), plan.energy)[0, 1] > 0.5
    usual = load_style("cinematic")
    assert arranged(score).enter["drums"] == usual.enter["drums"] - 1
    taken, left = told(score)
    assert all(word in taken for word in ("112 bpm (sure)", "F major", "energy", "colours", "drums", "bass"))
    assert left == ""


def test_a_minor_track_makes_bright_pictures_minor() -> None:
    assert not any(is_bright(part.mode) for part in composed(followed(replace(TEMP, minor=True))).form.parts)


@pytest.mark.parametrize(
    ("style", "heard_bpm", "played"),
    [("cinematic", 60.0, 120.0), ("piano", 176.0, 88.0), ("rock", 128.0, 128.0), ("ambient", 132.0, 66.0)],
)
def test_tempo_moves_by_octaves_into_the_style(style: str, heard_bpm: float, played: float) -> None:
    like = likeness_of(followed(replace(TEMP, bpm=heard_bpm), style))
    assert like is not None and like.bpm == played


def test_a_tempo_that_the_style_does_not_play_is_left_and_said() -> None:
    plain = make_score(seed=3, style="corporate", cues=[cue()])
    score = followed(replace(TEMP, bpm=80.0), "corporate")
    assert score.tempo_family_bpm == plain.tempo_family_bpm
    assert "80 bpm, which corporate does not play" in told(score)[1]


def test_a_must_breaks_the_tempo_and_is_met() -> None:
    marks = [Marker("a", frame, frame, hit="must") for frame in (97, 231, 402, 529, 811, 1013)]
    here = cue(*marks)
    plan = make_plan(here, picture(here), followed(TEMP))
    assert (
        plan.problems
        == make_plan(here, picture(here), make_score(seed=3, style="cinematic", cues=[here])).problems
    )


def test_what_is_not_sure_is_not_taken() -> None:
    plain = make_score(seed=3, style="cinematic", cues=[cue()])
    vague = replace(TEMP, bpm=None, key_sure=0.1, range_db=1.0, drums="unclear", bass="unclear")
    score = followed(vague)
    assert (score.tonic, score.tempo_family_bpm) == (plain.tonic, plain.tempo_family_bpm)
    assert planned(score) == planned(plain)
    left = told(score)[1]
    assert all(word in left for word in ("tempo", "key", "energy", "drums", "bass"))


@pytest.mark.parametrize("why", ["silent", "short", "noise", "speech"])
def test_of_no_music_nothing_is_taken(why: str) -> None:
    plain = make_score(seed=3, style="cinematic", cues=[cue()])
    score = followed(Heard(5.0, why))  # type: ignore[arg-type]
    assert replace(score, extra={}) == plain
    assert planned(score) == planned(plain)
    assert arranged(score) == load_style("cinematic")
    taken, left = told(score)
    assert taken == "" and left


def test_without_a_temp_track_the_style_and_the_score_are_as_ever() -> None:
    plain = make_score(seed=3, style="cinematic", cues=[cue()])
    assert arranged(plain) is load_style("cinematic")
    assert likeness_of(plain) is None
    assert LIKE.encode() not in canonical(plain)


def test_no_drums_in_the_track_are_none_in_ours() -> None:
    piece = composed(followed(replace(TEMP, drums="no", bass="no")))
    assert "drums" not in piece.stems
    assert {note.stem for note in piece.notes} >= {"harmony", "melody"}
    assert "drums" in composed(make_score(seed=3, style="cinematic", cues=[cue()])).stems


def test_the_mood_decides_the_mode_and_the_track_the_tonic() -> None:
    score = followed(TEMP, mood="ominous")
    like = likeness_of(score)
    assert like is not None and like.key and like.mode == ""
    assert score.tonic == 5
    assert "the mood decides" in told(score)[1]
    assert not all(is_bright(part.mode) for part in composed(score).form.parts)


def test_a_style_without_the_mode_keeps_its_own() -> None:
    score = followed(TEMP, "tension")
    assert "tension has no such mode" in told(score)[1]
    assert arranged(score).harmony == load_style("tension").harmony


def test_a_saved_score_follows_the_same_track() -> None:
    score = followed(TEMP)
    again = from_json(Score, to_json(score))
    assert again == score
    assert likeness_of(again) == likeness_of(score)
    assert planned(again) == planned(score)


def test_a_score_mended_by_hand_gets_a_sentence() -> None:
    with pytest.raises(InputError, match="Likeness"):
        likeness_of(replace(followed(TEMP), extra={LIKE: {"source": "temp.wav"}}))


def test_a_track_of_the_timeline_lies_where_it_lies() -> None:
    late = tuple([None] * (POINTS // 2) + [0.9] * (POINTS // 2))
    score = followed(replace(TEMP, curves={stretch_name(0, FRAMES): late}))
    plain = replace(score, extra={})
    whole = planned(score)
    bare = make_plan(cue(), picture(cue()), score)
    assert whole == bare
    free = np.array(
        make_plan(cue(), picture(cue()), replace(plain, tempo_family_bpm=score.tempo_family_bpm)).energy
    )
    energy = np.array(whole.energy)
    half = len(energy) // 2
    assert energy[half + 2 :].mean() > free[len(free) // 2 + 2 :].mean() + 0.1
    # The second half alone is all under the loud half of the track, a stretch outside is under nothing.
    second = cue(first=FRAMES // 2, last=FRAMES)
    assert np.mean(planned(score, second).energy) > np.mean(planned(plain, second).energy) + 0.1
    outside = cue(first=FRAMES, last=2 * FRAMES)
    quiet = likeness_of(score)
    assert quiet is not None
    assert (
        planned(score, outside).energy
        == planned(replace(score, extra={LIKE: to_json(replace(quiet, energy=False))}), outside).energy
    )


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(style_names()),
    st.floats(40, 220),
    st.integers(0, 11),
    st.booleans(),
    st.floats(0, 1),
    st.sampled_from(["yes", "no", "unclear"]),
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=50),
)
def test_whatever_is_heard_the_plan_and_the_style_stay_possible(
    style: str, bpm: float, tonic: int, minor: bool, bright: float, present: str, curve: list[float | None]
) -> None:
    score = followed(
        replace(
            TEMP,
            bpm=bpm,
            tonic=tonic,
            minor=minor,
            brightness=bright,
            low_db=-20 * bright,
            drums=present,
            bass=present,
            curves={WHOLE: tuple(curve)},
        ),
        style,
    )
    low, high = score.tempo_family_bpm
    usual = load_style(style)
    assert usual.tempo_bpm[0] / 1.14 <= low < high <= usual.tempo_bpm[1] * 1.14
    here = cue(last=24 * 20)
    plan = make_plan(here, picture(here), score)
    assert all(0 <= energy <= 1 for energy in plan.energy)
    made = arranged(score)
    assert {"harmony", "melody"} <= set(made.stems) <= set(usual.stems)
    assert all(0 <= level <= 4 for level in made.enter.values())
    assert made.harmony.modes and made.harmony.modes[-1][0] == 0.0
    for stem, name in score.palette.items():
        assert usual.part(stem, name)


@pytest.mark.parametrize("style", style_names())
def test_brighter_tracks_get_brighter_instruments(style: str) -> None:
    table = load_style(style)

    def mean(palette: dict[str, str]) -> float:
        found = [part_brightness(table.part(stem, name)) for stem, name in palette.items()]
        return float(np.mean([bright for bright in found if bright is not None]))

    means = [mean(bright_palette(table, share)) for share in (0.0, 0.5, 1.0)]
    assert means == sorted(means) and means[0] < means[-1]


def test_every_pitched_instrument_has_a_brightness() -> None:
    pitched = {name for name, facts in INSTRUMENTS.items() if 0 <= facts.bank < 128}
    assert pitched == set(BRIGHTNESS)
