"""A stretch of sketch's music alone, to be heard at once: the whole cue is composed, and only what sounds in
the stretch is played.
"""

from __future__ import annotations

import hashlib
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..audio.fade import faded
from ..audio.limiter import Limiter
from ..audio.preview import write_preview
from ..errors import OptionError
from ..generator import TakeRequest
from ..progress import Cancel
from ..types import Note
from .composer import Composition, compose
from .fonts.ensemble import Casting
from .fonts.library import by_hash
from .render import RATE, Mixer, player_of, schedule
from .room import Room, impulse_response
from .sampler import Player
from .voices import Voice

FloatArray = npt.NDArray[np.float32]

# The music is played from this long before the stretch on, so that the room rings with what came before. What
# is left out has fallen by 30 dB or more.
_BEFORE_S = 1.0
# A held note's release, after which it is silent for this purpose.
_RELEASE_S = 0.5
_EDGE = 480
_CEILING_DBTP = -1.0
# Loudness of a cue as it is played, the mean over all styles; cues lie 1.6 dB around it, piano 3 dB below.
# The finish measures it, which takes the whole.
_PLAYED_LUFS = -25.8
_USUAL_LUFS = -16.0
_KEPT = 2
_MIX = "mix"


class Players:
    """What plays the last few casts of voices: fonts, what was read of them, and rooms. About 300 MB each."""

    def __init__(self) -> None:
        self._players: OrderedDict[tuple[tuple[Voice, ...], int, str | None], tuple[Player, FloatArray]]
        self._players = OrderedDict()
        # Open fonts are let go before the interpreter takes the library apart that reads them.
        weakref.finalize(self, self._players.clear)

    def of(
        self, voices: tuple[Voice, ...], seed: int, sounds: str | None, cancel: Cancel
    ) -> tuple[Player, FloatArray]:
        """A player and its room's response. `sounds` is the sha256 of an imported font; InputError when that
        is gone or changed."""
        key = voices, seed, sounds
        if key not in self._players:
            font = Casting(by_hash(sounds, cancel=cancel), voices) if sounds is not None else None
            self._players[key] = player_of(font, voices, seed), impulse_response(seed)
        self._players.move_to_end(key)
        while len(self._players) > _KEPT:
            self._players.popitem(last=False)
        return self._players[key]


def passage(
    request: TakeRequest,
    first: int,
    end: int,
    folder: Path,
    *,
    players: Players | None = None,
    gain_db: float | None = None,
    lufs: float = _USUAL_LUFS,
    cancel: Cancel | None = None,
) -> Path:
    """Sketch's music for the cue's samples `first` up to and without `end`, as 16-bit stereo WAV at 48 kHz in
    `folder`, named by its content.

    It is as loud as the finished take where `gain_db` is what that was turned up by; else a take of `lufs`
    is presumed, which is right within a few decibels. `players` of an earlier call save the time to read the
    sounds. OptionError for an unknown style or an empty stretch, InputError for lost sounds, OutputError when
    the disk refuses, Cancelled.
    """
    cancel = cancel or Cancel()
    composition = compose(request)
    cancel.check()
    sound = play(request, composition, first, end, players=players or Players(), cancel=cancel)
    gain = 10 ** ((lufs - _PLAYED_LUFS if gain_db is None else gain_db) / 20)
    limiter = Limiter(10 ** (_CEILING_DBTP / 20), gain)
    sound *= np.concatenate([limiter.feed(sound), limiter.end()])[:, None]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"passage-{hashlib.sha256(sound.data).hexdigest()[:16]}.wav"
    write_preview(path, sound)
    return path


def play(
    request: TakeRequest,
    composition: Composition,
    first: int,
    end: int,
    *,
    players: Players,
    cancel: Cancel,
) -> FloatArray:
    """The sum of all stems from the cue's sample `first` up to and without `end`, (samples, 2), as the whole
    would sound there but for the room's answer to what ended before; with 10 ms of fade at both ends."""
    first, end = max(first, 0), min(end, request.plan.samples)
    if end <= first:
        raise OptionError(f"the stretch to be heard lies outside {request.cue.name}: choose bars of the cue")
    begin = first - round(_BEFORE_S * RATE)
    frames = end - begin
    player, response = players.of(composition.voices, request.score.seed, request.sounds, cancel)
    events = schedule(_sounding(composition.notes, begin, end), player, -begin, frames)
    mixer = Mixer(events, player, (_MIX,), Room(response, frames), frames, again=True)
    sound = mixer.block(0, frames, cancel)[_MIX]
    if composition.fade_from is not None:
        sound *= faded(composition.fade_from - begin, request.plan.samples - begin, 0, frames)
    sound = sound[first - begin :]
    edge = min(_EDGE, len(sound) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)[:, None]
    sound[:edge] *= ramp
    sound[len(sound) - edge :] *= ramp[::-1]
    return np.ascontiguousarray(sound)


def _sounding(notes: Sequence[Note], begin: int, end: int) -> list[Note]:
    """Notes that are heard between two samples, all of one stem: one room then does for all."""
    release = round(_RELEASE_S * RATE)
    return [
        replace(note, stem=_MIX)
        for note in notes
        if note.start_sample < end and note.start_sample + note.samples + release > begin
    ]
