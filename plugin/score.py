"""From a timeline to its scored copy: the stages one after the other, each told and timed."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..engine.errors import InputError, Problem
from ..engine.manifest import version
from ..engine.picture.look import look
from ..engine.plan.like import LIKE, likeness_of, with_likeness
from ..engine.plan.mood import leanings, mood_of, read_mood, with_mood
from ..engine.plan.plan import make_plan
from ..engine.plan.score import choose_style, make_score
from ..engine.progress import Cancel, Heard, Progress, Step, nobody, silent
from ..engine.serial import from_json, to_json
from ..engine.store.stages import Stages
from ..engine.style import load_style
from ..engine.types import Cue, Picture, Score
from ..export.report import CueResult, build_report
from .cues import CueMaker, request_of
from .generators import SKETCH, Chosen, choose_generator
from .like import NONE, TempTrack, listen_to
from .options import ScoreOptions, Selection
from .runfolder import RunFolder, default_folder
from .stale import Ranges
from .timeline.document import Document
from .timeline.read import read_timeline
from .timeline.select import select_cues
from .writing import SCORE_FILE, sentences, write_run

STAGES = ("read", "picture", "plan", "generate", "finish", "export")


@dataclass(frozen=True, slots=True)
class Scored:
    """A finished run: where it lies, the files in it, and its report. `results`: its cues, () where only the
    files are known."""

    folder: Path
    files: tuple[str, ...]
    report: dict[str, Any]
    results: tuple[CueResult, ...] = ()


@dataclass(slots=True)
class Stopwatch:
    """Seconds spent in each stage; the only clock in a run, and only for the report's timings."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] += time.perf_counter() - start


def score(
    options: ScoreOptions,
    *,
    stages: Stages | None = None,
    stored: Callable[[Sequence[str]], object] | None = None,
    progress: Progress = silent,
    cancel: Cancel | None = None,
    heard: Heard = nobody,
) -> Scored:
    """Score the chosen cues of a timeline and write the run's folder. What is finished on the way is kept in
    `stages`, where there are any, and found there; `stored` is told the stems' hashes when all are finished;
    `heard` of what can be played before: unmastered sound, in a file that stays until the cache is cleaned.

    UserError for what the user can mend; then nothing is written and nothing of an earlier run is touched.
    StaleResult when the edit of the cues is another in the end than it was at first; what was kept stays.
    """
    cancel = cancel or Cancel()
    watch = Stopwatch()
    chosen = choose_generator(options)
    if chosen.name != SKETCH and options.neural.mode == "published":
        # The paper's music is as long as the film: there is nothing to fill handles with.
        options = replace(options, handles=0.0)
    if options.style != "auto":
        load_style(options.style)
    read_mood(options.mood)
    out = options.out or default_folder(options.source)

    def waiting() -> None:
        progress(Step("read", 0, 1, f"waiting for another Hitpoint that writes '{out.name}'"))

    with RunFolder(out, options.source.name, told=waiting, cancel=cancel) as run:
        with watch.of("read"):
            progress(Step("read", 0, 1, options.source.name))
            document, cues = read(options.source, options.selection)
            ranges = Ranges(document, cues, options.selection, cancel)
            temp = None
            if options.like not in ("", NONE):
                temp = listen_to(options.like, select_cues(document)[0], progress=progress, cancel=cancel)
            progress(Step("read", 1, 1, _told(document, cues)))
        with watch.of("picture"):
            pictures = look_at(cues, progress, cancel)
        with watch.of("plan"):
            progress(Step("plan", 0, 1, "hits, tempo, sections"))
            music = shared_score(options, saved_score(run.earlier_file(SCORE_FILE)), cues, pictures, temp)
            requests = [
                request_of(
                    chosen,
                    cue,
                    picture,
                    music,
                    make_plan(cue, picture, music),
                    handles_s=options.handles,
                )
                for cue, picture in zip(cues, pictures, strict=True)
            ]
            progress(Step("plan", 1, 1, f"{music.style}, {len(requests)} planned"))
        results = CueMaker(chosen, options, run, watch, stages, progress, cancel, heard).make(requests)
        if stored is not None:
            stored([stem.sha256 for result in results for stem in result.scored.take.stems])
        progress(Step("export", 0, 1, "files"))
        followed = temp.problems if temp is not None else ()

        def report_of(document: Document, problems: list[Problem]) -> dict[str, Any]:
            degraded = sentences(
                [chosen.problems, document.problems, *(p.problems for p in pictures), followed, problems],
                results,
            )
            return build_report(
                results,
                input_name=options.source.name,
                input_sha256=document.sha256,
                generator=chosen.name,
                why=chosen.why,
                seed=music.seed,
                version=version(),
                request=_resolved(options, chosen, music),
                degraded=degraded,
                timings_s=watch.seconds,
                like=music.extra.get(LIKE),
            )

        files, report = write_run(results, music, ranges, options, run, watch, report_of, cancel=cancel)
        run.commit()
        progress(Step("export", 1, 1, str(run.final)))
    return Scored(run.final, files, report, tuple(results))


def read(source: Path, chosen: Selection) -> tuple[Document, tuple[Cue, ...]]:
    """The timeline and the cues chosen from it."""
    document = read_timeline(source, rate=chosen.rate, media_dirs=chosen.media)
    cues = select_cues(
        document,
        range_text=chosen.range_text,
        clips=chosen.clips,
        markers=chosen.markers,
        spans=chosen.spans,
        names=chosen.names,
    )
    return document, cues


def look_at(cues: Sequence[Cue], progress: Progress, cancel: Cancel) -> list[Picture]:
    return [look(cue, progress=progress, cancel=cancel) for cue in cues]


def _told(document: Document, cues: Sequence[Cue]) -> str:
    cue = "1 cue" if len(cues) == 1 else f"{len(cues)} cues"
    return f"{len(document.shots)} shots at {document.rate} fps, {cue}"


def shared_score(
    options: ScoreOptions,
    saved: Score | None,
    cues: Sequence[Cue],
    pictures: Sequence[Picture],
    temp: TempTrack | None,
) -> Score:
    """The saved Score of this film where it still answers what is asked, else a new one."""
    if saved is not None and answers(saved, options, temp):
        # The same music, fitted otherwise.
        return replace(saved, fit=options.fit or saved.fit)
    mood = read_mood(options.mood)
    style = choose_style(pictures, leanings(mood)) if options.style == "auto" else options.style
    # 53 bits: every program that reads the report keeps such a number exact.
    seed = next(seed for seed in (options.seed, options.drawn_seed, secrets.randbits(53)) if seed is not None)
    made = with_mood(make_score(seed=seed, style=style, cues=cues, fit=options.fit), mood)
    if temp is None:
        return made
    return with_likeness(made, temp.heard, source=temp.source, sha256=temp.sha256)


def answers(saved: Score, options: ScoreOptions, temp: TempTrack | None) -> bool:
    """Whether a Score is what the options ask for. What is not said may be anything."""
    followed = likeness_of(saved)
    return (
        options.seed in (None, saved.seed)
        and options.style in ("auto", saved.style)
        and (not options.mood or read_mood(options.mood) == mood_of(saved))
        and (options.like != NONE or followed is None)
        and (temp is None or (followed is not None and followed.sha256 == temp.sha256))
    )


def saved_score(path: Path | None) -> Score | None:
    """The Score that was written to `path`; None without one. InputError when it cannot be read."""
    if path is None:
        return None
    try:
        return from_json(Score, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(
            f"'{path}' cannot be read ({error}): move it away to have a new score made"
        ) from error


def _resolved(options: ScoreOptions, made_by: Chosen, music: Score) -> dict[str, Any]:
    chosen = options.selection
    return {
        "model": options.model,
        "use": options.use,
        "neural": to_json(made_by.neural),
        "style": music.style,
        "fit": music.fit,
        "seed": music.seed,
        "range": list(chosen.range_text) if chosen.range_text else None,
        "clips": list(chosen.clips),
        "markers": chosen.markers,
        "rate": str(chosen.rate) if chosen.rate else None,
        "loudness_lufs": options.loudness,
        "handles_s": options.handles,
        "format": options.format,
        "split": options.split,
        **({"spans": to_json(chosen.spans)} if chosen.spans else {}),
        **({"hit_markers": options.hit_markers} if options.hit_markers != "none" else {}),
        **_sounds(made_by),
        **_followed(music),
    }


def _sounds(made_by: Chosen) -> dict[str, Any]:
    """The imported sound font that sketch plays, where there is one."""
    if made_by.sounds is None:
        return {}
    card = made_by.sounds.card
    return {"sounds": {"name": card.name, "sha256": card.sha256, "licence": card.licence}}


def _followed(music: Score) -> dict[str, str]:
    """Mood and temp track, where there are any."""
    mood, followed = mood_of(music), likeness_of(music)
    told = {
        "mood": mood.text if mood is not None else "",
        "like": followed.source if followed is not None else "",
    }
    return {name: text for name, text in told.items() if text}
