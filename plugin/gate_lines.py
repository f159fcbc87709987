"""The gates on the command line: how many numbers passed, and each that did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..engine.evaluate.gates.verdict import Verdict

_MEANING = "a pass means no known fault, not beauty; all values are in report.json"


def gate_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Lines of text on all cues of a report; none where nothing was judged."""
    judged = False
    for cue in report["cues"]:
        verdicts = [_verdict(entry) for entry in cue["quality"] if "what" in entry]
        if not verdicts:
            continue
        judged = True
        failed = [verdict for verdict in verdicts if not verdict.passed]
        yield f"{cue['name']}: {len(verdicts) - len(failed)} of {len(verdicts)} gates passed"
        yield from (f"  {verdict.text}" for verdict in failed)
    if judged:
        yield _MEANING


def _verdict(entry: Mapping[str, Any]) -> Verdict:
    return Verdict(entry["gate"], entry["what"], entry["value"], entry["low"], entry["high"], entry["unit"])
