"""All gates on one piece: by its notes, by its sound, and by what only some callers know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hitpoint.engine.evaluate.gates.judge import judge
from tools.gate_takes import LONG, written


def applied(verdicts):
    return {f"{verdict.gate}: {verdict.what}" for verdict in verdicts if verdict.applies}


def test_notes_alone_are_judged_by_what_is_written():
    piece = written("cinematic", 1, scenes=LONG)
    found = applied(judge(piece, bundled=False))
    assert {"voice leading: crossings", "groove: odd bars", "long cues: key changes in any minute"} <= found
    assert not {number for number in found if number.startswith(("stereo", "seams", "balance", "speech"))}


def test_sound_adds_numbers_and_takes_none_away(sketched):
    piece = sketched("cinematic", 1)
    heard = applied(judge(piece, limited_db=1.0, borders=(0, piece.plan.samples)))
    assert applied(judge(replace(piece, stems={}))) <= heard
    gates = {number.split(":")[0] for number in heard}
    assert {"spotting", "met by music", "arc", "endings", "balance", "stereo"} <= gates


def test_presets_of_imported_sounds_are_not_judged():
    piece = written("piano", 1)
    rise = "dynamics: rise of the centroid, velocity 40 to 110"
    assert rise in applied(judge(piece)) - applied(judge(piece, bundled=False))
    assert applied(judge(piece, bundled=False)) == applied(judge(piece)) - {rise}


def test_other_seeds_themes_are_asked_for_only_where_they_are_given():
    piece = written("folk", 1, scenes=LONG)
    others = [written("folk", seed, scenes=LONG) for seed in range(2, 7)]
    alike = "repetition: likeness of the theme to other themes"
    assert alike in applied(judge(piece, others=others)) - applied(judge(piece))


def test_the_fit_of_the_plan_decides_how_its_groove_is_judged():
    piece = written("rock", 1, scenes=LONG)
    bounds = {
        fit: {v.what: v.high for v in judge(replace(piece, plan=replace(piece.plan, fit=fit)), bundled=False)}
        for fit in ("steady", "tight")
    }
    assert bounds["steady"]["odd bars"] == pytest.approx(0.05)
    assert bounds["tight"]["odd bars"] is None
