"""What is heard, block by block: a take's stems, a passage over them, the film's own sound and the click, on
the cue's clock. Every change is a short crossfade, every gain a short ramp; a loop wraps to the sample.

One thread calls `block`; what is wished of it is one value that any thread may replace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ....engine.timebase import SAMPLE_RATE
from .click import Clicks, CountIn, put
from .clock import Course
from .sounds import CHUNK, Shelf, Sound

Floats = npt.NDArray[np.float32]
FADE = SAMPLE_RATE // 100
# Where music begins out of silence: short, for a hit may stand right there.
_BEGIN = SAMPLE_RATE // 500
_AHEAD = 4  # pieces
# As long a change waits for its sound; then it happens all the same.
_PATIENCE = SAMPLE_RATE // 12


@dataclass(frozen=True, slots=True)
class Voice:
    """A take: its stems by name, and the gain at which it is heard."""

    stems: tuple[tuple[str, Sound], ...]
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class Passage:
    """Heard instead of the take from cue sample `begin` up to `end`."""

    sound: Sound
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Programme:
    """What there is to hear at a place of the cue."""

    voice: Voice | None = None
    passage: Passage | None = None
    film: Sound | None = None

    def sounds(self) -> tuple[Sound, ...]:
        music = tuple(sound for _, sound in self.voice.stems) if self.voice else ()
        passage = (self.passage.sound,) if self.passage else ()
        return (*music, *passage, *((self.film,) if self.film else ()))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of the mixer. `length` of the cue and `loop` are samples of it, its end exclusive.
    Muted and soloed are stems' names; where a take has none of the soloed stems, solo says nothing of it.
    """

    programme: Programme = Programme()
    length: int = 0
    loop: tuple[int, int] | None = None
    muted: frozenset[str] = frozenset()
    soloed: frozenset[str] = frozenset()
    balance: float = 0.0
    click: bool = False

    def stem_gain(self, stem: str, voice: Voice) -> float:
        soloed = self.soloed & {name for name, _ in voice.stems}
        return float(stem in soloed if soloed else stem not in self.muted)


class _Ramp:
    """A gain that takes FADE samples from nothing to all."""

    def __init__(self, value: float) -> None:
        self.value = value

    def towards(self, goal: float, samples: int) -> Floats | np.float32:
        """The gain of the next samples: one value, or one a sample [samples, 1]."""
        if goal == self.value:
            return np.float32(goal)
        steps = np.arange(1, samples + 1, dtype=np.float32) / FADE
        way = goal - self.value
        gains = self.value + np.sign(way) * np.minimum(steps, abs(way))
        self.value = goal if steps[-1] >= abs(way) else float(gains[-1])
        return np.asarray(gains, np.float32)[:, None]


@dataclass(frozen=True, slots=True)
class _Head:
    """A place that is played from. `since`: where it was set down."""

    programme: Programme
    at: int
    since: int

    def on(self, samples: int) -> _Head:
        return replace(self, at=self.at + samples)


class Mixer:
    """`course` is told what lies where in the stream."""

    def __init__(self, shelf: Shelf, course: Course) -> None:
        self._shelf, self._course = shelf, course
        self.wish = Wish()
        self.clicks = Clicks(None)
        self._head = _Head(Programme(), 0, 0)
        self._leaving: _Head | None = None
        self._fade = self._faded = 0
        self._stems: dict[str, _Ramp] = {}
        self._music, self._film, self._click = _Ramp(1.0), _Ramp(1.0), _Ramp(0.0)
        self._count_in: CountIn | None = None
        self._counted = 0
        self._stream = 0
        self._jump: tuple[int, int] | None = None
        self._waited = 0
        # Number of the jump that was made last, and its sample of the stream.
        self.landed = (-1, 0)
        self._asked: object = None

    @property
    def at(self) -> int:
        """The cue's sample that is mixed next."""
        return self._head.at

    def begin(self, at: int, count_in: CountIn | None = None) -> None:
        """Play from the cue's sample `at` on; the stream begins at its sample 0."""
        wish = self.wish
        at = self._within(at, wish)
        self._head = _Head(wish.programme, at, at)
        self._leaving, self._fade, self._faded = None, _BEGIN, 0
        self._jump, self._waited = None, 0
        self._stems.clear()
        self._music.value, self._film.value = _balanced(wish.balance)
        self._click.value = float(wish.click)
        self._count_in, self._counted, self._stream = count_in, 0, 0
        self._course.clear()
        self._course.add(0, at, moves=count_in is None)

    def jump(self, at: int, number: int) -> None:
        """Go on from another place as soon as its sound is there; `landed` then holds `number`. Nothing is
        counted in any longer."""
        if self._count_in is not None:
            self._count_in = None
            self._course.add(self._stream, self._head.at, moves=True)
        self._jump, self._waited = (self._within(at, self.wish), number), 0

    def place(self, at: int) -> None:
        """Where playing will begin, so that its sound is fetched."""
        self._head = _Head(self.wish.programme, at, at)
        self._jump = None

    def wait_ready(self, samples: int, timeout_s: float) -> bool:
        """Wait until the sound of the next samples is there."""
        return self._shelf.wait(self._head.programme.sounds(), self._head.at, samples, timeout_s)

    def block(self, samples: int) -> Floats:
        """The next samples, float32 [samples, 2]; silence after the cue's end."""
        self._change(samples)
        self.fetch()
        out = np.zeros((samples, 2), np.float32)
        done = 0
        while done < samples:
            rest = out[done:]
            if self._count_in is not None:
                done += self._counting(rest, self._count_in)
                continue
            wish = self.wish
            end = wish.loop[1] if wish.loop else wish.length
            if self._head.at >= end:
                if wish.loop is None:
                    self._course.add(self._stream, wish.length, moves=False)
                    self._stream += len(rest)
                    break
                self._move(_Head(self._head.programme, wish.loop[0], wish.loop[0]))
                continue
            step = min(len(rest), end - self._head.at)
            if self._faded < self._fade:
                step = min(step, self._fade - self._faded)
            self._mix(rest[:step], wish)
            done += step
        return out

    def fetch(self) -> None:
        """Tell the shelf what will be heard next, where that has changed."""
        wish = self.wish
        target = self._jump[0] if self._jump else self._head.at
        state = (target // CHUNK, self._head.at // CHUNK, wish.programme, self._head.programme, wish.loop)
        if state == self._asked:
            return
        self._asked = state
        index = target // CHUNK
        sounds, old = wish.programme.sounds(), self._head.programme.sounds()
        pieces = [(sound, index) for sound in sounds]
        pieces += [(sound, self._head.at // CHUNK + ahead) for ahead in (0, 1) for sound in old]
        last = max(wish.length - 1, 0) // CHUNK
        places = [index + ahead for ahead in range(1, _AHEAD + 1) if index + ahead <= last]
        if wish.loop:
            places[1:1] = [wish.loop[0] // CHUNK, wish.loop[0] // CHUNK + 1]
        pieces += [(sound, place) for place in (*places, max(index - 1, 0)) for sound in sounds]
        self._shelf.want(pieces)

    def _change(self, samples: int) -> None:
        """Take up a jump or another programme, once its sound is there and the last change is over."""
        wish = self.wish
        if self._count_in is not None or (self._leaving is not None and self._faded < self._fade):
            return
        if self._jump is None and wish.programme == self._head.programme:
            return
        at, number = self._jump if self._jump is not None else (self._head.at, -1)
        if self._waited < _PATIENCE and not self._shelf.ready(wish.programme.sounds(), at, samples + FADE):
            self._waited += samples
            return
        self._waited = 0
        since = self._head.since if self._jump is None else at
        self._move(_Head(wish.programme, at, since))
        if self._jump is not None:
            self._jump, self.landed = None, (number, self._stream)

    def _move(self, head: _Head) -> None:
        self._leaving, self._head = self._head, head
        self._fade, self._faded = FADE, 0
        self._course.add(self._stream, head.at, moves=True)

    def _counting(self, out: Floats, bar: CountIn) -> int:
        step = min(len(out), bar.samples - self._counted)
        for index, beat in enumerate(bar.beats):
            put(out[:step], beat - self._counted, index == 0, np.float32(1))
        self._counted += step
        self._stream += step
        if self._counted >= bar.samples:
            self._count_in = None
            self._course.add(self._stream, self._head.at, moves=True)
        return step

    def _mix(self, out: Floats, wish: Wish) -> None:
        samples = len(out)
        music, film = _balanced(wish.balance)
        gains = (self._music.towards(music, samples), self._film.towards(film, samples))
        heads = [self._head] if self._leaving is None else [self._head, self._leaving]
        stems = self._stem_gains(heads, wish, samples)
        if self._faded < self._fade:
            # Equal power: two different musics are as loud together as each alone.
            angle = (np.arange(self._faded, self._faded + samples) + 0.5) * (np.pi / 2 / self._fade)
            part = np.zeros_like(out)
            self._add(self._head, part, gains, stems)
            out += part * np.sin(angle, dtype=np.float32)[:, None]
            if self._leaving is not None:
                part = np.zeros_like(out)
                self._add(self._leaving, part, gains, stems)
                out += part * np.cos(angle, dtype=np.float32)[:, None]
                self._leaving = self._leaving.on(samples)
            self._faded += samples
            if self._faded >= self._fade:
                self._leaving = None
        else:
            self._add(self._head, out, gains, stems)
        click = self._click.towards(float(wish.click), samples)
        if wish.click or isinstance(click, np.ndarray):
            self.clicks.add(self._head.at, out, click, since=self._head.since)
        self._head = self._head.on(samples)
        self._stream += samples

    def _stem_gains(self, heads: list[_Head], wish: Wish, samples: int) -> dict[str, Floats | np.float32]:
        """A stem's gain is the same whichever take it is heard of."""
        gains: dict[str, Floats | np.float32] = {}
        for head in heads:
            voice = head.programme.voice
            for name, _ in voice.stems if voice else ():
                if voice is None or name in gains:
                    continue
                goal = wish.stem_gain(name, voice)
                gains[name] = self._stems.setdefault(name, _Ramp(goal)).towards(goal, samples)
        return gains

    def _add(
        self,
        head: _Head,
        out: Floats,
        gains: tuple[Floats | np.float32, Floats | np.float32],
        stems: dict[str, Floats | np.float32],
    ) -> None:
        programme, at = head.programme, head.at
        if programme.voice is not None:
            for name, sound in programme.voice.stems:
                gain = stems[name]
                if isinstance(gain, np.ndarray) or gain:
                    self._shelf.add(sound, at, out, gain * np.float32(programme.voice.gain))
        if programme.passage is not None:
            self._put_passage(programme.passage, at, out)
        if not (isinstance(gains[0], np.float32) and gains[0] == 1):
            out *= gains[0]
        if programme.film is not None and (isinstance(gains[1], np.ndarray) or gains[1]):
            self._shelf.add(programme.film, at, out, gains[1])

    def _put_passage(self, passage: Passage, at: int, out: Floats) -> None:
        """Crossfaded with the take at both ends."""
        begin, end = max(passage.begin, at), min(passage.end, at + len(out))
        if begin >= end:
            return
        place = np.arange(begin, end)
        inside = passage.end - 0.5 - place
        # At the cue's very start there is nothing to fade from.
        if passage.begin > 0:
            inside = np.minimum(inside, place - passage.begin + 0.5)
        angle = np.asarray(np.minimum(inside / FADE, 1) * (np.pi / 2), np.float32)[:, None]
        some = out[begin - at : end - at]
        some *= np.cos(angle)
        self._shelf.add(passage.sound, begin, some, np.sin(angle))

    @staticmethod
    def _within(at: int, wish: Wish) -> int:
        at = min(max(at, 0), wish.length)
        return wish.loop[0] if wish.loop and at >= wish.loop[1] else at


def _balanced(balance: float) -> tuple[float, float]:
    """Gains of music and film: both whole in the middle."""
    return min(1.0, 1.0 + balance), min(1.0, 1.0 - balance)
