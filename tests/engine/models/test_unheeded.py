"""A neural take says which wishes did not reach it, and the others do by its plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hitpoint.engine.generator import NeuralOptions, TakeRequest
from hitpoint.engine.models.channels import MOMENT, STEP_SAMPLES, plan_channels
from hitpoint.engine.models.gvmgen import picture_conditioner
from hitpoint.engine.models.library import find
from hitpoint.engine.models.neural import NeuralGenerator
from hitpoint.engine.models.warm import WARM
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.progress import Cancel
from hitpoint.engine.sketch.composer import chord_spans
from hitpoint.engine.types import Take
from hitpoint.engine.wishes import Drawn, HitWish, SpanWish, Wishes, with_wishes
from neural_models import tiny_home
from tools.made import take_request


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HITPOINT_HOME", str(tiny_home("tiny-gvmgen")))
    yield
    WARM.close_all()


def asked(wishes: Wishes, seconds: int = 2) -> TakeRequest:
    request = take_request(seconds=seconds, style="piano", energy=0.5)
    cue = with_wishes(request.cue, wishes)
    plan = make_plan(cue, request.picture, request.score)
    return replace(request, cue=cue, plan=plan, handle_frames=(0, 0), neural=NeuralOptions(candidates=1))


def take(folder: Path, request: TakeRequest) -> Take:
    folder.mkdir()
    generator = NeuralGenerator(find("tiny-gvmgen"), folder, picture_conditioner)
    return generator.generate(request, progress=lambda step: None, cancel=Cancel())


def unheeded(made: Take) -> list[str]:
    return [problem.text for problem in made.problems if problem.kind == "wish-unheeded"]


def test_a_take_names_the_wishes_that_its_model_does_not_follow(tmp_path: Path) -> None:
    wishes = Wishes(
        hits=(HitWish(20, "would"),), spans=(SpanWish("no_melody", 0, 24), SpanWish("stop", 24, 40))
    )
    assert unheeded(take(tmp_path / "a", asked(Wishes()))) == []
    (text,) = unheeded(take(tmp_path / "b", asked(wishes)))
    assert text.startswith("the model tiny-gvmgen does not follow 'no melody', 'stop':")
    request = asked(wishes)
    published = replace(request, neural=NeuralOptions(mode="published"))
    (text,) = unheeded(take(tmp_path / "c", published))
    assert "'moved hits'" in text


def test_energy_hits_and_key_that_are_wished_stand_in_the_columns_of_a_plan() -> None:
    wishes = Wishes(
        hits=(HitWish(24 * 7, "must"),),
        drawn=(Drawn(24 * 5, 0.95), Drawn(24 * 12, 0.95)),
        tonic=6,
        mode="minor",
    )
    tables = []
    for request in (asked(Wishes(), 20), asked(wishes, 20)):
        tables.append(plan_channels(request.plan, chord_spans(request), start_sample=0, steps=50 * 20))
    usual, told = tables
    energy, hit = MOMENT.index("energy"), MOMENT.index("hit")
    assert np.allclose(told[50 * 7 : 50 * 10, energy], 0.95)
    assert not np.allclose(usual[50 * 7 : 50 * 10, energy], 0.95)
    assert told[7 * 48_000 // STEP_SAMPLES, hit] == 1 and usual[7 * 48_000 // STEP_SAMPLES, hit] == 0
    # The last chord is the tonic's.
    chroma = told[-1, MOMENT.index("chroma_0") : MOMENT.index("chroma_0") + 12]
    assert int(np.argmax(chroma)) == 6 and chroma[9] > 0 and chroma[10] == 0
