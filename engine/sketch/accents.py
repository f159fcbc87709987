"""Accents that can be heard and measured: a breath before each strong hit, then whoever leads it strikes.

An onset stands out by what it rises from. So the lead's last half beat before a hit is empty, held notes let
go; the others only soften, play through the hit, and come in after it where they were silent. The next hit is
another's to lead: everybody at once, every time, is neither mix nor drama.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from .drums import lane_key
from .form import SIXTEENTH, TICKS, Accent, Form
from .harmony import Span
from .instruments import INSTRUMENTS, fit
from .leads import ALONE, STEMS_OF, Lead, stem_of
from .notes import Event, clamp

# The breath: silence before the hit, and the thinner stretch before it.
_SILENCE = TICKS // 2
_DRUM_SILENCE = TICKS * 3 // 4
_THIN = TICKS
# Held notes of the others let go so long before the hit.
_LIFT = SIXTEENTH // 2
_AVOID_SAMPLES = 2_880
# Who has been silent for so long enters anew, and waits so long for the lead's stroke to be heard.
_ABSENT = TICKS // 2
_WAIT = TICKS // 2
# The drums of a stroke: a body, and others that colour it; as loud as it they would be one heap of peaks.
_LANES_UNDER = (-3, 2, 10, 14, 18)
# On the hit the others stay this far under its own notes.
_UNDER = 8
# Under speech, of the velocity: the player's level goes with its square, so this is 8 dB. Further down, hits
# under speech are met no more.
_HUSHED = 0.63


def breathe(events: Sequence[Event], form: Form, leads: Mapping[int, Lead]) -> list[Event]:
    """The events with a breath of its lead cut out before each accent, the others softer there."""
    ticks = [tick for tick in sorted(leads) if tick > 0]
    out: list[Event] = []
    for event in events:
        index = bisect_right(ticks, event.tick)
        before = ticks[index - 1] if index else None
        if index < len(ticks):
            hit = ticks[index]
            leading = event.stem in STEMS_OF[leads[hit]] or leads[hit] in ALONE
            left = hit - event.tick
            # Close hits breathe less: the breath must not eat the hit before.
            room = hit - before if before is not None else hit
            silence = min(_DRUM_SILENCE if event.stem == "drums" else _SILENCE, room // 4)
            if leading and left <= silence:
                continue
            if left <= min(_THIN, room // 2):
                event.velocity = clamp(event.velocity * 0.82)
                # The groove stops; only the fill leads on.
                if leading and event.kind == "drum":
                    continue
            until = hit - (silence // 2 if leading else min(_LIFT, silence // 2))
            if event.end > until:
                event.ticks = max(SIXTEENTH // 2, until - event.tick)
        out.append(event)
    return out


def strike(
    events: list[Event],
    form: Form,
    leads: Mapping[int, Lead],
    spans: Sequence[Span],
    bass: Sequence[int],
    voicings: Sequence[tuple[int, ...]],
    stacks: Sequence[tuple[int, ...]],
    palette: dict[str, str],
) -> list[Event]:
    """The accents themselves, the lead's ordinary notes on them made strong, the others' mild. `stacks` are
    the chords as the harmony stem plays them."""
    out = list(events)
    ticks = [span.tick for span in spans]
    for accent in form.accents:
        lead = leads.get(accent.tick)
        if lead is None:
            continue
        index = max(0, bisect_right(ticks, accent.tick) - 1)
        level = accent_velocity(form, accent)
        out = _made_way(out, form, accent, lead)
        here = [event for event in out if event.tick == accent.tick and event.stem in STEMS_OF[lead]]
        for event in here:
            event.velocity = max(event.velocity, clamp(level - (10 if event.stem == "pads" else 4)))
            event.kind = "accent"
        chords = voicings[index], stacks[index]
        out += _struck(form, accent, lead, spans[index], bass[index], chords, palette, here, level)
    return out


def _made_way(events: Sequence[Event], form: Form, accent: Accent, lead: Lead) -> list[Event]:
    """The events, with those on the accent that are not its lead's: softer than its notes where they play
    through, a little later where they enter."""
    tick = accent.tick
    sounding = {event.stem for event in events if event.tick < tick and event.end > tick - _ABSENT}
    after = [event for event in events if tick < event.tick <= tick + _WAIT]
    following = {(e.stem, e.voice): e for e in sorted(after, key=lambda e: e.tick, reverse=True)}
    out: list[Event] = []
    for event in events:
        if event.tick == tick and event.stem not in STEMS_OF[lead]:
            event.velocity = min(event.velocity, clamp(ordinary_limit(form, accent.bar) - _UNDER))
            if event.stem not in sounding or lead in ALONE:
                follower = following.get((event.stem, event.voice))
                if follower is not None:
                    if event.stem == "bass":
                        follower.pitch = event.pitch  # the chord still begins on its root
                    continue
                event.tick += _WAIT
                event.ticks = max(min(event.ticks, _WAIT), event.ticks - _WAIT)
        out.append(event)
    return out


def accent_velocity(form: Form, accent: Accent) -> float:
    """Stronger where the picture is: but a quiet section is not shouted at."""
    return 74 + 6 * form.force[accent.bar] + 8 * accent.strength


def ordinary_limit(form: Form, bar: int) -> float:
    """The loudest that a note may be which strikes no hit: a hair below the accents of its bar."""
    return 74 + 6 * form.force[bar]


def _struck(
    form: Form,
    accent: Accent,
    lead: Lead,
    span: Span,
    bass: int,
    chords: tuple[tuple[int, ...], tuple[int, ...]],
    palette: dict[str, str],
    here: Sequence[Event],
    level: float,
) -> list[Event]:
    """What the lead plays on the accent beside the notes it has there."""
    events: list[Event] = []
    voicing, stack = chords
    style = form.style
    length = min(2 * TICKS, span.end - accent.tick)

    def add(stem: str, voice: str, pitch: int, velocity: float, ticks: int) -> None:
        pitch = fit(voice, pitch)
        for event in (*here, *events):
            if event.stem == stem and event.voice == voice and event.pitch == pitch:
                event.velocity = max(event.velocity, clamp(velocity))
                return
        events.append(Event(stem, voice, accent.tick, ticks, pitch, clamp(velocity), "accent"))

    match lead:
        case "drums":
            kit = style.part("drums", palette["drums"]).accent
            lanes = INSTRUMENTS[kit].lanes
            for rank, lane in enumerate(style.accent_lanes):
                key = lane_key(lanes, lane, span.chord.root)
                if key is not None:
                    add("drums", kit, key, level - _LANES_UNDER[min(rank, len(_LANES_UNDER) - 1)], TICKS)
        case "bass":
            voice = style.part("bass", palette["bass"]).accent
            add("bass", voice, bass, level - 1, length)
            # The octave above, not below: the bass line itself goes on.
            add("bass", voice, bass + 12, level - 7, length)
        case "harmony":
            stem = stem_of(form, lead)
            voice = style.part(stem, palette[stem]).accent
            for pitch in sorted({*stack, 48 + (span.chord.root - 48) % 12}):
                add(stem, voice, pitch, level - 1, length)
        case "melody":
            voice = style.part("melody", palette["melody"]).accent
            sung = [event.pitch for event in here]
            top = max(sung) if sung else voicing[-1]
            for pitch in (top, top - 12):
                add("melody", voice, pitch, level, min(length, TICKS))
    return events


def hush(events: Sequence[Event], form: Form) -> list[Event]:
    """Under speech everybody plays very softly: the arrangement makes the room, before any fader."""
    for event in events:
        if form.spoken[form.clock.bar_at(event.tick)]:
            event.velocity = clamp(event.velocity * _HUSHED)
    return list(events)


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
