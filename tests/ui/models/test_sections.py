from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from fakes.fake_studio import MODELS
from fakes.kit import Kit


def test_sections_cover_the_cue_without_a_hole(kit: Kit) -> None:
    kit.open()
    rows = kit.model.sections.sections
    assert [row.label for row in rows] == ["A", "B", "A"]
    assert rows[0].in_frame == 0 and rows[-1].out_frame_exclusive == 576
    assert all(a.out_frame_exclusive == b.in_frame for a, b in pairwise(rows))


def test_a_drawn_curve_stands_in_the_planned_one_and_is_one_step(kit: Kit) -> None:
    kit.open()
    sections = kit.model.sections
    planned = sections.intensity
    sections.draw_live([(100, 0.9)])
    sections.draw_live([(100, 0.9), (200, 0.1)])
    assert (200, 0.1) in sections.intensity and not kit.model.history.can_undo
    sections.draw([(100, 0.9), (200, 0.1), (9999, 0.5)])
    kit.settle()
    assert [point for point in sections.intensity if 100 <= point[0] <= 200] == [(100, 0.9), (200, 0.1)]
    assert [point for point in sections.intensity if not 100 <= point[0] <= 200] == [
        point for point in planned if not 100 <= point[0] <= 200
    ]
    kit.model.history.undo()
    kit.settle()
    assert sections.intensity == planned
    kit.model.history.redo()
    sections.clear_drawn()
    kit.settle()
    assert sections.intensity == planned


def test_wishes_for_stretches_are_listed_and_taken_back(kit: Kit) -> None:
    kit.open()
    sections = kit.model.sections
    sections.wish("bigger", 48, 96)
    sections.wish("no_melody", 500, 9999)
    sections.wish("stop", 9999, 99999)
    assert [(span.kind, span.in_frame, span.out_frame_exclusive) for span in sections.spans] == [
        ("bigger", 48, 96),
        ("no_melody", 500, 576),
    ]
    sections.unwish(0)
    sections.unwish(7)
    assert [span.kind for span in sections.spans] == ["no_melody"]


def test_redoing_a_section_keeps_the_seed_of_the_heard_take(kit: Kit) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.model.sections.redo_section(1)
    kit.model.sections.redo_stem("bass")
    kit.model.sections.redo_stem("kazoo")
    kit.settle()
    first, second, third = kit.studio.orders
    assert first.seed == second.seed == third.seed
    spans = kit.model.sections.spans
    assert [(span.kind, span.stem) for span in spans] == [("redo", ""), ("redo", "bass")]
    row = kit.model.sections.sections[1]
    assert (spans[0].in_frame, spans[0].out_frame_exclusive) == (row.in_frame, row.out_frame_exclusive)


def test_what_a_model_does_not_follow_is_said(kit: Kit) -> None:
    kit.open()
    sections = kit.model.sections
    assert all(sections.can.values()) and sections.why_not == {}
    kit.model.controls.set(model="gvmgen-nano")
    assert not sections.can["no_melody"] and not sections.can["redo_stem"] and sections.can["hits"]
    assert "GVMGen nano" in sections.why_not["no_melody"]
    assert sections.why_not.keys() == {kind for kind, may in sections.can.items() if not may}


def test_a_model_that_follows_the_plan_follows_its_energy(kit: Kit) -> None:
    kit.studio.models_there = tuple(replace(row, follows_plan=True) for row in MODELS)
    kit.open()
    kit.model.controls.set(model="gvmgen-nano")
    assert kit.model.sections.can["drawn"] and kit.model.sections.can["bigger"]
    assert not kit.model.sections.can["stop"]
