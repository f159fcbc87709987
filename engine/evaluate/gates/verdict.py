"""What a gate says: a value, the bounds it must keep, and whether it does. A pass means no known fault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` is None where the gate does not apply, and then nothing is passed or failed.

    gate   name of the gate, e.g. "voice leading"
    what   the one number that is judged, e.g. "parallels of bass and top"
    low, high  bounds, both included; None is open
    unit   e.g. "dB", "of changes"; empty for a plain number
    """

    gate: str
    what: str
    value: float | None
    low: float | None
    high: float | None
    unit: str = ""

    @property
    def applies(self) -> bool:
        return self.value is not None

    @property
    def passed(self) -> bool:
        if self.value is None:
            return True
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    @property
    def text(self) -> str:
        """One line for people."""
        if self.value is None:
            return f"{self.gate}: {self.what}: does not apply"
        bounds = [
            f"at least {self.low:g}" if self.low is not None else "",
            f"at most {self.high:g}" if self.high is not None else "",
        ]
        asked = " and ".join(bound for bound in bounds if bound)
        mark = "pass" if self.passed else "FAIL"
        return f"{mark}  {self.gate}: {self.what} {self.value:.3g} {self.unit} ({asked})".replace("  (", " (")
