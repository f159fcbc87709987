"""Work spread over processes: results in order, what fails is raised, what is stopped ends soon."""

from __future__ import annotations

import math
import os

import pytest

from hitpoint.engine.spread import spread


def test_results_come_in_the_jobs_order() -> None:
    heard: list[int] = []
    found = spread(math.sqrt, (value * value for value in range(9)), processes=2, told=heard.append)
    assert found == list(range(9))
    assert heard[-1] == 9 and heard == sorted(heard)


def test_processes_have_one_thread_and_this_one_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    found = spread(os.getenv, ["OMP_NUM_THREADS"], processes=1, told=lambda done: None)
    assert found == ["1"] and os.environ["OMP_NUM_THREADS"] == "7"


def test_what_a_job_raises_is_raised() -> None:
    with pytest.raises(ValueError, match=r"domain error|nonnegative"):
        spread(math.sqrt, [1, -1, 2], processes=1, told=lambda done: None)


def test_nothing_to_do_is_done() -> None:
    assert spread(math.sqrt, [], processes=1, told=lambda done: None) == []
