"""`report.json` (`hitpoint.report.1`): what was made, and what was measured on it.

Seconds count from frame 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..engine.audio.finish import Finished
from ..engine.audio.measure import AccentScore, HitMeasure, HitReport
from ..engine.errors import Problem
from ..engine.evaluate.gates.verdict import Verdict
from ..engine.plan.fitting import CurvePoint
from ..engine.timebase import SAMPLE_RATE
from ..engine.types import Cue, Plan, Take
from .scored import ScoredCue

SCHEMA = "hitpoint.report.1"
# Of fewer accents in one stream, a percentile says nothing.
_FEWEST_ACCENTS = 3


@dataclass(frozen=True, slots=True)
class CueResult:
    """A cue with its take, the measurements of the finished sound, and what the gates say of it."""

    scored: ScoredCue
    finished: Finished
    hits: HitReport
    accent: AccentScore | None
    verdicts: tuple[Verdict, ...] = ()
    # What of it the gates could not judge.
    unjudged: tuple[Problem, ...] = ()
    # Hits met against groove, where the music follows the plan.
    curve: tuple[CurvePoint, ...] = ()


def build_report(
    results: Sequence[CueResult],
    *,
    input_name: str,
    input_sha256: str,
    generator: str,
    why: str,
    seed: int,
    version: str,
    request: Mapping[str, Any],
    degraded: Sequence[str],
    timings_s: Mapping[str, float],
    like: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The report as JSON. Everything but `timings_s` is the same for the same request, input and build.

    `like` is what was heard in a temp track, and what of it was taken.
    """
    return {
        "schema": SCHEMA,
        "input": {"name": input_name, "sha256": input_sha256},
        "generator": generator,
        "why": why,
        "seed": seed,
        "degraded": list(degraded),
        **({} if like is None else {"like": dict(like)}),
        "version": version,
        "request": dict(request),
        "cues": [_cue(result) for result in results],
        "timings_s": {stage: round(seconds, 3) for stage, seconds in timings_s.items()},
    }


def _cue(result: CueResult) -> dict[str, Any]:
    cue, plan, take = result.scored.cue, result.scored.plan, result.scored.take
    clock = RecordClock(cue)
    return {
        "name": cue.name,
        "style": take.provenance.style,
        "in_s": clock.frame_s(cue.in_frame),
        "out_s": clock.frame_s(cue.out_frame_exclusive),
        "rate": str(cue.rate),
        "cuts": [
            {"time_s": clock.frame_s(cut.frame), "strength": round(cut.strength, 4)}
            for cut in result.scored.picture.cuts
        ],
        "tempo_map": tempo_map(clock, plan),
        "beats_s": clock.inside(plan.beats),
        "downbeats_s": clock.inside(plan.downbeats),
        "fit": plan.fit,
        **({"groove_curve": [asdict(point) for point in result.curve]} if result.curve else {}),
        "hits": [_hit(clock, measure) for measure in result.hits.hits],
        "chance": round(result.hits.chance, 4) if result.hits.wanted else None,
        "quality": [
            *_accent_gate(result.accent),
            *(_gate(verdict) for verdict in result.verdicts if verdict.applies),
        ],
        "quality_not_applied": [f"{v.gate}: {v.what}" for v in result.verdicts if not v.applies],
        "stems": [
            {
                "name": stem.name,
                "path": stem.path,
                "sha256": stem.sha256,
                "start_sample": cue.rate.sample(cue.in_frame) - stem.handle_samples[0],
                "samples": stem.samples,
                "handle_samples": list(stem.handle_samples),
            }
            for stem in take.stems
        ],
        "loudness_lufs": _rounded(result.finished.cue.lufs),
        "dialogue_lufs": _rounded(result.scored.picture.dialogue_lufs),
        "true_peak_dbtp": _rounded(result.finished.cue.true_peak_dbtp),
        "loudness_range_lu": _rounded(result.finished.cue.range_lu),
        "limited_db": _rounded(result.finished.limited_db),
        **_neural(take),
    }


def _neural(take: Take) -> dict[str, Any]:
    """How a neural take was made: model, prompt, tokens, candidates, fit. Nothing of sketch's."""
    made = take.provenance
    if not made.model:
        return {}
    told = ("tokens", "candidates", "frames", "backend", "fit", "separation", "stepped_down")
    return {
        "neural": {
            "model": made.model,
            "weights_sha256": made.weights_sha256,
            "prompt": made.prompt or None,
            **{key: take.extra[key] for key in told if key in take.extra},
        }
    }


class RecordClock:
    """Samples and frames of one cue in record seconds."""

    def __init__(self, cue: Cue) -> None:
        self._cue = cue
        self._start = cue.rate.sample(cue.in_frame)

    def frame_s(self, frame: int) -> float:
        return round(float(self._cue.rate.seconds(frame)), 6)

    def sample_s(self, sample: int) -> float:
        """Of a sample counted from the cue's first."""
        return round((self._start + sample) / SAMPLE_RATE, 6)

    def inside(self, samples: Sequence[int]) -> list[float]:
        """Those of `samples` that lie in the cue."""
        return [self.sample_s(sample) for sample in samples if 0 <= sample < self._cue.samples]


def tempo_map(clock: RecordClock, plan: Plan) -> list[dict[str, Any]]:
    """An entry wherever tempo or meter changes, from the cue's start on."""
    out: list[dict[str, Any]] = []
    for bar in plan.bars:
        if bar.end_sample_exclusive <= 0 or bar.start_sample >= plan.samples:
            continue
        state = (round(bar.segment.bpm, 4), bar.beats)
        if not out or state != (out[-1]["bpm"], out[-1]["beats_per_bar"]):
            time_s = clock.sample_s(max(0, bar.start_sample))
            out.append({"time_s": time_s, "bpm": state[0], "beats_per_bar": state[1]})
    return out


def _hit(clock: RecordClock, measure: HitMeasure) -> dict[str, Any]:
    return {
        "time_s": clock.frame_s(measure.hit.frame),
        "name": measure.hit.name,
        "kind": measure.hit.kind,
        "strength": round(measure.hit.strength, 4),
        "accent": measure.hit.struck,
        "met": measure.met,
        "error_ms": _rounded(measure.error_ms),
        "on": measure.on,
        "met_by": measure.met_by,
    }


def _accent_gate(accent: AccentScore | None) -> list[dict[str, Any]]:
    """Struck hits stand out of the music: above the 90th percentile of its own beats and z over 3."""
    if accent is None or accent.hits < _FEWEST_ACCENTS:
        return []
    return [
        {
            "gate": "accents stand out",
            "value": {
                "hits": accent.hits,
                "percentile": round(accent.percentile, 1),
                "z": round(accent.z, 2),
            },
            "pass": bool(accent.percentile >= 90 and accent.z > 3),
        }
    ]


def _gate(verdict: Verdict) -> dict[str, Any]:
    """One number of a gate with the bounds that it is to keep, both included; None is open."""
    assert verdict.value is not None
    return {
        "gate": verdict.gate,
        "what": verdict.what,
        "value": round(float(verdict.value), 6),
        "low": verdict.low,
        "high": verdict.high,
        "unit": verdict.unit,
        "pass": verdict.passed,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
