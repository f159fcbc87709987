"""The twelve styles: which they are, what each of them alone may do, and that it sounds where it plays."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hitpoint.engine.sketch.composer import Composition, compose
from hitpoint.engine.sketch.harmony import PENTATONIC, is_bright
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.style import LEVELS, load_style, style_names
from hitpoint.engine.types import Note
from pieces import NEAR, composed, of, onsets
from plans import make_plan, make_request

TWELVE = (
    "ambient", "cinematic", "comedy", "corporate", "documentary", "electronic", "folk", "guofeng", "piano",
    "rock", "tension", "trailer",
)  # fmt: skip
BASS_SIGNS, FIGURE_SIGNS, DRUM_SIGNS = set("RrFfOoax-."), set("012345nuc-."), set("Xxog.")


def twenty_seconds(style: str, seed: int) -> Composition:
    """A cue of 20 s at a tempo of the style's own."""
    low, high = load_style(style).tempo_bpm
    # Whole bars nearest to 20 s at the middle of the range.
    bars = round(20 * (low + high) / 2 / 240)
    sections = (
        ("A", bars // 3, 0.3, 0.4),
        ("B", bars // 3, 0.8, 0.6),
        ("A", bars - 2 * (bars // 3), 0.4, 0.4),
    )
    plan = make_plan(sections, bpm=bars * 240 / 20, hit_bars=(bars // 3,), must_bars=())
    return compose(make_request(plan, style=style, seed=seed, tonic=seed * 5 % 12))


def test_there_are_twelve_styles():
    assert style_names() == TWELVE


@pytest.mark.parametrize("style", TWELVE)
def test_patterns_are_whole_bars_of_signs_that_are_read(style):
    table = load_style(style)
    texts = [(pattern.text, BASS_SIGNS) for pattern in table.basslines]
    texts += [(text, FIGURE_SIGNS) for text in (table.under_speech, *(f.text for f in table.figures))]
    texts += [(text, DRUM_SIGNS) for groove in table.grooves for text in groove.lanes.values()]
    for text, signs in texts:
        assert len(text) % 16 == 0
        assert set(text) <= signs, text
    for pattern in (*table.basslines, *table.figures, *table.grooves):
        assert 0 <= pattern.low <= pattern.high < LEVELS


@pytest.mark.parametrize("style", TWELVE)
def test_each_stem_has_its_players_and_the_drums_have_grooves(style):
    table = load_style(style)
    assert {"bass", "harmony", "melody", "pads"} <= set(table.enter) <= {*table.parts, "hits"}
    assert ("drums" in table.enter) == bool(table.grooves)
    for parts in table.parts.values():
        assert 1 <= len(parts) <= 5
    groove_names = [groove.name for groove in table.grooves]
    assert len(set(groove_names)) == len(groove_names)


def test_no_two_styles_share_a_groove_a_figure_set_a_harmony_or_a_density():
    tables = [load_style(name) for name in TWELVE]
    grooves = [frozenset(groove.lanes.items()) for table in tables for groove in table.grooves]
    assert len(set(grooves)) == len(grooves)
    for seen in (
        [table.figures for table in tables],
        [table.basslines for table in tables],
        [(table.harmony.major, table.harmony.minor) for table in tables],
        [(table.levels, tuple(sorted(table.enter.items()))) for table in tables],
        [table.words for table in tables],
    ):
        assert len(set(seen)) == len(TWELVE)


@pytest.mark.parametrize("style", TWELVE)
@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_seconds_of_every_style_lie_in_its_instruments_ranges(style, seed):
    composition = twenty_seconds(style, seed)
    assert abs(composition.form.plan.samples - 20 * 48_000) < 48
    voices = {voice.name: voice for voice in composition.voices}
    pitched = [note for note in composition.notes if voices[note.instrument].bank == 0]
    assert len(pitched) > 20
    for note in pitched:
        facts = INSTRUMENTS[note.instrument.removeprefix(f"{note.stem} ").replace(" ", "_")]
        assert facts.low <= note.pitch <= facts.high, note
        assert note.start_sample < composition.form.plan.samples


# --- what one style has and others have not


def in_mode(composition: Composition, note: Note) -> bool:
    """Whether the note belongs to the five of its section's mode."""
    clock = composition.form.clock
    ticks = [
        part for part in composition.form.parts if _start(composition, part.start_bar) <= note.start_sample
    ]
    five = PENTATONIC[is_bright(ticks[-1].mode if ticks else composition.form.parts[0].mode)]
    span = [span for span in composition.spans if clock.sample(span.tick) <= note.start_sample + NEAR][-1]
    return note.pitch % 12 in {span.chord.scale[letter] for letter in five}


def _start(composition: Composition, bar: int) -> int:
    return composition.form.clock.bars[bar].start_sample - NEAR


@pytest.mark.parametrize("seed", range(4))
def test_guofeng_sings_five_notes_and_others_seven(seed):
    five = composed("guofeng", seed)
    # The accents strike chords; the tune is what lies on no hit.
    tune = [note for note in of(five, "melody") if not _struck(five, note)]
    assert len(tune) > 20
    assert all(in_mode(five, note) for note in tune)
    seven = composed("folk", seed)
    assert not all(in_mode(seven, note) for note in of(seven, "melody") if not _struck(seven, note))


def _struck(composition: Composition, note: Note) -> bool:
    clock = composition.form.clock
    return any(clock.sample(accent.tick) == note.start_sample for accent in composition.form.accents)


@pytest.mark.parametrize("seed", range(4))
def test_rock_plays_power_chords(seed):
    composition = composed("rock", seed)
    clock = composition.form.clock
    borders = [clock.sample(span.tick) for span in composition.spans]
    chords = 0
    for note in of(composition, "harmony"):
        index = max(i for i, border in enumerate(borders) if border <= note.start_sample + NEAR)
        chord = composition.spans[index].chord
        chords += 1
        assert note.pitch % 12 in (chord.root, chord.pcs[2]), note
    assert chords > 100


@pytest.mark.parametrize("style", ["comedy", "tension"])
def test_a_half_step_neighbour_never_makes_a_minor_ninth_over_the_bass(style):
    assert any("n" in figure.text for figure in load_style(style).figures)
    for seed in range(3):
        composition = composed(style, seed)
        clock = composition.form.clock
        borders = [clock.sample(span.tick) for span in composition.spans]
        rubbing = 0
        for note in of(composition, "harmony"):
            index = max(i for i, border in enumerate(borders) if border <= note.start_sample + NEAR)
            chord = composition.spans[index].chord
            if note.pitch % 12 not in chord.pcs:
                rubbing += 1
                assert (note.pitch + 1) % 12 in chord.pcs
                assert (note.pitch - chord.bass) % 12 != 1
        assert rubbing


def test_comedy_is_short_and_slips_by_semitones():
    short, long = composed("comedy", 1), composed("documentary", 1)

    def held(composition: Composition) -> float:
        sung = [n for n in of(composition, "melody") if not _struck(composition, n)]
        return sum(n.samples for n in sung) / len(sung)

    assert held(short) < 0.6 * held(long)
    tune = sorted(
        {(n.start_sample, n.pitch) for n in of(short, "melody") if not _struck(short, n)},
    )
    assert sum(after - before == 1 for (_, before), (_, after) in pairwise(tune)) >= 5
    bass = of(short, "bass")
    steps = [abs(after.pitch - before.pitch) for before, after in pairwise(bass)]
    assert sum(step == 1 for step in steps) >= 3


@pytest.mark.parametrize("style", ["ambient", "tension", "trailer"])
def test_a_broad_melody_has_fewer_and_longer_notes(style):
    low, high = load_style(style).tempo_bpm
    plan = make_plan(bpm=(low + high) / 2, hit_bars=(), must_bars=())

    def mean_length(name: str) -> float:
        sung = of(composed(name, 2, plan), "melody")
        return sum(note.samples for note in sung) / len(sung)

    assert mean_length(style) > 1.4 * mean_length("corporate")


# --- endings


def test_a_fade_grows_softer_and_leaves_bass_and_pads():
    plan = make_plan(bpm=64, hit_bars=(4,), must_bars=())
    composition = composed("ambient", 1, plan)
    last = plan.downbeats[plan.ending_bar]
    final = onsets(list(composition.notes), last, 0)
    assert {note.stem for note in final} == {"bass", "pads"}
    assert composition.fade_from == plan.downbeats[plan.ending_bar - 4]
    held = [
        n for n in composition.notes if n.start_sample < composition.fade_from and n.stem in ("bass", "pads")
    ]
    assert max(note.velocity for note in final) < 0.8 * max(note.velocity for note in held)
    louder = [n.velocity for n in of(composition, "bass") if n.start_sample <= composition.fade_from]
    softer = [n.velocity for n in of(composition, "bass") if composition.fade_from < n.start_sample < last]
    assert len(softer) >= 3
    assert max(softer) < 0.9 * max(louder[-4:])
    assert composed("piano", 1, plan).fade_from is None


def test_a_cue_that_ends_on_a_hit_does_not_fade_from_it():
    ending = len(make_plan().bars) - 1
    plan = make_plan(bpm=64, hit_bars=(4, ending), must_bars=(ending,))
    composition = composed("ambient", 1, plan)
    final = onsets(list(composition.notes), plan.downbeats[ending], 0)
    assert {note.stem for note in final} > {"bass", "pads"}
    assert composition.fade_from is None
    assert max(note.velocity for note in final) > 70
