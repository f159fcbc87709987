"""Bass lines. Pattern characters, one a sixteenth: R root (r soft), F/f fifth, O/o octave, a approaches the
next chord by a step of the scale, x by a semitone, - holds, . rests. A chord that changes is always struck,
whatever the pattern holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from .form import SIXTEENTH, TICKS, Form, in_tempo
from .harmony import Span
from .instruments import INSTRUMENTS, fit
from .notes import Event, clamp
from .patterns import patterned, played_bars

_SOFT = "rfoax"


def write_bass(
    form: Form, spans: Sequence[Span], pitches: Sequence[int], part_name: str, seed: int, again: int = 0
) -> list[Event]:
    """The bass of every section that has one."""
    events: list[Event] = []
    ticks = [span.tick for span in spans]
    own = form.style.part("bass", part_name)
    for part, pattern, voices in patterned(form, "bass", own, form.style.basslines, seed, "bass", again):
        for bar in played_bars(form, part):
            for at, length, sign in _steps(form, bar, bar - part.start_bar, pattern):
                index = bisect_right(ticks, at) - 1
                # A new chord is always founded on its own bass, also where half time moves the pattern.
                pitch = _pitch("R" if at == spans[index].tick else sign, index, spans, pitches)
                force = form.force[bar]
                softest, loudest = form.style.velocity
                velocity = softest + 4 + (loudest - softest - 6) * force
                velocity += (4 if at == form.clock.starts[bar] else 0) - (9 if sign in _SOFT else 0)
                if form.spoken[bar]:
                    velocity -= 8
                for rank, voice in enumerate(voices):
                    facts = INSTRUMENTS[voice]
                    held = length if facts.struck else max(6, length - 3)
                    sounding = fit(voice, pitch + octave_of(voice, rank, own.voices[0][0]))
                    events.append(Event("bass", voice, at, held, sounding, clamp(velocity - 5 * rank)))
    return events


def octave_of(voice: str, rank: int, first: str) -> int:
    """Semitones by which a doubling voice lies off the first: a deeper instrument below, another above."""
    if rank == 0:
        return 0
    return -12 if INSTRUMENTS[voice].low < INSTRUMENTS[first].low else 12


def _steps(form: Form, bar: int, place: int, pattern: str) -> list[tuple[int, int, str]]:
    """(tick, ticks, sign) of each bass note of a bar: odd bars cut the pattern or begin it again."""
    clock = form.clock
    start, beats = clock.starts[bar], clock.bars[bar].beats
    if form.spoken[bar]:
        # Under speech the bass only carries the harmony.
        pattern = "R---------------"
    pattern = in_tempo(form, bar, pattern, "-")
    offset = 16 * (place % (len(pattern) // 16))
    signs = [pattern[(offset + step) % len(pattern)] for step in range(beats * 4)]
    if signs[0] == "-":
        signs[0] = "r"
    steps: list[tuple[int, int, str]] = []
    for step, sign in enumerate(signs):
        if sign in "-.":
            continue
        length = 1
        while step + length < len(signs) and signs[step + length] == "-":
            length += 1
        steps.append((start + step * SIXTEENTH, length * SIXTEENTH, sign))
    return steps


def _pitch(sign: str, index: int, spans: Sequence[Span], pitches: Sequence[int]) -> int:
    span, bass = spans[index], pitches[index]
    chord = span.chord
    in_root_position = chord.bass == chord.root
    match sign.lower():
        case "f":
            if not in_root_position:
                return bass
            fifth = bass + (chord.pcs[2] - chord.bass) % 12
            return fifth if fifth <= 50 else fifth - 12
        case "o":
            return bass + 12
        case "a" if index + 1 < len(spans):
            following = pitches[index + 1]
            if following == bass:
                return bass
            # By step from the side it comes from, inside the scale.
            near = [
                p
                for p in (following - 2, following - 1, following + 1, following + 2)
                if p % 12 in chord.scale
            ]
            return min(near, key=lambda p: (abs(p - bass), p)) if near else bass
        case "x" if index + 1 < len(spans) and pitches[index + 1] != bass:
            return pitches[index + 1] + (1 if pitches[index + 1] < bass else -1)
        case _:
            return bass


def rearticulate(events: list[Event], spans: Sequence[Span], pitches: Sequence[int]) -> list[Event]:
    """Bass notes held over a change of chord are cut there and the new bass is struck."""
    changes = [span.tick for span in spans]
    struck = {event.tick for event in events}
    out: list[Event] = []
    for event in events:
        index = bisect_right(changes, event.tick)
        border = changes[index] if index < len(changes) else event.end
        if event.end <= border:
            out.append(event)
            continue
        rest = event.end - border
        event.ticks = border - event.tick
        out.append(event)
        if border not in struck and rest >= TICKS // 2:
            moved = fit(event.voice, pitches[index] + event.pitch - pitches[index - 1])
            if (moved - pitches[index]) % 12:
                moved = fit(event.voice, pitches[index])
            out.append(Event(event.stem, event.voice, border, rest, moved, event.velocity))
    return out
