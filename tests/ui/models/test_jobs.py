from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.progress import Step
from hitpoint.ui.models.jobs import share

STAGES = ("read", "picture", "plan", "load", "generate", "separate", "fit", "finish", "export", "whatever")
STEPS = st.builds(Step, st.sampled_from(STAGES), st.floats(-5, 500), st.floats(-1, 300))


@given(st.lists(STEPS))
def test_progress_never_goes_back_and_stays_within_a_whole(steps: list[Step]) -> None:
    done = 0.0
    for step in steps:
        before, done = done, share(step, done)
        assert before <= done <= 1


def test_the_last_step_is_the_whole_and_making_music_is_most_of_it() -> None:
    assert share(Step("export", 1, 1), 0.0) == 1
    assert share(Step("generate", 1, 1), 0.0) - share(Step("generate", 0, 1), 0.0) > 0.5
