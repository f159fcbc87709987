"""How long presets take to be heard, stored with their sound font: a held note is played early by that.

A preset rises otherwise on each sample, and a short note is heard earlier than a long one, since it does not
grow as loud. A room answers late: it does not help a note to be heard, but makes it louder in the end, by
which its begin is judged. So the table has for each key a row for each of ROOMS, with columns for LENGTHS_S.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from ..audio.attack import ATTACK_S, Doubles, risen_s, weighted
from ..errors import InputError
from ..timebase import SAMPLE_RATE
from .room import impulse_response
from .soundfont import Zone
from .voices import bundled_font

Mono = npt.NDArray[np.float32]
# Key -> for each of ROOMS the attack in ms of a note held each of LENGTHS_S.
Rows = Mapping[str, tuple[tuple[int, ...], ...]]

SCHEMA = "hitpoint.attacks.1"
LENGTHS_S = (0.25, 0.5, 1.0, 2.0)
# Levels of the room, as `Voice.room`.
ROOMS = (0.0, 0.45)
# No note is played earlier than by this: it would smear what is there.
MOST_S = 0.25
_VELOCITY = 75
_HEARD = round(2 * ATTACK_S * SAMPLE_RATE)
# Note and answers beat against each other, and the greatest level is a crest of that: so much more than the
# sum of their powers, on average over rooms and keys.
_CREST = 1.7
# A sample that is moved over more keys than this is measured more than once.
_LONGEST_RUN = 7


class _Plays(Protocol):
    def note_key(self, name: str, pitch: int, velocity: int, length: int) -> tuple[str, int, int, int]: ...
    def note(self, key: tuple[str, int, int, int]) -> npt.NDArray[np.float32]: ...


class Attacks:
    """The attack times of one preset."""

    def __init__(self, rows: Rows) -> None:
        self._keys = sorted(int(key) for key in rows)
        self._rows = {int(key): row for key, row in rows.items()}
        self._known: dict[tuple[int, int, float], int] = {}

    def lead(self, key: int, length: int, room: float) -> int:
        """Frames by which a note held `length` frames is to begin before it is to be heard, in a room of that
        level (`Voice.room`).
        """
        if (key, length, room) not in self._known:
            self._known[key, length, room] = self._lead(key, length, room)
        return self._known[key, length, room]

    def _lead(self, key: int, length: int, room: float) -> int:
        if not self._keys:
            return 0
        dry, wet = self._rows[min(self._keys, key=lambda measured: (abs(measured - key), measured))]
        # What the room answers goes with the square of its level.
        share = (room**2 - ROOMS[0] ** 2) / (ROOMS[1] ** 2 - ROOMS[0] ** 2)
        row = [a + share * (b - a) for a, b in zip(dry, wet, strict=True)]
        attack = 0.0
        # It still ends when it should, so it is held longer than written, and its attack is that of such one.
        for _ in range(3):
            held = length / SAMPLE_RATE + attack
            attack = float(np.interp(np.log(held), np.log(LENGTHS_S), row)) / 1000
        return round(min(attack, MOST_S) * SAMPLE_RATE)


def measure(player: _Plays, name: str, keys: Iterable[int]) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Attacks of the voice `name` at `keys`, as `player` sounds it. Keys that are silent are left out.

    InputError when a key has no sample.
    """
    rows = {}
    for key in keys:
        sounds = [
            player.note(player.note_key(name, key, _VELOCITY, round(seconds * SAMPLE_RATE)))
            for seconds in LENGTHS_S
        ]
        # Numbers that are not finite would stay in the weighting for ever.
        heard = [np.nan_to_num(sound[:_HEARD].mean(axis=1)) for sound in sounds]
        if all(sound.any() for sound in heard):
            powers = [weighted(sound.astype(np.float64)) for sound in heard]
            rows[str(key)] = tuple(
                tuple(round(1000 * risen_s(_in_room(power, room))) for power in powers) for room in ROOMS
            )
    return rows


def _in_room(power: Doubles, level: float) -> Doubles:
    """A note's power [n] with that of the room's answers, `level` as `Voice.room`."""
    out = np.zeros(_HEARD)
    out[: len(power)] = power
    if level:
        out += _CREST * level**2 * fftconvolve(out, _room_power())[:_HEARD]
    return out


@cache
def _room_power() -> Doubles:
    """Power, both channels added up, of what a room of level 1 answers to power 1 in each of them."""
    response = impulse_response(0).astype(np.float64)
    return np.asarray(2 * np.square(response.mean(axis=0))[:_HEARD])


def keys_to_measure(zones: Iterable[Zone], keys: Iterable[int]) -> tuple[int, ...]:
    """Of `keys`, the middle one of each run that is played by the same samples."""
    zones = tuple(zones)
    runs: list[list[int]] = []
    before = None
    for key in sorted(keys):
        sounding = tuple(zone.wave for zone in zones if zone.keys[0] <= key <= zone.keys[1])
        if sounding != before or len(runs[-1]) == _LONGEST_RUN:
            runs.append([])
        runs[-1].append(key)
        before = sounding
    return tuple(run[len(run) // 2] for run in runs)


@cache
def bundled_attacks() -> Mapping[tuple[int, int], Attacks]:
    """(bank, program) -> attacks, of the bundled sound font's held presets: `attacks.json` beside it."""
    path = bundled_font().with_name("attacks.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    if (data["schema"], tuple(data["lengths_s"]), tuple(data["rooms"])) != (SCHEMA, LENGTHS_S, ROOMS):
        raise InputError(f"'{path}' is of another version of Hitpoint: install it again")
    out = {}
    for preset, rows in data["presets"].items():
        bank, program = preset.split(":")
        out[int(bank), int(program)] = Attacks(
            {key: tuple(tuple(row) for row in found) for key, found in rows.items()}
        )
    return out
