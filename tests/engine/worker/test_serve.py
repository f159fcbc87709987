"""The worker's side of the talk, in this process: its jobs run in a thread of the test."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

from hitpoint.engine.worker.channel import Channel
from hitpoint.engine.worker.messages import notice, request
from hitpoint.engine.worker.serve import Desk, Worker


@pytest.mark.parametrize("pause_s", [0.0, 0.001])
def test_a_cancel_right_behind_its_job_is_heard(pause_s: float) -> None:
    """Also while the thread that will do the job has not yet woken."""

    def work(params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        until = time.monotonic() + 5
        while not desk.cancel.asked and time.monotonic() < until:
            time.sleep(0.001)
        return {"heard": desk.cancel.asked}

    answers: list[Any] = []
    came = threading.Semaphore(0)

    def hear(message: Any) -> None:
        if isinstance(message, dict) and "result" in message:
            answers.append(message["result"]["heard"])
            came.release()

    to_worker, from_client = os.pipe()
    to_client, from_worker = os.pipe()
    worker = Worker({"wait": work}, to_worker, from_worker, lambda error: "")
    usual = worker._asked.wait_for

    def late(ready: Any, timeout: float | None = None) -> Any:
        found = usual(ready, timeout)
        # The lock is let go as it is while the thread waits to be woken.
        worker._asked.release()
        time.sleep(pause_s)
        worker._asked.acquire()
        return found

    worker._asked.wait_for = late  # type: ignore[method-assign]
    threading.Thread(target=worker.run, daemon=True).start()
    client = Channel(to_client, from_client, hear)
    client.start()
    for number in range(30):
        client.send(request(str(number), "wait", {}))
        client.send(notice("cancel", {"job": str(number)}))
        assert came.acquire(timeout=10)
        assert answers[-1], number
