"""How patient the supervisor is. Seconds of the monotonic clock: a clock that is set does not end a job."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    # Of a worker without a heartbeat (it sends one a second), then of one that was asked to end.
    silent_s: float = 15.0
    term_s: float = 5.0
    # Of a job that makes no step although its worker's heart beats.
    stuck_s: float = 1800.0
    # Of a job that was cancelled; 0 while a model loads.
    cancel_s: float = 2.0
    # An unused worker keeps its model this long.
    idle_s: float = 60.0
    most_waiting: int = 8
    # So many workers a job may take with it.
    deaths_of_a_job: int = 2
    most_crashes: int = 3
    crashes_within_s: float = 600.0

    @classmethod
    def of(cls, text: str) -> Limits:
        """The usual ones, but what the JSON object `text` says otherwise. ValueError, TypeError for none."""
        return replace(cls(), **json.loads(text))
