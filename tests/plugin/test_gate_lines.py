"""The command line tells how many numbers passed, and each that did not."""

from __future__ import annotations

from hitpoint.plugin.gate_lines import gate_lines


def entry(
    gate: str, value: float, *, low: float | None = None, high: float | None = None
) -> dict[str, object]:
    passed = (low is None or value >= low) and (high is None or value <= high)
    return {
        "gate": gate, "what": "a number", "value": value, "low": low, "high": high, "unit": "dB",
        "pass": passed,
    }  # fmt: skip


ACCENTS = {
    "gate": "accents stand out",
    "value": {"hits": 3, "percentile": 95.0, "z": 4.0},
    "pass": True,
}


def test_failures_stand_with_their_value_and_limit():
    cue = {"name": "1m1", "quality": [ACCENTS, entry("balance", 3.5, high=2.0), entry("arc", 9.0, low=8.0)]}
    count, failed, meaning = gate_lines({"cues": [cue]})
    assert count == "1m1: 1 of 2 gates passed"
    assert failed == "  FAIL  balance: a number 3.5 dB (at most 2)"
    assert "not beauty" in meaning


def test_the_meaning_of_a_pass_is_said_once():
    cues = [{"name": name, "quality": [entry("arc", 9.0, low=8.0)]} for name in ("1m1", "1m2")]
    assert len(list(gate_lines({"cues": cues}))) == 3


def test_what_was_not_judged_is_not_told():
    assert list(gate_lines({"cues": [{"name": "1m1", "quality": [ACCENTS]}]})) == []
