"""The handles of a finished take are told from its files alone."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Picture, Plan, Provenance, Shot, Stem, Take
from hitpoint.plugin.master import handle_frames, handles_of

RATES = [Rate(24), Rate(25), Rate(24000, 1001), Rate(30000, 1001), Rate(60)]


@given(
    st.sampled_from(RATES),
    st.integers(0, 200_000),
    st.integers(1, 5000),
    st.fractions(Fraction(0), Fraction(30), max_denominator=100),
)
@settings(deadline=None)
def test_they_are_the_frames_that_were_asked_for(
    rate: Rate, first: int, frames: int, seconds: Fraction
) -> None:
    cue = Cue("1m1", rate, first, first + frames, (Shot("s", first, first + frames, "gap"),))
    asked = handle_frames(cue, float(seconds))
    score = make_score(seed=1, style="piano", cues=[cue])
    plan = Plan("1m1", cue.samples, (), (), (), (), 0)
    request = TakeRequest(cue, Picture(rate, first, (), (), (), (), (), ()), score, plan, asked)
    stem = Stem("bass", "bass.wav", "", 0, request.handle_samples)
    assert handles_of(cue, Take("1m1", (stem,), plan, Provenance("sketch", "1", 1))) == asked
