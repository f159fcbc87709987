"""Music for a scenario, by the built-in composer: picture, plan, chords, notes, sound, and what they are."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from ...audio.conform import stem_blocks
from ...generator import TakeRequest
from ...plan.plan import make_plan
from ...plan.score import make_score
from ...progress import Cancel, silent
from ...sketch.composer import ChordSpan, Composition, compose, on_the_clock
from ...sketch.instruments import fit
from ...sketch.render import render
from ...timebase import SAMPLE_RATE
from ...types import Cue, Cut, Note, Picture, Plan, Score, Shot
from .scenario import MadeShot, Scenario
from .styles import PLAIN_CHORDS, base_style, corpus_style

Sound = npt.NDArray[np.float32]

SOUND_RATE = 32_000
# Of everything that sounds, root mean square: loud enough, and far from clipping after the limiter's peak.
_LEVEL_DB = -20.0
_CEILING = 0.97
# How much softer the players are where the plan has no energy than where it has all.
_DYNAMICS_DB = 10.0
# The tempo lies this near to the film's own pulse.
_NEAR_PULSE = 1.08


@dataclass(frozen=True, slots=True)
class Music:
    """What was composed; `mode` is "major" or "minor", `register` the mean pitch of what is no bass."""

    cue: Cue
    picture: Picture
    score: Score
    plan: Plan
    chords: tuple[ChordSpan, ...]
    composition: Composition
    mode: str
    register: float


def cue_of(scenario: Scenario) -> Cue:
    """Its shots have no media: nothing of a made film is on disk."""
    shots = tuple(
        Shot(f"shot {index + 1}", shot.in_frame, shot.out_frame_exclusive, "gap")
        for index, shot in enumerate(scenario.shots)
    )
    return Cue(f"made {scenario.split} {scenario.seed}", scenario.rate, 0, scenario.frames, shots)


def picture_of(scenario: Scenario) -> Picture:
    """What `look` would see of the film, from the scenario itself."""
    mood, colour = scenario.mood, scenario.colour
    frames = scenario.frames
    luminance, warmth, saturation = 0.12 + 0.63 * mood, 0.3 + 0.4 * mood, 0.1 + 0.6 * colour
    change = np.asarray(scenario.speed) * 0.2
    cuts = _cuts(scenario)
    for cut in cuts:
        change[cut.frame] = 1.0
    return Picture(
        rate=scenario.rate,
        in_frame=0,
        motion=scenario.speed,
        luminance=(luminance,) * frames,
        warmth=(warmth,) * frames,
        saturation=(saturation,) * frames,
        change=tuple(round(float(value), 4) for value in change),
        cuts=cuts,
    )


def compose_scenario(scenario: Scenario) -> Music:
    """Deterministic: the scenario decides everything."""
    cue, picture = cue_of(scenario), picture_of(scenario)
    plain = scenario.seed % len(PLAIN_CHORDS) if scenario.plain_roots else None
    style = corpus_style(scenario.style, scenario.motion, plain)
    family = (scenario.pulse_bpm / _NEAR_PULSE, scenario.pulse_bpm * _NEAR_PULSE)
    score = replace(
        # Pictures and music are to be as related as they can be.
        make_score(seed=scenario.seed, style=base_style(scenario.style), cues=[cue], fit="tight"),
        tempo_family_bpm=family,
        tonic=_tonic(scenario),
        palette={stem: part[0].name for stem, part in style.parts.items()},
    )
    plan = make_plan(cue, picture, score)
    sections = tuple(replace(section, valence=scenario.mood) for section in plan.sections)
    plan = replace(plan, sections=sections)
    composition = compose(TakeRequest(cue, picture, score, plan), style)
    if scenario.colour > 0.5:
        composition = replace(composition, notes=tuple(map(_raised, composition.notes)))
    pitches = [note.pitch for note in composition.notes if note.stem in ("harmony", "melody", "pads")]
    return Music(
        cue=cue,
        picture=picture,
        score=score,
        plan=plan,
        chords=on_the_clock(composition.spans, composition.form),
        composition=composition,
        mode="major" if scenario.bright else "minor",
        register=float(np.mean(pitches)) if pitches else 0.0,
    )


def sound_of(music: Music) -> Sound:
    """Mono float32 at 32 kHz, as long as the cue."""
    composition, cue = music.composition, music.cue
    mono = np.zeros(cue.samples, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        stems = render(
            composition.notes,
            composition.voices,
            samples=cue.samples,
            handle_samples=(0, 0),
            seed=music.score.seed,
            folder=Path(folder),
            stems=composition.stems,
            progress=silent,
            cancel=Cancel(),
        )
        for stem in stems:
            at = 0
            for block in stem_blocks(stem, cue.samples):
                mono[at : at + len(block)] += block.mean(axis=1)
                at += len(block)
    samples = round(SOUND_RATE * cue.samples / SAMPLE_RATE)
    sound = np.zeros(samples, np.float32)
    resampled = soxr.resample(mono, SAMPLE_RATE, SOUND_RATE, quality="HQ")[:samples]
    sound[: len(resampled)] = resampled
    return np.asarray(_levelled(sound) * dynamics(music.plan, samples), np.float32)


def dynamics(plan: Plan, samples: int) -> Sound:
    """Gain [samples] at 32 kHz that follows the energy, from bar to bar without a step; 1 at full energy.

    The composer answers energy with more players and busier ones, which loudness follows loosely; a player
    who watches the film also plays louder.
    """
    middles = [(bar.start_sample + bar.end_sample_exclusive) / (2 * SAMPLE_RATE) for bar in plan.bars]
    energy = np.interp(np.arange(samples) / SOUND_RATE, middles[: len(plan.energy)], plan.energy)
    return (10 ** (_DYNAMICS_DB / 20 * (energy - 1))).astype(np.float32)


def _levelled(sound: Sound) -> Sound:
    """Loud passages of all pieces at one level; peaks above full scale pull the whole piece down."""
    loud = np.abs(sound) > 0.01 * float(np.abs(sound).max())
    power = float(np.mean(sound[loud].astype(np.float64) ** 2)) if loud.any() else 1.0
    gain = 10 ** (_LEVEL_DB / 20) / max(power, 1e-12) ** 0.5
    peak = gain * float(np.abs(sound).max())
    return np.asarray(sound * (gain * min(1.0, _CEILING / peak)), np.float32)


def _raised(note: Note) -> Note:
    """An octave higher, where the instrument goes so high; bass, drums and effects stay."""
    if note.stem not in ("harmony", "melody", "pads"):
        return note
    name = note.instrument.removeprefix(f"{note.stem} ").replace(" ", "_")
    return replace(note, pitch=fit(name, note.pitch + 12))


def _tonic(scenario: Scenario) -> int:
    """Every key is as likely: the film does not tell it."""
    rng = np.random.Generator(np.random.PCG64([scenario.seed, 0x7091C]))
    return int(rng.integers(12))


def _cuts(scenario: Scenario) -> tuple[Cut, ...]:
    """A cut is strong where the pace or the camera changes with it."""
    out = []
    shots = scenario.shots
    for index in range(1, len(shots)):
        frame = shots[index].in_frame
        change = abs(_pace(scenario, shots[index]) - _pace(scenario, shots[index - 1]))
        camera = shots[index].camera != shots[index - 1].camera
        strength = 0.25 + 1.2 * change + (0.2 if camera else 0.0)
        out.append(Cut(frame, round(min(1.0, strength), 3)))
    return tuple(out)


def _pace(scenario: Scenario, shot: MadeShot) -> float:
    return float(np.mean(scenario.speed[shot.in_frame : shot.out_frame_exclusive]))
