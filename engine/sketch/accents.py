"""Accents that can be heard and measured: a breath before each strong hit, then everybody who plays strikes.

An onset stands out by what it rises from. So the beat before a hit is thinned and softened, its last half
is empty, held notes let go; on the hit low and high sound together. Nothing else in the piece is struck so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from .drums import lane_key
from .form import SIXTEENTH, TICKS, Accent, Form, Part
from .harmony import Span
from .instruments import INSTRUMENTS, fit
from .notes import Event, clamp

# The breath: silence before the hit, and the thinner stretch before it.
_SILENCE = TICKS // 2
_DRUM_SILENCE = TICKS * 3 // 4
_THIN = TICKS
_AVOID_SAMPLES = 2_880


def breathe(events: Sequence[Event], form: Form) -> list[Event]:
    """The events with a breath cut out before each accent."""
    ticks = [accent.tick for accent in form.accents if accent.tick > 0]
    out: list[Event] = []
    for event in events:
        index = bisect_right(ticks, event.tick)
        before = ticks[index - 1] if index else None
        if index < len(ticks):
            hit = ticks[index]
            left = hit - event.tick
            # Close hits breathe less: the breath must not eat the hit before.
            room = hit - before if before is not None else hit
            silence = min(_DRUM_SILENCE if event.stem == "drums" else _SILENCE, room // 4)
            if left <= silence:
                continue
            if left <= min(_THIN, room // 2):
                event.velocity = clamp(event.velocity * 0.82)
                # The groove stops; only the fill leads on.
                if event.kind == "drum":
                    continue
            if event.end > hit - silence // 2:
                event.ticks = max(SIXTEENTH // 2, hit - silence // 2 - event.tick)
        out.append(event)
    return out


def strike(
    events: list[Event],
    form: Form,
    spans: Sequence[Span],
    bass: Sequence[int],
    voicings: Sequence[tuple[int, ...]],
    stacks: Sequence[tuple[int, ...]],
    palette: dict[str, str],
) -> list[Event]:
    """The accents themselves, and the ordinary notes on them made strong. `stacks` are the chords as
    the harmony stem plays them."""
    added: list[Event] = []
    ticks = [span.tick for span in spans]
    by_tick: dict[int, list[Event]] = {}
    for event in events:
        by_tick.setdefault(event.tick, []).append(event)
    for accent in form.accents:
        if accent.tick >= form.ending_tick:
            continue
        part = form.part_at(accent.bar)
        index = max(0, bisect_right(ticks, accent.tick) - 1)
        here = by_tick.get(accent.tick, [])
        level = accent_velocity(form, accent)
        for event in here:
            event.velocity = max(event.velocity, clamp(level - (10 if event.stem == "pads" else 4)))
            event.kind = "accent"
        chords = voicings[index], stacks[index]
        added += _struck(form, part, accent, spans[index], bass[index], chords, palette, here, level)
    return [*events, *added]


def accent_velocity(form: Form, accent: Accent) -> float:
    """Stronger where the picture is: but a quiet section is not shouted at."""
    return 74 + 6 * form.force[accent.bar] + 8 * accent.strength


def ordinary_limit(form: Form, bar: int) -> float:
    """The loudest that a note may be which strikes no hit: a hair below the accents of its bar."""
    return 74 + 6 * form.force[bar]


def _struck(
    form: Form,
    part: Part,
    accent: Accent,
    span: Span,
    bass: int,
    chords: tuple[tuple[int, ...], tuple[int, ...]],
    palette: dict[str, str],
    here: Sequence[Event],
    level: float,
) -> list[Event]:
    events: list[Event] = []
    voicing, stack = chords
    style = form.style
    # Who leaves at this border leaves with a stroke.
    leaving = (
        form.part_at(accent.bar - 1).stems
        if accent.bar and accent.tick == form.clock.starts[accent.bar]
        else ()
    )
    playing = {*part.stems, *leaving}
    length = min(2 * TICKS, span.end - accent.tick)

    def add(stem: str, voice: str, pitch: int, velocity: float, ticks: int) -> None:
        pitch = fit(voice, pitch)
        for event in here:
            if event.stem == stem and event.voice == voice and event.pitch == pitch:
                return
        if any(e.stem == stem and e.voice == voice and e.pitch == pitch for e in events):
            return
        events.append(Event(stem, voice, accent.tick, ticks, pitch, clamp(velocity), "accent"))

    if "drums" in playing:
        kit = style.part("drums", palette["drums"]).accent
        lanes = INSTRUMENTS[kit].lanes
        for rank, lane in enumerate(style.accent_lanes):
            key = lane_key(lanes, lane, span.chord.root)
            if key is not None:
                add("drums", kit, key, level + 4 - 3 * rank, TICKS)
    if "bass" in playing:
        voice = style.part("bass", palette["bass"]).accent
        add("bass", voice, bass, level - 1, length)
        # The octave above, not below: the bass line itself goes on.
        add("bass", voice, bass + 12, level - 7, length)
    if "harmony" in playing:
        voice = style.part("harmony", palette["harmony"]).accent
        low = 48 + (span.chord.root - 48) % 12
        # Doubled inside: an accent is wide and full, but its outer voices lead on as before.
        inside = {pitch + 12 for pitch in stack if pitch + 12 < stack[-1]}
        for pitch in sorted({*stack, low, *inside}):
            add("harmony", voice, pitch, level - 1, length)
    if "melody" in playing and not form.spoken[accent.bar]:
        own = style.part("melody", palette["melody"])
        sung = [event.pitch for event in here if event.stem == "melody"]
        top = max(sung) if sung else voicing[-1]
        for pitch in (top, top - 12):
            add("melody", own.accent, pitch, level - 10, min(length, TICKS))
    if "pads" in playing:
        voice = style.part("pads", palette["pads"]).accent
        for pitch in voicing:
            add("pads", voice, pitch, level - 10, min(length, TICKS))
    return events


def spare(events: Sequence[Event], form: Form) -> list[Event]:
    """Nothing is stressed on a hit to avoid: the kit leaves it out, the others soften."""
    if not form.avoided:
        return list(events)
    out: list[Event] = []
    for event in events:
        sample = form.clock.sample(event.tick)
        if any(abs(sample - avoided) <= _AVOID_SAMPLES for avoided in form.avoided):
            if event.stem == "drums":
                continue
            if event.kind != "final":
                event.velocity = clamp(min(event.velocity, 70) * 0.8)
                event.kind = "calm"
        out.append(event)
    return out
