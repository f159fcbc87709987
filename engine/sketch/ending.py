"""Endings: on the last downbeat the tonic, left to ring, cut off, or what remains of a fade, as the style has
it; nothing after it."""

from __future__ import annotations

from collections.abc import Sequence

from ..timebase import SAMPLE_RATE
from .bass import octave_of
from .drums import lane_key
from .form import SIXTEENTH, TICKS, Form
from .instruments import INSTRUMENTS, fit
from .melody import LOWEST
from .notes import Event, clamp

# A fade begins this many bars before the last chord. The renderer turns the sound down; the players hold back
# to this share of their velocity, which files of notes keep, too.
_FADE_BARS = 4
_FADED = 0.75
# Held notes let go this long before the cue ends, so that their release is over with it.
_RELEASE_SAMPLES = round(0.45 * SAMPLE_RATE)


def close(events: Sequence[Event], form: Form) -> list[Event]:
    """The events before the ending, those that reach into it cut a little short of it."""
    end = form.ending_tick
    out: list[Event] = []
    for event in events:
        if event.tick >= end:
            continue
        if event.end > end:
            event.ticks = end - event.tick
        out.append(event)
    return out


def fades(form: Form) -> bool:
    """Whether the cue fades: not onto a hit, which must be met."""
    return form.style.ending == "fade" and form.accent_at(form.ending_tick) is None


def fade(events: Sequence[Event], form: Form) -> list[Event]:
    """The events, growing softer over the last bars where the style fades; what strikes a hit stays."""
    if not fades(form):
        return list(events)
    begin, end = _fade_tick(form), form.ending_tick
    for event in events:
        if event.tick > begin:
            place = (event.tick - begin) / (end - begin)
            event.velocity = clamp(event.velocity * (1 - (1 - _FADED) * place))
    return list(events)


def fade_from(form: Form) -> int | None:
    """The sample of the cue from which its sound is turned down, to silence at its end; None for never."""
    return form.clock.sample(_fade_tick(form)) if fades(form) else None


def _fade_tick(form: Form) -> int:
    """Not before the last hit."""
    begin = form.clock.starts[max(0, form.ending_bar - _FADE_BARS)]
    return max([begin, *(accent.tick for accent in form.accents)])


def last_melody_pitch(
    form: Form, melody: Sequence[Event], bass: Sequence[int], tonic: int, register: int
) -> int | None:
    """The tonic that the melody comes home to: near to where it was, not in octaves with the bass. None where
    the melody is silent."""
    part = form.part_at(max(0, form.ending_bar - 1))
    if "melody" not in part.stems or form.spoken[form.ending_bar]:
        return None
    before = [event for event in melody if event.tick < form.ending_tick]
    last = max(before, key=lambda event: (event.tick, -event.pitch)).pitch if before else register
    last = min(max(last, register - 7), register + 9)
    step = bass[-1] - bass[-2] if len(bass) > 1 else 0
    # Any note of the last bar that forms octaves with the bass may be heard as the one before.
    tail = [event.pitch for event in before if event.end > form.clock.starts[max(0, form.ending_bar - 1)]]
    octaves = [pitch for pitch in tail if step and (pitch - bass[-2]) % 12 == 0]

    def price(pitch: int) -> tuple[float, int]:
        parallel = any((pitch - old) * step > 0 for old in octaves)
        return abs(pitch - last) + 12 * parallel, pitch

    low = max(LOWEST, last - 11)
    return min((p for p in range(low, max(low, last) + 12) if p % 12 == tonic), key=price)


def last_chord(
    form: Form,
    bass: int,
    voicing: tuple[int, ...],
    stack: tuple[int, ...],
    melody: int | None,
    tonic: int,
    palette: dict[str, str],
) -> list[Event]:
    """The tonic in root position on the ending's downbeat, by all who played before it; after a fade by bass
    and pads alone. `stack` is the chord as the harmony stem plays it."""
    style = form.style
    part = form.part_at(max(0, form.ending_bar - 1))
    tick = form.ending_tick
    accent = form.accent_at(tick)
    softest, loudest = style.velocity
    level = softest + 6 + (loudest - softest) * form.force[max(0, form.ending_bar - 1)]
    if style.ending == "button":
        level += 6
    if accent is not None:
        level = max(level, 86 + 8 * accent.strength)
    playing = part.stems
    if fades(form):
        level *= _FADED
        held_on = "pads" if "pads" in playing else "harmony"
        playing = tuple(stem for stem in playing if stem in ("bass", held_on))
        melody = None
    held = _held_ticks(form, tick)
    if style.ending == "button":
        held = min(held, TICKS)
    events: list[Event] = []

    def add(stem: str, voice: str, pitch: int, velocity: float) -> None:
        pitch = fit(voice, pitch)
        if not any(e.stem == stem and e.voice == voice and e.pitch == pitch for e in events):
            events.append(Event(stem, voice, tick, held, pitch, clamp(velocity), "final"))

    def voices(stem: str) -> list[str]:
        own = style.part(stem, palette[stem])
        return [voice for voice, level_from in own.voices if level_from <= part.level]

    if "bass" not in playing:
        voicing, stack = _on_root(voicing, tonic), _on_root(stack, tonic)
    if "bass" in playing:
        for rank, voice in enumerate(voices("bass")):
            add("bass", voice, bass + octave_of(voice, rank, voices("bass")[0]), level - 4 * rank)
    if "harmony" in playing:
        names = voices("harmony")
        for voice in names[:1] if style.ending == "button" else names:
            for pitch in stack:
                add("harmony", voice, pitch, level - 4)
        if style.ending == "button" or accent is not None:
            for pitch in stack:
                add("harmony", style.part("harmony", palette["harmony"]).accent, pitch, level)
    if "pads" in playing:
        for rank, voice in enumerate(voices("pads")):
            for pitch in voicing:
                add("pads", voice, pitch, level - 10 - 4 * rank)
    if melody is not None:
        add("melody", voices("melody")[0], melody, level)
    if "drums" in playing:
        kit = style.part("drums", palette["drums"]).voices[0][0]
        lanes = INSTRUMENTS[kit].lanes
        chosen = (
            style.accent_lanes if accent is not None or style.ending == "button" else style.accent_lanes[:2]
        )
        for rank, lane in enumerate(chosen):
            key = lane_key(lanes, lane, tonic)
            if key is not None:
                events.append(Event("drums", kit, tick, SIXTEENTH * 2, key, clamp(level - 4 * rank), "final"))
    return events


def _on_root(pitches: tuple[int, ...], tonic: int) -> tuple[int, ...]:
    """The chord with its root lowest, since nobody plays it below: what lies under it goes up an octave."""
    lowest = min((pitch for pitch in pitches if pitch % 12 == tonic), default=0)
    return tuple(sorted({pitch + 12 if pitch < lowest else pitch for pitch in pitches}))


def _held_ticks(form: Form, tick: int) -> int:
    """Ticks from the last downbeat to where held notes let go."""
    clock = form.clock
    until = form.plan.samples - _RELEASE_SAMPLES
    bar = clock.bars[form.ending_bar]
    a_beat = max(1, bar.sample(1) - bar.start_sample)
    ticks = (until - bar.start_sample) * TICKS // a_beat
    return max(TICKS // 2, int(ticks))
