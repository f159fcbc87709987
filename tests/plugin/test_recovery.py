"""Music that was finished and not placed: told of, kept, placed by the same command, or let go of. And one
command given twice at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from films import timeline
from hitpoint.engine.progress import Step
from hitpoint.engine.serial import to_json
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.locks import held, job_lock
from hitpoint.plugin.cli import main
from hitpoint.plugin.here import Here
from hitpoint.plugin.jobs import ANALYSE, SCORE
from hitpoint.plugin.options import ScoreOptions, Selection
from hitpoint.plugin.remote import _begun_before
from hitpoint.plugin.upkeep_command import unplaced

WAYS = ((), ("--in-process",))


def _command(*words: object, home: Path, **environment: str) -> dict[str, Any]:
    return {
        "args": [sys.executable, "-m", "hitpoint.plugin.cli", *map(str, words)],
        "env": {**os.environ, "HITPOINT_HOME": str(home), **environment},
        "text": True,
    }


def _run(*words: object, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**_command(*words, home=home, **environment), capture_output=True, check=False)


def _asked(film: Path, *way: str) -> tuple[object, ...]:
    return ("score", film, "-o", film.parent / "out", "--style", "piano", "--range", "0", "4", *way)


def _score_while_it_is_cut(film: Path, home: Path, *way: str) -> subprocess.CompletedProcess[str]:
    """The command, with the edit changed when its music is being made."""
    child = subprocess.Popen(
        **_command(*_asked(film, *way), "--json", home=home), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stderr and child.stdout
    said = []
    for line in child.stderr:
        said.append(line)
        if json.loads(line).get("stage") == "generate":
            break
    data = json.loads(film.read_text())
    clips = data["tracks"]["children"][0]["children"]
    clips[0]["source_range"]["duration"]["value"] -= 12
    film.write_text(json.dumps(data))
    out, rest = child.communicate()
    return subprocess.CompletedProcess([], child.returncode, out, "".join(said) + rest)


@pytest.mark.parametrize("way", WAYS)
def test_an_edit_changed_while_it_is_scored_costs_no_music(
    tmp_path: Path,
    way: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    film, home, log = timeline(tmp_path), tmp_path / "home", tmp_path / "points"
    monkeypatch.setenv("HITPOINT_HOME", str(home))
    whole = film.read_bytes()
    stale = _score_while_it_is_cut(film, home, *way)
    assert stale.returncode == 2
    sentence = json.loads(stale.stderr.splitlines()[-1])["error"]
    assert sentence.startswith("the edit changed between 01:00:00:00 and 01:00:04:00 while it was scored: ")
    assert not (tmp_path / "out").exists()

    # Told of, and kept by gc.
    assert f"stems were not placed: give the same command for '{film}' again" in unplaced()
    assert main(["gc", "--most", "0"]) == 0
    assert "timelines, stems that wait to be placed" in capsys.readouterr().out

    # Placed as they are by the same command, when the edit is as it was.
    film.write_bytes(whole)
    again = _run(*_asked(film, *way), home=home, HITPOINT_POINTS_LOG=str(log))
    assert again.returncode == 0, again.stderr
    assert "hitpoint: note: " in again.stderr
    assert "finished stems were not placed" in again.stderr
    made = Counter(log.read_text().split())
    assert (made["take.made"], made["finish.made"], made["run.placed"]) == (0, 0, 1)
    assert film.read_bytes() == whole
    assert unplaced() == ""


def test_one_command_given_twice_at_once_is_done_once(tmp_path: Path) -> None:
    film, home, log = timeline(tmp_path), tmp_path / "home", tmp_path / "points"
    words = _command(*_asked(film), home=home, HITPOINT_POINTS_LOG=str(log))
    both = [subprocess.Popen(**words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [child.communicate() for child in both]
    assert [child.returncode for child in both] == [0, 0], said
    assert not (tmp_path / "out" / "earlier").exists()
    made = Counter(log.read_text().split())
    assert (made["take.made"], made["run.placed"]) == (1, 1)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_a_job_that_is_asked_for_again_while_it_is_done_is_waited_for_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is told, then handed what the first has placed: no second job, nothing made twice."""
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    journal, folder, steps = Journal(), tmp_path / "out", []
    folder.mkdir()
    asked = {"source": str(tmp_path / "cut.otio"), "out": None, "selection": to_json(Selection())}
    begun, told = threading.Event(), threading.Event()

    def first() -> None:
        with held(job_lock("job")):
            journal.plan("job", ANALYSE, asked)
            fence = journal.lease("job", "first")
            begun.set()
            assert told.wait(60)
            journal.move("job", fence, "placed", {"folder": str(folder), "files": []})

    def progress(step: Step) -> None:
        steps.append(step.text)
        told.set()

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(60)
    assert Here().do(ANALYSE, "job", asked, progress=progress) == {"folder": str(folder), "files": []}
    thread.join()
    assert steps == ["waiting for another Hitpoint that does the same"]


def test_a_job_whose_owner_died_is_gone_on_with_under_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock went with its owner: who asks in the same words gets the job, and the seed that it drew."""
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    options = ScoreOptions(
        source=tmp_path / "cut.otio", out=tmp_path / "out", selection=Selection(), model="sketch",
        style="piano", seed=None, loudness=None, handles=2.0, format="otio", split="none", drawn_seed=77,
    )  # fmt: skip
    journal = Journal()
    journal.plan("job", SCORE, {"source": str(options.source), "options": to_json(options)})
    journal.lease("job", "died")
    assert _begun_before(replace(options, drawn_seed=5)) == ("job", options)
    assert _begun_before(replace(options, drawn_seed=5, style="folk")) is None
    journal.settle("job", "quarantined", {"error": "set aside", "log_id": ""})
    assert _begun_before(replace(options, drawn_seed=5)) is None
