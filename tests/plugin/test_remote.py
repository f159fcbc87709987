"""Which job a command goes on with: one that was begun in the same words, and none that was set aside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hitpoint.engine.serial import to_json
from hitpoint.engine.store.journal import Journal, State
from hitpoint.plugin.jobs import SCORE
from hitpoint.plugin.options import ScoreOptions
from hitpoint.plugin.remote import _begun_before
from neural_models import options


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScoreOptions:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    asked = replace(options(tmp_path / "cut.otio", tmp_path / "out", "sketch"), seed=None, drawn_seed=5)
    Journal().plan("before", SCORE, {"source": str(asked.source), "options": to_json(asked)})
    return asked


@pytest.mark.parametrize(
    ("state", "goes_on"),
    [
        ("planned", True),
        ("running", True),
        ("stored", True),
        ("failed", True),
        ("cancelled", True),
        ("placed", False),
        ("verified", False),
        ("quarantined", False),
    ],
)
def test_what_was_begun_is_gone_on_with_and_what_was_set_aside_is_not(
    asked: ScoreOptions, state: State, goes_on: bool
) -> None:
    Journal().settle("before", state)
    found = _begun_before(replace(asked, drawn_seed=9))
    assert found == (("before", asked) if goes_on else None)


def test_other_words_are_another_job(asked: ScoreOptions) -> None:
    assert _begun_before(replace(asked, style="folk")) is None


def test_a_settled_job_cannot_be_changed_by_whoever_had_it(asked: ScoreOptions) -> None:
    journal = Journal()
    fence = journal.lease("before", "1")
    journal.settle("before", "quarantined", {"error": "why", "log_id": "x"})
    assert not journal.move("before", fence, "placed", {"folder": "nowhere"})
    (known,) = journal.jobs("quarantined")
    assert known.result == {"error": "why", "log_id": "x"}
    journal.settle("nobody's", "cancelled")
    assert len(journal.jobs()) == 1
