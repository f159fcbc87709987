"""The composer: a request becomes notes. No audio, no clock, no state: equal requests give equal notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..generator import TakeRequest
from ..plan.like import arranged
from ..plan.theme import make_theme
from ..style import Mix, Style
from ..types import Note
from .accents import breathe, hush, spare, strike
from .bass import rearticulate, write_bass
from .drums import write_drums
from .effects_plan import write_effects
from .ending import close, fade, fade_from, last_chord, last_melody_pitch
from .feel import perform
from .figures import figure_rungs, write_figures
from .form import Form, make_form, stream
from .harmony import Span, harmonise
from .instruments import COMMON_LUFS, INSTRUMENTS, Facts
from .leads import leads
from .melody import Singer, Statement
from .notes import Event
from .outer import Line, arrivals, mend_bass, mend_lines
from .pads import pads_reach, write_counter, write_pads
from .voices import Voice
from .voicing import VOICES, bass_pitches, lead_voices, power_chords

# Where the upper voices may go when no melody lies over them.
_OPEN_SKY = 76


@dataclass(frozen=True, slots=True)
class Composition:
    """A finished piece in notes. `voices` are all that its stems may use; `stems` are the style's."""

    notes: tuple[Note, ...]
    voices: tuple[Voice, ...]
    stems: tuple[str, ...]
    spans: tuple[Span, ...]
    form: Form
    statements: tuple[Statement, ...]
    # The sample from which the sound is turned down, to silence at the cue's end; None for no fade.
    fade_from: int | None = None


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord on the clock of the cue. Pitch classes, C is 0; the first of `pcs` is the root."""

    start_sample: int
    end_sample_exclusive: int
    pcs: tuple[int, ...]


def chord_spans(request: TakeRequest, style: Style | None = None) -> tuple[ChordSpan, ...]:
    """The harmony that `compose` would write, without the notes."""
    score = request.score
    form = make_form(request.plan, style or arranged(score))
    theme = score.themes[0] if score.themes else make_theme(score.seed)
    return on_the_clock(harmonise(form, score.tonic, theme, score.seed), form)


def on_the_clock(spans: Sequence[Span], form: Form) -> tuple[ChordSpan, ...]:
    """Chords in samples of the cue."""
    sample = form.clock.sample
    return tuple(ChordSpan(sample(span.tick), sample(span.end), span.chord.pcs) for span in spans)


def compose(request: TakeRequest, style: Style | None = None) -> Composition:
    """Writes the music of one cue, in the score's style unless one is given by value.

    OptionError for an unknown style or an orchestration it does not have.
    """
    score, plan = request.score, request.plan
    style = style or arranged(score)
    form = make_form(plan, style)
    palette = _palette(style, score.palette, score.seed)
    theme = score.themes[0] if score.themes else make_theme(score.seed)
    spans = harmonise(form, score.tonic, theme, score.seed)
    bass = bass_pitches(spans, style.part("bass", palette["bass"]).register)

    singer = Singer(form, spans, bass, score.tonic, score.seed)
    melody = singer.sing(theme, palette["melody"])
    register = style.part("melody", palette["melody"]).register
    home = last_melody_pitch(form, melody, bass, score.tonic, register)
    low = rearticulate(write_bass(form, spans, bass, palette["bass"], score.seed), spans, bass)
    # The outer voices are judged as they are heard: after the breath before each hit.
    led = leads(form, palette)
    melody, low = (breathe(close(line, form), form, led) for line in (melody, low))
    bass = mend_lines(form, spans, bass, low, melody, singer.letters(), home)

    ceilings = _ceilings(spans, melody, home)
    centre = style.part("harmony", palette["harmony"]).register
    tops = _tops(spans, melody, home)
    rungs = _rungs(form, spans, figure_rungs(form, spans, palette["harmony"], score.seed))
    voicings = lead_voices(spans, bass, arrivals(low, spans), rungs, ceilings, tops, centre)
    stacks = voicings if style.harmony.thirds else power_chords(spans, bass)

    events: list[Event] = []
    events += write_figures(form, spans, stacks, ceilings, palette["harmony"], score.seed)
    events += write_pads(form, spans, voicings, palette["pads"])
    if style.counter:
        rng = stream(score.seed, "counter")
        voice = style.counter[int(rng.integers(len(style.counter)))]
        events += write_counter(form, spans, ceilings, melody, voice)
    if "drums" in style.stems:
        events += write_drums(form, spans, palette["drums"], score.seed)

    events = [*melody, *low, *breathe(close(events, form), form, led)]
    events = strike(events, form, led, spans, bass, voicings, stacks, palette)
    events = close(events, form)
    events = fade(events, form)
    events += last_chord(form, bass[-1], voicings[-1], stacks[-1], home, score.tonic, palette)
    mend_bass(form, spans, events)
    events = hush(spare(events, form), form)

    voices, names = _voices(style)
    notes = [*perform(events, form, names, score.seed), *write_effects(form, score.tonic)]
    notes.sort(key=lambda n: (n.start_sample, style.stems.index(n.stem), n.instrument, n.pitch))
    told = tuple(singer.statements)
    return Composition(tuple(notes), voices, style.stems, spans, form, told, fade_from(form))


def _palette(style: Style, chosen: dict[str, str] | object, seed: int) -> dict[str, str]:
    """The score's orchestration; what it leaves open is drawn from the seed."""
    drawn = style.draw_palette(stream(seed, "palette"))
    given = dict(chosen) if isinstance(chosen, dict) else {}
    for stem, name in given.items():
        if stem in drawn:
            drawn[stem] = style.part(stem, str(name)).name
    return drawn


def _ceilings(spans: Sequence[Span], melody: Sequence[Event], home: int | None) -> tuple[int, ...]:
    """For each chord, the highest pitch that stays below the melody sung over it."""
    out = []
    lines = sorted((event.tick, event.end, event.pitch) for event in melody)
    first = 0
    for span in spans:
        while first < len(lines) and lines[first][0] < span.tick - 48 * 16:
            first += 1
        lowest = _OPEN_SKY + 1
        for tick, end, pitch in lines[first:]:
            if tick >= span.end:
                break
            if end > span.tick:
                lowest = min(lowest, pitch)
        out.append(lowest - 1)
    if home is not None:
        out[-1] = home - 1
    return tuple(out)


def _tops(spans: Sequence[Span], melody: Sequence[Event], home: int | None) -> tuple[int | None, ...]:
    """The highest melody pitch that sounds where each chord begins."""
    line = Line(melody, top=True)
    sounding = [line.at(span.tick) for span in spans[:-1]]
    return (*(struck.pitch if struck is not None else None for struck in sounding), home)


def _rungs(form: Form, spans: Sequence[Span], figure: Sequence[frozenset[int]]) -> tuple[set[int], ...]:
    """What is played of each chord's ladder, by the figure, the pads, and all of it where a hit is struck."""
    struck = {accent.tick for accent in form.accents}
    return tuple(
        {*played, *range(VOICES if span.tick in struck else pads_reach(form.part_at(span.bar)))}
        for span, played in zip(spans, figure, strict=True)
    )


def _voices(style: Style) -> tuple[tuple[Voice, ...], dict[tuple[str, str], str]]:
    """Every voice that the style's mix knows, and how notes name it."""
    voices: list[Voice] = []
    names: dict[tuple[str, str], str] = {}
    for stem in style.stems:
        for instrument, mix in style.mix.get(stem, {}).items():
            facts = INSTRUMENTS[instrument]
            name = instrument if instrument.startswith("fx:") else f"{stem} {instrument.replace('_', ' ')}"
            names[stem, instrument] = name
            voices.append(_voice(name, stem, facts, mix))
    return tuple(voices), names


def _voice(name: str, stem: str, facts: Facts, mix: Mix) -> Voice:
    gain_db = mix.gain_db + COMMON_LUFS - facts.level_lufs
    return Voice(
        name, stem, facts.bank, facts.program, gain_db, mix.pan, mix.room, mix.width, held=not facts.struck
    )
