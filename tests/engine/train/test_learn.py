"""Training: what it learns, and that neither a kill nor a second run changes it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import learners
from hitpoint.engine.errors import Cancelled, InputError
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.train.checkpoint import load_checkpoint
from hitpoint.engine.train.learn import learn, rate

_CHILD = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path[:0] = {folders!r}
import learners
from dataclasses import replace
learners.train(Path(sys.argv[1]), replace(learners.SCHEDULE, steps=int(sys.argv[2])))
"""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_the_loss_falls(tmp_path: Path) -> None:
    curve = learners.train(tmp_path / "toy.pt", replace(learners.SCHEDULE, steps=60))
    assert sum(row["loss"] for row in curve[-5:]) < 0.9 * sum(row["loss"] for row in curve[:5])


def test_two_runs_with_one_seed_end_in_the_same_weights(tmp_path: Path) -> None:
    first, second = (learners.train(tmp_path / name) for name in ("a.pt", "b.pt"))
    assert first == second
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_a_run_killed_at_any_instant_resumes_to_the_same_loss_curve_and_weights(tmp_path: Path) -> None:
    steps = 150
    schedule = replace(learners.SCHEDULE, steps=steps)
    path = tmp_path / "killed.pt"
    child = _CHILD.format(folders=[str(Path(learners.__file__).parent)])
    run = subprocess.Popen([sys.executable, "-c", child, str(path), str(steps)])
    deadline = time.monotonic() + 120
    while not path.is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    found = load_checkpoint(path, "toy")
    assert found is not None and 0 < found.step < steps
    resumed = learners.train(path, schedule)
    unbroken = learners.train(tmp_path / "unbroken.pt", schedule)
    assert resumed == unbroken
    ends = [load_checkpoint(where, "toy") for where in (path, tmp_path / "unbroken.pt")]
    assert ends[0] is not None and ends[1] is not None
    assert all(torch.equal(ends[0].model[name], weight) for name, weight in ends[1].model.items())


def test_a_cancel_stops_within_a_step_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    cancel = Cancel()

    def told(done: int, curve: object) -> None:
        cancel.set()

    with pytest.raises(Cancelled):
        learn(
            learners.task(),
            learners.SCHEDULE,
            tmp_path / "toy.pt",
            "toy",
            progress=silent,
            cancel=cancel,
            told=told,
        )
    found = load_checkpoint(tmp_path / "toy.pt", "toy")
    assert found is not None and found.step == learners.SCHEDULE.save_every


def test_another_recipes_checkpoint_is_refused(tmp_path: Path) -> None:
    learners.train(tmp_path / "toy.pt")
    with pytest.raises(InputError, match="belongs to another recipe"):
        load_checkpoint(tmp_path / "toy.pt", "other")


@pytest.mark.parametrize("left", [0, 10, 2000])
def test_a_checkpoint_cut_short_is_refused_in_a_sentence(tmp_path: Path, left: int) -> None:
    learners.train(tmp_path / "toy.pt")
    (tmp_path / "toy.pt").write_bytes((tmp_path / "toy.pt").read_bytes()[:left])
    with pytest.raises(InputError, match="is damaged"):
        load_checkpoint(tmp_path / "toy.pt", "toy")


def test_the_rate_rises_in_a_line_and_falls_to_its_last_share() -> None:
    schedule = replace(learners.SCHEDULE, steps=1000, warm_up=100, rate=1.0, last_share=0.05)
    assert rate(schedule, 0) == pytest.approx(0.01)
    assert rate(schedule, 99) == pytest.approx(1.0)
    assert rate(schedule, 999) == pytest.approx(0.05, abs=1e-4)
    falling = [rate(schedule, step) for step in range(100, 1000)]
    assert falling == sorted(falling, reverse=True)
