"""The built-in generator: composes, plays its notes from a sound font, and tells what it did."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePath

from ..audio.preview import PREVIEW, FirstSeconds
from ..errors import Problem
from ..generator import TakeRequest
from ..manifest import version
from ..progress import Cancel, Heard, Progress, Step, nobody
from ..types import Instrument, Provenance, Take
from .composer import Composition, compose
from .fonts.ensemble import Casting
from .fonts.library import by_hash
from .form import NEAR_SAMPLES
from .render import render
from .voices import bundled_font

# Of the bundled sound font.
SOUNDS_LICENCE = "MIT"


class SketchGenerator:
    """Rule-based, no weights, any laptop. Stems are float32 work files in `folder`.

    `composition` is what the last take plays.
    """

    name = "sketch"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.composition: Composition | None = None

    def made_by(self, request: TakeRequest) -> Mapping[str, str]:
        """Nothing: the request names the sounds."""
        return {}

    def generate(
        self, request: TakeRequest, *, progress: Progress, cancel: Cancel, heard: Heard = nobody
    ) -> Take:
        """One take: the same request gives the same bytes. OptionError for an unknown style, InputError for
        imported sounds that are gone or changed, Cancelled.
        """
        cancel.check()
        total = float(request.plan.samples) / 48_000
        progress(Step("generate", 0.0, total, "composing"))
        composition = self.composition = compose(request)
        casting = None
        if request.sounds is not None:
            casting = Casting(by_hash(request.sounds, cancel=cancel), composition.voices)
        cancel.check()
        preview = None
        if heard is not nobody:
            head = request.handle_samples[0]
            end = head + request.plan.samples
            preview = FirstSeconds(self.folder / PREVIEW, head, end, heard)
        stems = render(
            composition.notes,
            composition.voices,
            samples=request.plan.samples,
            handle_samples=request.handle_samples,
            seed=request.score.seed,
            folder=self.folder,
            stems=composition.stems,
            font=casting,
            fade_from=composition.fade_from,
            preview=preview,
            progress=progress,
            cancel=cancel,
        )
        return Take(
            cue=request.cue.name,
            stems=stems,
            plan=request.plan,
            provenance=Provenance(
                generator=self.name,
                version=version(),
                seed=request.score.seed,
                style=request.score.style,
                sounds=_sounds(casting, composition),
            ),
            notes=composition.notes,
            instruments=_instruments(composition),
            problems=(
                *_problems(composition),
                *(casting.problems(composition.notes, composition.voices) if casting is not None else ()),
            ),
            extra={"composition": _told(composition)},
        )


def _sounds(casting: Casting | None, composition: Composition) -> Mapping[str, str]:
    """The fonts that are heard: name -> "sha256 licence"."""
    if casting is None:
        return _bundled_sounds()
    own, bundled = casting.uses(composition.notes)
    card = casting.card
    theirs = {f"{card.name}{PurePath(card.file).suffix}": f"{card.sha256} {card.licence}"} if own else {}
    return {**theirs, **(_bundled_sounds() if bundled else {})}


@cache
def _bundled_sounds() -> Mapping[str, str]:
    font = bundled_font()
    return {font.name: f"{sha256(font.read_bytes()).hexdigest()} {SOUNDS_LICENCE}"}


def _instruments(composition: Composition) -> tuple[Instrument, ...]:
    """What really plays: presets, and effects as bank -1."""
    playing = {note.instrument for note in composition.notes}
    return tuple(
        Instrument(voice.name, voice.bank, voice.program)
        for voice in composition.voices
        if voice.name in playing
    )


def _problems(composition: Composition) -> tuple[Problem, ...]:
    """Musts that the grid does not carry (their effect is on the picture, the band is not), and those that
    a stop leaves silent."""
    form = composition.form
    musts = [hit for hit in form.plan.hits if hit.kind == "must"]
    silent = [
        hit
        for hit in musts
        if any(start + NEAR_SAMPLES < hit.sample < end - NEAR_SAMPLES for start, end in composition.stops)
    ]
    return (
        *(
            Problem(
                "must-off-grid",
                f"the must hit '{hit.name}' of {form.plan.cue} lies off every beat and only an effect marks "
                "it: move it, or the hits around it",
            )
            for hit in musts
            if not form.meets(hit) and hit not in silent
        ),
        *(
            Problem(
                "must-in-stop",
                f"the must hit '{hit.name}' of {form.plan.cue} lies where the music is to stop, and nothing "
                "strikes it: end the stop on it, or begin it there",
            )
            for hit in silent
        ),
    )


def _told(composition: Composition) -> dict[str, object]:
    """What gates and reports want to know: chords, sections and statements of the theme, in samples."""
    form = composition.form
    clock = form.clock
    return {
        "chords": [[clock.sample(span.tick), span.chord.numeral] for span in composition.spans],
        "sections": [
            {
                "label": part.section.label,
                "start_sample": clock.sample(clock.starts[part.start_bar]),
                "level": part.level,
                "mode": part.mode,
                "climax": part.climax,
                "stems": list(part.stems),
            }
            for part in form.parts
        ],
        "theme": [
            {
                "start_sample": clock.sample(clock.starts[statement.start_bar]),
                "end_sample_exclusive": clock.sample(clock.bar_end(statement.end_bar_exclusive - 1)),
                "kind": statement.kind,
                "alike": round(statement.alike, 3),
            }
            for statement in composition.statements
        ],
    }
