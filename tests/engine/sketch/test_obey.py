"""Sketch obeys wishes: each has an effect that can be measured, in its stretch and nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.evaluate.gates.sketched import piece_of
from hitpoint.engine.evaluate.gates.voice_leading import voice_leading
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.asked import UNMOVED, asked_of, moved_sections
from hitpoint.engine.plan.like import arranged
from hitpoint.engine.progress import Cancel
from hitpoint.engine.serial import to_json
from hitpoint.engine.sketch.composer import Composition, chord_spans, compose, on_the_clock
from hitpoint.engine.sketch.generator import SketchGenerator
from hitpoint.engine.sketch.harmony import is_bright
from hitpoint.engine.style import load_style
from hitpoint.engine.types import Note, Plan
from hitpoint.engine.wishes import SpanKind, SpanWish, Wishes, with_wishes
from pieces import STYLES
from plans import make_plan, make_request

PLAN = make_plan()
BARS = PLAN.bars
# Bars of the same length, but fewer.
SHORT = make_plan((("A", 6, 0.6, 0.4), ("B", 6, 0.8, 0.5)), hit_bars=(3,), must_bars=(5, 6, 8))
# Players may lean this far ahead of a bar line.
LEAN = 700
# A riser leads into its hit from so far before.
RISER = round(3.3 * 48_000)
# Of the twelve those that differ most, for what is asked of each; the others are drawn.
FEW = ("ambient", "cinematic", "electronic", "guofeng")
STEMS = ("drums", "bass", "harmony", "melody", "pads")
FAST = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])


def span(kind: SpanKind, first: int, end: int, amount: int = 1, stem: str = "") -> SpanWish:
    """A wish for some bars of the plan."""

    def frame(bar: int) -> int:
        return round((BARS[bar].start_sample if bar < len(BARS) else PLAN.samples) * 24 / 48_000)

    return SpanWish(kind, frame(first), frame(end), amount, stem)


def asked(wishes: Wishes, style: str, seed: int = 1, plan: Plan = PLAN) -> TakeRequest:
    request = make_request(plan, style=style, seed=seed)
    return replace(request, cue=with_wishes(request.cue, wishes))


def made(wishes: Wishes, style: str, seed: int = 1, plan: Plan = PLAN) -> Composition:
    return compose(asked(wishes, style, seed, plan))


def of_span(style: str, *spans: SpanWish, seed: int = 1) -> tuple[Composition, Composition]:
    return made(Wishes(), style, seed), made(Wishes(spans=spans), style, seed)


def edges(first: int, end: int) -> tuple[int, int]:
    last = PLAN.samples * 2 if end >= len(BARS) else BARS[end].start_sample
    return BARS[first].start_sample - LEAN, last - LEAN


def inside(notes: Iterable[Note], first: int, end: int) -> list[Note]:
    start, last = edges(first, end)
    return [note for note in notes if start <= note.start_sample < last]


def outside(notes: Iterable[Note], first: int, end: int, *stems: str) -> Counter[tuple[object, ...]]:
    """Everything of the notes elsewhere but their lengths: a note that is held over a border is cut there."""
    start, last = edges(first, end)
    # The end's own bar may have notes struck anew that were held over it.
    return Counter(
        (n.stem, n.instrument, n.start_sample, n.pitch, n.velocity)
        for n in notes
        if not start <= n.start_sample < last
        and (not stems or n.stem in stems)
        and not (n.stem == "hits" and n.start_sample > start - RISER)
    )


def lengths(notes: Iterable[Note], first: int, end: int) -> Counter[Note]:
    """Whole notes that lie a bar and more off a stretch."""
    start, last = edges(max(first - 1, 0), min(end + 1, len(BARS)))
    return Counter(n for n in notes if n.start_sample + n.samples < start or n.start_sample >= last)


def alike(usual: Composition, wished: Composition, first: int, end: int) -> None:
    """Outside the stretch every note is the same; just after it notes may be struck anew that were held."""
    before, after = outside(usual.notes, first, end), outside(wished.notes, first, end)
    _, last = edges(first, end)
    assert not before - after
    new = after - before
    assert all(last <= key[2] <= last + 2 * LEAN for key in new), new  # type: ignore[operator]
    missing = lengths(usual.notes, first, end) - lengths(wished.notes, first, end)
    assert all(note.stem == "hits" for note in missing)


# --- Fewer and more notes


@pytest.mark.parametrize("style", FEW)
def test_less_busy_has_fewer_notes_and_busier_more_and_other_bars_stay(style: str) -> None:
    usual, less = of_span(style, span("less_busy", 20, 28))
    _, more = of_span(style, span("busier", 6, 14))
    assert len(inside(less.notes, 20, 28)) < 0.95 * len(inside(usual.notes, 20, 28))
    assert len(inside(more.notes, 6, 14)) > 1.05 * len(inside(usual.notes, 6, 14))
    for wished, first, end in ((less, 20, 28), (more, 6, 14)):
        assert outside(usual.notes, first, end) == outside(wished.notes, first, end)
        untouched = [n for n in usual.notes if n.stem in ("melody", "hits")]
        assert untouched == [n for n in wished.notes if n.stem in ("melody", "hits")]


@pytest.mark.parametrize("style", FEW)
def test_density_goes_from_bare_to_busy_step_by_step(style: str) -> None:
    counts = [len(made(Wishes(density=d), style).notes) for d in (-1.0, -0.5, -0.15, 0.0, 0.15, 0.5, 1.0)]
    assert counts == sorted(counts)
    assert counts[0] < 0.97 * counts[3] < counts[3] < 0.95 * counts[-1]
    assert counts[2] < counts[3] < counts[4]


@FAST
@given(st.sampled_from(STYLES), st.sampled_from([-1.0, 0.4, 1.0]), st.integers(0, 3))
def test_accents_are_the_same_however_busy_it_is_played(style: str, density: float, seed: int) -> None:
    usual, wished = made(Wishes(), style, seed), made(Wishes(density=density), style, seed)
    for hit in PLAN.hits:
        near = [
            [(n.stem, n.pitch, n.velocity) for n in piece.notes if abs(n.start_sample - hit.sample) <= 2]
            for piece in (usual, wished)
        ]
        assert near[0] == near[1]


# --- Rests


@FAST
@given(st.sampled_from(STYLES), st.integers(1, 26), st.integers(1, 6), st.integers(0, 3))
def test_no_melody_leaves_no_melody_there_and_every_other_note_of_it_elsewhere(
    style: str, first: int, bars: int, seed: int
) -> None:
    end = min(first + bars, len(BARS))
    usual, wished = of_span(style, span("no_melody", first, end), seed=seed)
    assert not [note for note in inside(wished.notes, first, end) if note.stem == "melody"]
    assert outside(usual.notes, first, end, "melody") == outside(wished.notes, first, end, "melody")
    start, _ = edges(first, end)
    held = [n for n in wished.notes if n.stem == "melody" and n.start_sample < start]
    assert all(note.start_sample + note.samples <= start + 4 * LEAN for note in held)
    # The others stay too, but for a bar around a hit that the melody would have led.
    around = max(first - 1, 0), min(end + 1, len(BARS))
    assert outside(usual.notes, *around) == outside(wished.notes, *around)


@pytest.mark.parametrize("style", FEW)
def test_hits_are_struck_where_the_melody_rests(style: str) -> None:
    for seed in range(3):
        _, wished = of_span(style, span("no_melody", 0, 31), seed=seed)
        for accent in wished.form.accents:
            at = wished.form.clock.sample(accent.tick)
            struck = [n for n in wished.notes if abs(n.start_sample - at) <= 2 and n.stem != "melody"]
            assert struck


@FAST
@given(st.sampled_from(STYLES), st.integers(0, 28), st.integers(1, 5), st.integers(0, 3))
def test_a_stop_is_silent_and_the_music_comes_back_at_its_end(
    style: str, first: int, bars: int, seed: int
) -> None:
    end = min(first + bars, 31)
    usual, wished = of_span(style, span("stop", first, end), seed=seed)
    start, last = edges(first, end)
    assert not inside(wished.notes, first, end)
    sounding = [
        note
        for note in wished.notes
        if note.instrument != "fx:impact" and note.start_sample < start
        and note.start_sample + note.samples > start + LEAN + 4 * LEAN
    ]  # fmt: skip
    assert not sounding
    assert wished.stops == ((BARS[first].start_sample, BARS[end].start_sample),)
    # What comes back: all that begins there, and what was held over the border.
    back = [note for note in wished.notes if last <= note.start_sample < last + 5 * 48_000]
    assert back
    alike(usual, wished, first, end)
    assert [n for n in usual.notes if n.start_sample >= BARS[31].start_sample] == [
        n for n in wished.notes if n.start_sample >= BARS[31].start_sample
    ]


def test_a_stop_over_the_ending_leaves_the_last_chord() -> None:
    for style in FEW:
        usual, wished = of_span(style, span("stop", 28, 32))
        final = [n for n in usual.notes if n.start_sample >= BARS[31].start_sample - 2]
        assert final and final == [n for n in wished.notes if n.start_sample >= BARS[28].start_sample - LEAN]


def test_a_stop_dies_away_within_two_seconds_and_tells_of_the_musts_inside(tmp_path: Path) -> None:
    levels = {}
    told = {}
    for name, spans in (("usual", ()), ("stop", (span("stop", 5, 8),))):
        request = asked(Wishes(spans=spans), "piano", plan=SHORT)
        folder = tmp_path / name
        take = SketchGenerator(folder).generate(request, progress=lambda step: None, cancel=Cancel())
        mix = sum(soundfile.read(stem.path)[0] for stem in take.stems)
        start, end = BARS[5].start_sample, BARS[8].start_sample
        late = mix[start + 2 * 48_000 : end - LEAN]
        after = mix[end : end + 48_000]
        levels[name] = [10 * np.log10(float(np.mean(part**2)) + 1e-12) for part in (late, after)]
        told[name] = [(problem.kind, problem.text) for problem in take.problems]
    assert levels["stop"][0] < levels["usual"][0] - 35
    assert abs(levels["stop"][1] - levels["usual"][1]) < 3
    # A must on the stop's beginning, or on its end, is met by it.
    assert told["usual"] == []
    assert [kind for kind, _ in told["stop"]] == ["must-in-stop"]
    assert "'bar 6'" in told["stop"][0][1]


# --- Anew


@FAST
@given(st.sampled_from(STYLES), st.integers(0, 27), st.integers(2, 8), st.integers(0, 3), st.integers(1, 3))
def test_a_stretch_that_is_written_anew_is_other_music_and_all_else_the_same(
    style: str, first: int, bars: int, seed: int, amount: int
) -> None:
    end = min(first + bars, 31)
    usual, wished = of_span(style, span("redo", first, end, amount), seed=seed)
    assert Counter(inside(usual.notes, first, end)) != Counter(inside(wished.notes, first, end))
    alike(usual, wished, first, end)


@pytest.mark.parametrize("style", FEW)
def test_every_time_that_a_section_is_written_anew_it_is_other_music(style: str) -> None:
    pieces = [tuple(inside(of_span(style, span("redo", 20, 28, n))[1].notes, 20, 28)) for n in (1, 2, 3)]
    pieces.append(tuple(inside(made(Wishes(), style).notes, 20, 28)))
    assert len(set(pieces)) == 4
    assert made(Wishes(spans=(span("redo", 20, 28, 2),)), style).notes == (
        made(Wishes(spans=(span("redo", 20, 28), span("redo", 20, 28))), style).notes
    )


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("style", FEW)
def test_one_stem_written_anew_leaves_all_others_as_they_were(style: str, stem: str) -> None:
    if stem not in load_style(style).stems:
        pytest.skip("the style has no such stem")
    # Under a low melody the pads may have no other way: somewhere in the cue they have.
    first, end = (0, 31) if stem == "pads" else (20, 28)
    usual, wished = of_span(style, span("redo", first, end, stem=stem))
    assert [n for n in usual.notes if n.stem != stem] == [n for n in wished.notes if n.stem != stem]
    before, after = ([n for n in piece.notes if n.stem == stem] for piece in (usual, wished))
    assert inside(before, first, end) != inside(after, first, end)
    alike(usual, wished, first, end)


def test_the_chords_that_are_told_to_a_model_are_those_that_are_written() -> None:
    for style in ("cinematic", "rock", "ambient", "guofeng"):
        for spans in ((), (span("redo", 8, 14, 2),), (span("stop", 8, 14), span("redo", 20, 26))):
            request = asked(Wishes(spans=spans, tonic=9), style)
            composition = compose(request)
            told = chord_spans(request)
            assert told == on_the_clock(composition.spans, composition.form)
            assert told[0].start_sample <= 0 and told[-1].end_sample_exclusive >= PLAN.samples - LEAN
            assert all(a.end_sample_exclusive == b.start_sample for a, b in pairwise(told))


@pytest.mark.parametrize("kind", ["redo", "busier", "no_melody", "stop"])
def test_what_is_written_in_another_way_keeps_the_rules_of_voice_leading(kind: SpanKind) -> None:
    for style in FEW:
        request = asked(Wishes(spans=(span(kind, 6, 14),)), style)
        verdicts = voice_leading(piece_of(request, compose(request), {}))
        assert [verdict.text for verdict in verdicts if not verdict.passed] == []


def test_wishes_for_different_stretches_do_not_meddle_with_each_other() -> None:
    for style in ("cinematic", "rock", "folk"):
        one, other = span("redo", 6, 10), span("less_busy", 20, 26)
        both, alone = made(Wishes(spans=(one, other)), style), made(Wishes(spans=(one,)), style)
        assert inside(both.notes, 0, 19) == inside(alone.notes, 0, 19)
        second = made(Wishes(spans=(other,)), style)
        assert inside(both.notes, 12, 32) == inside(second.notes, 12, 32)


# --- Bigger, smaller, key


def moved(kind: str, first: int, end: int) -> tuple[Wishes, Plan]:
    """The plan as it is made for a stretch that is wished bigger or smaller."""
    wish = span(kind, first, end)  # type: ignore[arg-type]
    cue = make_request(PLAN).cue
    energy = np.array(PLAN.energy)
    after = energy.copy()
    after[first:end] = np.clip(after[first:end] + (0.25 if kind == "bigger" else -0.25), 0, 1)
    sections = moved_sections(cue, BARS, Wishes(spans=(wish,)), PLAN.sections, energy, after)
    plan = replace(PLAN, energy=tuple(after.tolist()), sections=sections)
    return Wishes(spans=(wish,)), replace(plan, extra={UNMOVED: to_json(PLAN.sections)})


@pytest.mark.parametrize("style", FEW)
@pytest.mark.parametrize(("first", "end"), [(6, 14), (14, 20), (9, 12)])
def test_bigger_is_louder_or_fuller_smaller_the_other_way_and_other_bars_stay(
    style: str, first: int, end: int
) -> None:
    usual = made(Wishes(), style)
    weight = []
    for kind in ("smaller", "bigger"):
        wishes, plan = moved(kind, first, end)
        wished = made(wishes, style, plan=plan)
        alike(usual, wished, first, end)
        weight.append(sum(note.velocity**2 for note in inside(wished.notes, first, end)))
    here = sum(note.velocity**2 for note in inside(usual.notes, first, end))
    assert weight[0] < here < weight[1]


@pytest.mark.parametrize("style", FEW)
def test_the_key_that_is_wished_is_played(style: str) -> None:
    for tonic, mode in ((9, "minor"), (4, "major")):
        wishes = Wishes(tonic=tonic, mode=mode)  # type: ignore[arg-type]
        wished = made(wishes, style)
        assert wished.spans[-1].chord.root == tonic
        has = any(
            is_bright(name) == (mode == "major")
            for _, name in arranged(asked_of(make_request(PLAN, style=style).score, Wishes())).harmony.modes
        )
        if has:
            assert {is_bright(part.mode) for part in wished.form.parts} == {mode == "major"}


def test_the_same_wishes_give_the_same_notes() -> None:
    wishes = Wishes(
        spans=(span("redo", 4, 8, stem="melody"), span("stop", 12, 13), span("busier", 20, 24)),
        density=-0.3,
        tonic=5,
    )
    for style in ("cinematic", "guofeng"):
        assert made(wishes, style).notes == made(wishes, style).notes
