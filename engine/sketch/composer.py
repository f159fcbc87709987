"""The composer: a request becomes notes. No audio, no clock, no state: equal requests give equal notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..generator import TakeRequest
from ..plan.asked import asked_of, unmoved
from ..plan.like import arranged
from ..plan.theme import make_theme
from ..style import Mix, Style
from ..types import Note
from ..wishes import wishes_of
from .draft import FIRST, Again, Draft, write
from .effects_plan import write_effects
from .ending import fade_from
from .feel import perform
from .form import Form, make_form, stream
from .harmony import Span, harmonise
from .instruments import COMMON_LUFS, INSTRUMENTS, Facts
from .leads import leads
from .melody import Statement
from .obey import obey, resting_bars, rounds_of, with_rounds
from .voices import Voice


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
    # Samples of the cue from and up to which the music is wished to stop.
    stops: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord on the clock of the cue. Pitch classes, C is 0; the first of `pcs` is the root."""

    start_sample: int
    end_sample_exclusive: int
    pcs: tuple[int, ...]


def chord_spans(request: TakeRequest, style: Style | None = None) -> tuple[ChordSpan, ...]:
    """The harmony that `compose` would write, without the notes."""
    cue, plan = request.cue, request.plan
    wishes = wishes_of(cue)
    score = asked_of(request.score, wishes)
    style = style or arranged(score)
    form, usual = make_form(plan, style), make_form(unmoved(plan), style)
    theme = score.themes[0] if score.themes else make_theme(score.seed)
    spans = with_rounds(
        harmonise(usual, score.tonic, theme, score.seed),
        form,
        rounds_of(cue, plan, wishes),
        lambda one: harmonise(form if one.moved else usual, score.tonic, theme, score.seed, one.chords),
    )
    return on_the_clock(spans, form)


def on_the_clock(spans: Sequence[Span], form: Form) -> tuple[ChordSpan, ...]:
    """Chords in samples of the cue."""
    sample = form.clock.sample
    return tuple(ChordSpan(sample(span.tick), sample(span.end), span.chord.pcs) for span in spans)


def compose(request: TakeRequest, style: Style | None = None) -> Composition:
    """Writes the music of one cue as its wishes ask, in the score's style unless one is given by value.

    OptionError for an unknown style or an orchestration it does not have.
    """
    wishes = wishes_of(request.cue)
    score = asked_of(request.score, wishes)
    style = style or arranged(score)
    plan = request.plan
    form = make_form(plan, style)
    palette = _palette(style, score.palette, score.seed)
    theme = score.themes[0] if score.themes else make_theme(score.seed)
    voices, names = _voices(style)
    if not wishes.spans and not wishes.density and unmoved(plan) is plan:
        draft = write(form, score, theme, palette)
        notes = perform(draft.events, form, names, score.seed)
        return _composition(
            form, voices, [*notes, *write_effects(form, score.tonic)], draft.spans, draft.statements
        )

    usual = make_form(unmoved(plan), style)
    resting = resting_bars(request.cue, plan, wishes)
    plain = write(usual, score, theme, palette)
    relead = leads(usual, palette) != leads(usual, palette, resting)

    def writes(moved: bool, again: Again) -> Draft:
        if not (moved or relead) and again == FIRST:
            return plain
        return write(form if moved else usual, score, theme, palette, again, resting)

    obeyed = obey(request.cue, wishes, usual, form, score.tonic, writes)
    notes = perform(obeyed.events, form, names, score.seed, (plain.events, usual))
    return _composition(
        form, voices, [*notes, *obeyed.effects], obeyed.spans, obeyed.statements, obeyed.stops
    )


def _composition(
    form: Form,
    voices: tuple[Voice, ...],
    notes: list[Note],
    spans: tuple[Span, ...],
    statements: tuple[Statement, ...],
    stops: tuple[tuple[int, int], ...] = (),
) -> Composition:
    stems = form.style.stems
    notes.sort(key=lambda n: (n.start_sample, stems.index(n.stem), n.instrument, n.pitch))
    return Composition(tuple(notes), voices, stems, spans, form, statements, fade_from(form), stops)


def _palette(style: Style, chosen: dict[str, str] | object, seed: int) -> dict[str, str]:
    """The score's orchestration; what it leaves open is drawn from the seed."""
    drawn = style.draw_palette(stream(seed, "palette"))
    given = dict(chosen) if isinstance(chosen, dict) else {}
    for stem, name in given.items():
        if stem in drawn:
            drawn[stem] = style.part(stem, str(name)).name
    return drawn


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
