"""Words of mood: known ones move mode and energy the way they say, others get a sentence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import OptionError
from hitpoint.engine.plan.mood import WORDS, leanings, lift, mood_of, read_mood, with_mood
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import choose_style, make_score
from hitpoint.engine.serial import canonical, from_json, to_json
from hitpoint.engine.sketch.form import make_form
from hitpoint.engine.sketch.harmony import MODES
from hitpoint.engine.style import load_style, style_names
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Picture, Plan, Score, Shot

FRAMES = 24 * 48
RATE = Rate(24)
CUE = Cue("1m1", RATE, 0, FRAMES, (Shot("all", 0, FRAMES, "gap"),))
# Brightest first.
BRIGHTNESS = tuple(MODES)
words = st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=5)
shares = st.floats(-1, 1)


def picture(light: float = 0.35) -> Picture:
    motion = np.repeat([0.15, 0.5, 0.9, 0.3], FRAMES // 4)
    even = (light,) * FRAMES
    cuts = tuple(Cut(frame, 0.7) for frame in range(144, FRAMES, 144))
    return Picture(RATE, 0, tuple(motion.tolist()), even, (0.5,) * FRAMES, even, even, cuts)


def planned(text: str, style: str = "cinematic") -> tuple[Score, Plan]:
    score = with_mood(make_score(seed=4, style=style, cues=[CUE]), read_mood(text))
    return score, make_plan(CUE, picture(), score)


def darkness(plan: Plan, style: str) -> float:
    """Mean place of the parts' modes among all, the brightest first."""
    parts = make_form(plan, load_style(style)).parts
    return float(np.mean([BRIGHTNESS.index(part.mode) for part in parts]))


@given(words)
def test_the_table_is_of_shares_and_styles_that_exist(chosen: list[str]) -> None:
    mood = read_mood(" ".join(chosen))
    assert mood is not None
    assert -1 < mood.valence < 1 and -1 < mood.energy < 1
    assert set(leanings(mood)) <= set(style_names())
    assert mood.words == tuple(dict.fromkeys(chosen))


@given(words)
def test_the_order_of_words_decides_nothing_but_their_order(chosen: list[str]) -> None:
    there, back = read_mood(", ".join(chosen)), read_mood(" and ".join(reversed(chosen)))
    assert there is not None and back is not None
    assert there.valence == pytest.approx(back.valence)
    assert there.energy == pytest.approx(back.energy)
    assert leanings(there) == leanings(back)


@given(words, st.sampled_from(sorted(WORDS)))
def test_one_more_word_moves_its_own_way(chosen: list[str], more: str) -> None:
    before, after = read_mood(" ".join(chosen)), read_mood(" ".join([*chosen, more]))
    assert before is not None and after is not None
    for moved, share in (
        (after.valence - before.valence, WORDS[more].valence),
        (after.energy - before.energy, WORDS[more].energy),
    ):
        assert moved * np.sign(share) >= -1e-12


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), shares, shares)
def test_a_lift_stays_inside_in_order_and_grows_with_its_share(
    values: list[float], one: float, other: float
) -> None:
    before = np.array(values)
    low, high = lift(before, min(one, other)), lift(before, max(one, other))
    assert np.all((low >= 0) & (high <= 1) & (low <= high + 1e-12))
    order = np.argsort(before, kind="stable")
    assert np.all(np.diff(low[order]) >= -1e-12)


def test_every_style_is_at_home_in_some_word() -> None:
    assert {style for word in WORDS.values() for style in word.styles} == set(style_names())


def test_dark_words_darken_the_mode_and_bright_ones_brighten_it() -> None:
    found = [
        darkness(planned(text)[1], "cinematic") for text in ("joyful", "hopeful", "", "sad", "ominous sad")
    ]
    assert found == sorted(found)
    assert found[0] < found[2] < found[-1]


def test_words_move_the_level_of_energy_and_keep_the_picture_s_shape() -> None:
    plans = [planned(text)[1] for text in ("serene", "gentle", "", "lively", "epic driving")]
    means = [float(np.mean(plan.energy)) for plan in plans]
    assert all(a < b for a, b in itertools.pairwise(means))
    for plan in plans:
        assert 0 <= min(plan.energy) <= max(plan.energy) <= 1
        assert np.corrcoef(plan.energy, plans[2].energy)[0, 1] > 0.999
        assert plan.segments == plans[2].segments


def test_without_words_nothing_moves_and_nothing_is_kept() -> None:
    plain = make_score(seed=4, style="cinematic", cues=[CUE])
    assert with_mood(plain, read_mood("")) is plain
    assert b"mood" not in canonical(plain)
    neutral, plan = planned("neutral")
    assert mood_of(neutral) is not None
    assert plan == planned("")[1]


def test_a_saved_score_keeps_its_mood() -> None:
    score = planned("dark, and epic!")[0]
    again = from_json(Score, to_json(score))
    assert again == score
    mood = mood_of(again)
    assert mood is not None and mood.words == ("dark", "epic")


def test_the_picture_chooses_among_the_styles_that_the_words_lean_to() -> None:
    assert choose_style([picture()], leanings(read_mood("playful"))) == "comedy"
    assert choose_style([picture()], leanings(read_mood("calm"))) in ("ambient", "piano", "guofeng")
    assert leanings(read_mood("tense dark")) == ("tension", "trailer")
    assert choose_style([picture()], leanings(read_mood("neutral"))) == choose_style([picture()])
    assert choose_style([], ("folk",)) == "folk"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drak", "did you mean 'dark'"),
        ("hopefull", "'hopeful'"),
        ("not dark", "no negations"),
        ("non-aggressive", "no negations"),
        ("bright without drums", "no negations"),
        ("rock", "--style rock"),
        ("düster", "does not know 'düster'"),
        ("dark 7", "does not know '7'"),
        (" , and ", "says no mood"),
    ],
)
def test_other_words_get_a_sentence(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        read_mood(text)
