"""Batches: what the network sees is what generation will show it, and what is left out is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import learners
from hitpoint.engine.models.channels import MOMENT
from hitpoint.engine.models.gvmgen import ANCHORS
from hitpoint.engine.train.recipe import Dropping

NOTHING = Dropping(memory=0, plan=0, both=0, chroma=0, thirds=0, anchors=0, tokens=0)


def test_a_batch_depends_on_its_step_alone() -> None:
    first, second = learners.batches().draw(7), learners.batches().draw(7)
    other = learners.batches().draw(8)
    assert np.array_equal(first.fed, second.fed) and np.array_equal(first.pictures, second.pictures)
    assert not np.array_equal(first.fed, other.fed)


def test_position_s_is_to_predict_the_token_that_the_delay_pattern_puts_behind_it() -> None:
    batch = learners.batches(dropping=NOTHING).draw(0)
    # Book 0 is not late, so what is wanted at s is what is fed at s + 1.
    assert np.array_equal(batch.wanted[:, 0, : learners.WINDOW - 1], batch.fed[:, 0, 1 : learners.WINDOW])
    # One step late: nothing to predict at the first position, and one more at the end.
    assert (batch.wanted[:, 1, 0] == -100).all() and (batch.wanted[:, 0, -1] == -100).all()
    assert (batch.wanted[:, 1, -1] >= 0).all()
    assert (batch.fed[:, :, 0] == learners.DECODER.special).all()


def test_pictures_lie_inside_the_window_and_anchors_carry_no_time() -> None:
    for step in range(20):
        batch = learners.batches(dropping=NOTHING).draw(step)
        own = batch.times[:, :-ANCHORS]
        assert own.min() >= 0 and own.max() <= learners.WINDOW / 50
        assert (batch.times[:, -ANCHORS:] == -1).all()
        assert batch.seen.all()


def test_the_published_form_sees_pictures_without_times_and_no_plan() -> None:
    batch = learners.batches(timed=False, planned=False).draw(0)
    assert (batch.times == -1).all() and batch.plan is None
    assert batch.times.shape[1] == learners.WINDOW // 50


def test_what_is_dropped_is_gone() -> None:
    everything = replace(NOTHING, both=1.0)
    batch = learners.batches(dropping=everything).draw(0)
    assert not batch.seen.any() and batch.plan is not None and not batch.plan.any()
    bare = learners.batches(dropping=replace(NOTHING, chroma=1.0)).draw(0)
    assert bare.plan is not None
    moments = bare.plan.reshape(*bare.plan.shape[:2], -1, len(MOMENT))
    chroma = [index for index, name in enumerate(MOMENT) if name.startswith("chroma")]
    assert not moments[..., chroma].any() and moments[..., :8].any()


def test_the_plans_last_row_goes_on_behind_the_music() -> None:
    batch = learners.batches(dropping=NOTHING).draw(0)
    assert batch.plan is not None and batch.plan.shape[1] == batch.fed.shape[2]
    assert np.array_equal(batch.plan[:, learners.WINDOW - 1], batch.plan[:, -1])


def test_tokens_are_spoilt_as_often_as_asked_and_never_the_special_one() -> None:
    clean = learners.batches(dropping=NOTHING, batch=8)
    spoilt = learners.batches(dropping=replace(NOTHING, tokens=0.3), batch=8)
    a, b = clean.draw(3), spoilt.draw(3)
    special = a.fed == learners.DECODER.special
    assert np.array_equal(b.fed == learners.DECODER.special, special)
    assert 0.2 < (b.fed[~special] != b.fed.max() + 1).mean() <= 1
    assert np.array_equal(a.wanted.shape, b.wanted.shape)
