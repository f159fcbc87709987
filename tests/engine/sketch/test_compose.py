"""The composer's promises, measured on its notes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import OptionError
from hitpoint.engine.sketch.composer import Composition, compose
from hitpoint.engine.sketch.form import stream
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.leads import STEMS_OF, leads, stem_of
from hitpoint.engine.style import load_style
from hitpoint.engine.timebase import SAMPLE_RATE
from hitpoint.engine.types import Note, Plan
from pieces import NEAR, STYLES, composed, of, onsets
from plans import FILM, make_plan, make_request


def test_the_same_request_gives_the_same_notes_in_another_process():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pieces import STYLES, composed\n"
        "for style in STYLES: print('|'.join(map(str, composed(style).notes)))"
    )
    here = "\n".join("|".join(map(str, composed(style).notes)) for style in STYLES)
    run = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        env={"PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == here


@pytest.mark.parametrize("style", STYLES)
def test_another_seed_gives_other_music(style):
    assert composed(style, 1).notes != composed(style, 2).notes


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_every_note_lies_in_its_instruments_range(style, seed):
    composition = composed(style, seed, tonic=seed * 5 % 12)
    voices = {voice.name: voice for voice in composition.voices}
    for note in composition.notes:
        voice = voices[note.instrument]
        assert voice.stem == note.stem
        assert note.start_sample >= 0
        assert note.samples > 0
        assert 1 <= note.velocity <= 127
        if voice.bank >= 0:
            instrument = note.instrument.removeprefix(f"{note.stem} ").replace(" ", "_")
            facts = INSTRUMENTS[instrument]
            assert facts.low <= note.pitch <= facts.high, note
            if facts.bank == 128:
                assert note.pitch in facts.lanes.values() or 41 <= note.pitch <= 53


@pytest.mark.parametrize("style", STYLES)
def test_only_stems_of_the_style_and_not_all_of_them_always(style):
    composition = composed(style)
    assert composition.stems == load_style(style).stems
    assert {note.stem for note in composition.notes} == set(composition.stems)
    playing = [len(part.stems) for part in composition.form.parts]
    assert min(playing) < max(playing)


@pytest.mark.parametrize("style", STYLES)
def test_layers_enter_at_section_borders(style):
    composition = composed(style)
    form = composition.form
    for stem in ("drums", "bass", "pads"):
        for part in form.parts:
            first, last = part.start_bar, part.end_bar_exclusive - 1
            # Who leaves may leave with a stroke on the first downbeat.
            start = form.clock.bars[first].start_sample + NEAR * (stem not in part.stems)
            start -= NEAR * (stem in part.stems)
            end = form.clock.bars[last].end_sample_exclusive - NEAR
            if last >= form.ending_bar:
                end = form.clock.sample(form.ending_tick) - NEAR
            here = [n for n in of(composition, stem) if start <= n.start_sample < end]
            assert bool(here) == (stem in part.stems), (stem, part.section.label)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_density_and_force_follow_the_energy_of_sections(style, seed):
    composition = composed(style, seed)
    form = composition.form
    rows = []
    for part in form.parts:
        start = form.clock.bars[part.start_bar].start_sample
        end = form.clock.bars[part.end_bar_exclusive - 1].end_sample_exclusive
        here = [n for n in composition.notes if start <= n.start_sample < end and n.stem != "hits"]
        rows.append(
            (part.section.energy, len(here) / (end - start), sum(n.velocity for n in here) / len(here))
        )
    for index, low in enumerate(rows):
        for high in rows[index + 1 :]:
            if abs(low[0] - high[0]) > 0.2:
                assert (low[0] < high[0]) == (low[1] < high[1])
    assert sum(part.climax for part in form.parts) == 1
    climax = next(part for part in form.parts if part.climax)
    assert climax.section.energy == max(part.section.energy for part in form.parts)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("off_ms", [0.0, 30.0])
def test_every_strong_hit_is_struck_on_its_downbeat_by_its_lead_after_a_breath(style, off_ms):
    plan = make_plan(off_ms=off_ms)
    composition = composed(style, 3, plan)
    form = composition.form
    led = leads(form, form.style.draw_palette(stream(3, "palette")))
    beat = 60 * SAMPLE_RATE / plan.segments[0].bpm
    assert len(led) == len([hit for hit in plan.hits if hit.strong])
    for tick, lead in led.items():
        downbeat = form.clock.sample(tick)
        stem = stem_of(form, lead)
        struck = onsets(of(composition, stem), downbeat, 0)
        assert struck, (stem, downbeat)
        loudest = max(note.velocity for note in struck)
        others = [
            note.velocity
            for note in of(composition, stem)
            if 0 < abs(note.start_sample - downbeat) < 4 * beat
            and not any(abs(note.start_sample - d) <= NEAR for d in hit_downbeats(plan))
        ]
        assert loudest > max(others, default=0)
        assert not [
            note
            for note in of(composition, stem)
            if downbeat - 0.4 * beat < note.start_sample < downbeat - NEAR
        ]


@pytest.mark.parametrize("style", STYLES)
def test_who_does_not_lead_a_hit_plays_softer_on_it_than_its_lead(style):
    composition = composed(style, 3)
    form = composition.form
    led = leads(form, form.style.draw_palette(stream(3, "palette")))
    for tick, lead in led.items():
        downbeat = form.clock.sample(tick)
        on_it = [note for note in composition.notes if abs(note.start_sample - downbeat) <= NEAR]
        strongest = max(note.velocity for note in on_it if note.stem in STEMS_OF[lead])
        for note in on_it:
            if note.stem not in (*STEMS_OF[lead], "hits"):
                assert note.velocity < strongest, (lead, note)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_no_two_hits_running_have_the_same_lead(style, seed):
    form = composed(style, seed).form
    led = leads(form, form.style.draw_palette(stream(seed, "palette")))
    for (_, before), (tick, lead) in pairwise(sorted(led.items())):
        playing = form.part_at(form.clock.bar_at(tick)).stems
        alone = sum(any(stem in playing for stem in stems) for stems in STEMS_OF.values()) < 2
        assert lead != before or alone


def test_under_speech_everybody_plays_softer_than_the_style_asks():
    composition = composed("cinematic", 3, make_plan(speech_s=((8.0, 20.0),)))
    form = composition.form
    softest = form.style.velocity[0]
    for note in composition.notes:
        bar = max(
            i for i, b in enumerate(form.clock.bars) if b.start_sample <= max(note.start_sample, 0) + NEAR
        )
        if form.spoken[bar] and note.stem != "hits":
            assert note.velocity < softest


def hit_downbeats(plan: Plan) -> list[int]:
    return [min(plan.downbeats, key=lambda d: abs(d - hit.sample)) for hit in plan.hits]


@pytest.mark.parametrize("style", ["cinematic", "electronic"])
def test_a_fill_leads_into_hits_where_drums_play(style):
    plan = make_plan()
    composition = composed(style, 2, plan)
    fill_keys = {
        INSTRUMENTS[load_style(style).parts["drums"][0].voices[0][0]].lanes.get(lane)
        for lane in load_style(style).fill_lanes
    }
    filled = 0
    for bar in (24, 28):
        end = plan.bars[bar].start_sample
        filled += any(
            note.pitch in fill_keys
            for note in of(composition, "drums")
            if end - 110_000 < note.start_sample < end
        )
    assert filled


def test_an_avoided_moment_has_no_drum_and_nothing_loud():
    plan = make_plan(avoid_bars=(22,), hit_bars=(6, 20), must_bars=())
    composition = composed("cinematic", 1, plan)
    moment = plan.downbeats[22]
    assert not onsets(of(composition, "drums"), moment, 2_400)
    assert all(note.velocity <= 60 for note in onsets(list(composition.notes), moment, 2_400))


@pytest.mark.parametrize("style", STYLES)
def test_under_speech_the_melody_rests_and_the_texture_thins(style):
    low, high = load_style(style).tempo_bpm
    sections = (("A", 16, 0.55, 0.6), ("B", 8, 0.7, 0.6))
    bpm = min(max(104.0, low), high)
    spoken = make_plan(sections, bpm=bpm, speech_s=((9.0, 30.0),), hit_bars=(16,))
    silent = dataclasses.replace(spoken, speech=())
    with_speech, without = composed(style, 4, spoken), composed(style, 4, silent)
    window = (12 * SAMPLE_RATE, 27 * SAMPLE_RATE)

    def inside(composition: Composition, *stems: str) -> list[Note]:
        return [n for n in of(composition, *stems) if window[0] <= n.start_sample < window[1]]

    assert inside(without, "melody")
    assert not inside(with_speech, "melody")
    rest = ("drums", "bass", "harmony", "pads")
    assert len(inside(with_speech, *rest)) < 0.6 * len(inside(without, *rest))
    assert max(n.velocity for n in inside(with_speech, *rest)) <= max(
        n.velocity for n in inside(without, *rest)
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(5))
def test_the_ending_is_the_tonic_in_root_position_and_the_last_thing_struck(style, seed):
    tonic = (seed * 7) % 12
    plan = make_plan()
    composition = composed(style, seed, plan, tonic)
    last = plan.downbeats[plan.ending_bar]
    final = onsets(list(composition.notes), last, 0)
    pitched = [note for note in final if note.stem in ("bass", "harmony", "melody", "pads")]
    assert min(pitched, key=lambda note: note.pitch).pitch % 12 == tonic
    third = {(tonic + 3) % 12, (tonic + 4) % 12} & {note.pitch % 12 for note in pitched}
    assert len(third) == 1 or (not third and not load_style(style).harmony.thirds)
    assert all(note.start_sample <= last for note in composition.notes)
    for note in composition.notes:
        assert (
            note.start_sample < last - NEAR
            or note in final
            or note.start_sample + note.samples <= last + NEAR
        )
    assert composition.spans[-1].chord.numeral in ("I", "i")
    closing = load_style(style).harmony
    assert composition.spans[-2].chord.numeral in (*closing.final_major, *closing.final_minor, "V")


@pytest.mark.parametrize("style", ["cinematic", "documentary", "electronic"])
def test_odd_bars_cut_patterns_and_stretch_none(style):
    sections = (("A", 16, 0.7, 0.5), ("B", 8, 0.6, 0.5))
    even = make_plan(sections, hit_bars=(), must_bars=())
    odd = make_plan(sections, hit_bars=(), must_bars=(), odd_bars={5: 3})
    bar = odd.bars[5]
    step = (bar.end_sample_exclusive - bar.start_sample) / 12
    composition = composed(style, 1, odd)
    inside = [
        n
        for n in of(composition, "drums")
        if bar.start_sample - NEAR <= n.start_sample < bar.end_sample_exclusive - NEAR
    ]
    assert inside
    for note in inside:
        place = (note.start_sample - bar.start_sample) / step
        assert abs(place - round(place)) < 0.25, "on a sixteenth of the plan's own tempo"
    assert len(composed(style, 1, even).notes) > len(composition.notes) * 0.9


@pytest.mark.parametrize("style", STYLES)
def test_no_two_drum_samples_in_a_row_are_alike(style):
    composition = composed(style, 6)
    last: dict[int, int] = {}
    same = total = 0
    for note in of(composition, "drums"):
        if note.pitch in last:
            total += 1
            same += round(note.velocity / 5) == last[note.pitch]
        last[note.pitch] = round(note.velocity / 5)
    assert same <= 0.2 * total


@pytest.mark.parametrize("style", STYLES)
def test_downbeats_are_never_moved_and_nobody_strays_far(style):
    composition = composed(style, 2)
    clock = composition.form.clock
    grid = [clock.sample(tick) for tick in range(0, clock.end, 12)]
    downbeats = {bar.start_sample for bar in clock.bars}
    swing = round(load_style(style).feel.swing * SAMPLE_RATE)
    for note in of(composition, "drums", "bass", "harmony"):
        nearest = min(grid, key=lambda g: abs(g - note.start_sample))
        if nearest in downbeats:
            assert note.start_sample == nearest or abs(note.start_sample - nearest) > 2_000
        assert abs(note.start_sample - nearest) <= 576 + swing


@pytest.mark.parametrize("style", STYLES)
def test_effects_belong_to_musts_and_end_or_begin_on_them(style):
    plan = make_plan(must_bars=(10, 20))
    composition = composed(style, 1, plan)
    impacts = [n.start_sample for n in of(composition, "hits") if n.instrument == "fx:impact"]
    for bar in (10, 20):
        assert plan.downbeats[bar] in impacts
    rises = [n for n in of(composition, "hits") if n.instrument in ("fx:riser", "fx:swell")]
    assert {n.start_sample + n.samples for n in rises} <= set(impacts)
    every = load_style(style).effect_bars
    others = [s for s in impacts if s not in (plan.downbeats[10], plan.downbeats[20])]
    assert not (others and not every)


@pytest.mark.parametrize("style", STYLES)
def test_bars_are_seldom_the_same_twice(style):
    composition = composed(style, 3)
    seen: set[frozenset[tuple[str, int, int]]] = set()
    again = 0
    bars = composition.form.clock.bars
    for bar in bars:
        step = (bar.end_sample_exclusive - bar.start_sample) / (4 * bar.beats)
        own = frozenset(
            (n.instrument, n.pitch, round((n.start_sample - bar.start_sample) / step))
            for n in composition.notes
            if bar.start_sample - NEAR <= n.start_sample < bar.end_sample_exclusive - NEAR
        )
        again += own in seen
        seen.add(own)
    assert again <= 0.25 * len(bars)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    style=st.sampled_from(STYLES),
    seed=st.integers(0, 2**63),
    tonic=st.integers(0, 11),
    bpm=st.floats(50, 175),
    sections=st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(1, 9), st.floats(0, 1), st.floats(0, 1)),
        min_size=1,
        max_size=6,
    ),
    odd=st.dictionaries(st.integers(0, 30), st.sampled_from([2, 3, 5]), max_size=4),
    hits=st.lists(st.integers(0, 40), max_size=10),
    off=st.floats(-60, 60),
)
def test_any_plan_can_be_scored(style, seed, tonic, bpm, sections, odd, hits, off):
    plan = make_plan(sections, bpm=bpm, hit_bars=hits, must_bars=hits[:1], odd_bars=odd, off_ms=off)
    composition = composed(style, seed, plan, tonic)
    assert composition.notes
    last = plan.downbeats[plan.ending_bar]
    for note in composition.notes:
        assert note.start_sample >= 0
        assert note.start_sample <= last or note.stem == "hits"
        assert note.samples > 0
        assert 1 <= note.velocity <= 127


def test_an_unknown_style_is_refused():
    request = make_request(make_plan(FILM))
    request = dataclasses.replace(request, score=dataclasses.replace(request.score, style="polka"))
    with pytest.raises(OptionError, match="polka"):
        compose(request)
