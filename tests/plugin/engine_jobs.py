"""A worker whose jobs do what a test says: `python -I engine_jobs.py PARENT`."""

import sys

from hitpoint.engine.worker.channel import own_stdio

STDIO = own_stdio()

import ctypes  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from hitpoint.engine.errors import InputError  # noqa: E402
from hitpoint.engine.progress import Step  # noqa: E402
from hitpoint.engine.worker.messages import QUARANTINED, EngineError  # noqa: E402
from hitpoint.engine.worker.serve import Desk, serve  # noqa: E402


def work(params: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Does `params["do"]`."""
    print("a library says hello")
    os.write(1, b"and so does its C code\n")
    desk.progress(Step(params.get("stage", "work"), 0, 1, "begun"))
    return globals()[f"do_{params['do']}"](params, desk) or {"pid": os.getpid()}


def do_echo(params: dict[str, Any], desk: Desk) -> dict[str, Any]:
    return {"echo": params["text"]}


def do_refuse(params: dict[str, Any], desk: Desk) -> None:
    raise InputError("'x' is bad: mend it")


def do_fail(params: dict[str, Any], desk: Desk) -> None:
    raise KeyError("x")


def do_die(params: dict[str, Any], desk: Desk) -> None:
    """Once, or as often as it is done where `mark` is not said."""
    mark = Path(params["mark"]) if "mark" in params else None
    if mark is None or not mark.exists():
        if mark is not None:
            mark.touch()
        os.kill(os.getpid(), getattr(signal, params["by"]))


def do_listen(params: dict[str, Any], desk: Desk) -> None:
    """Work in steps of 10 ms that looks whether it is cancelled."""
    while True:
        desk.cancel.check()
        time.sleep(0.01)


def do_deaf(params: dict[str, Any], desk: Desk) -> None:
    time.sleep(600)


def do_hold(params: dict[str, Any], desk: Desk) -> None:
    """A native call that holds the interpreter's lock."""
    time.sleep(0.2)
    ctypes.PyDLL(None).sleep(600)


def do_count(params: dict[str, Any], desk: Desk) -> None:
    for number in range(params["steps"]):
        desk.progress(Step("count", number, params["steps"], ""))
        time.sleep(0.001)


def do_waver(params: dict[str, Any], desk: Desk) -> None:
    """Stages that begin and end many times a second."""
    for number in range(params["steps"]):
        desk.progress(Step(f"stage {number % 3}", 1, 1, ""))
        time.sleep(0.001)


def do_long(params: dict[str, Any], desk: Desk) -> dict[str, Any]:
    return {"text": "x" * params["bytes"]}


def do_refuse_as_kept(params: dict[str, Any], desk: Desk) -> None:
    raise EngineError("it was set aside before", kind=QUARANTINED, log_id="kept")


def do_preview(params: dict[str, Any], desk: Desk) -> None:
    desk.preview("first.wav", 0.0, 8.0)


def do_child(params: dict[str, Any], desk: Desk) -> None:
    """Start a process that ties itself to us, as readers and pools do, and wait."""
    tied = f"from hitpoint.engine.worker import life; import time; life.die_with_parent({os.getpid()}); "
    subprocess.Popen([sys.executable, "-c", f"{tied} time.sleep(600)"])
    time.sleep(600)


if __name__ == "__main__":
    serve({"score": work}, STDIO, int(sys.argv[-1]), lambda error: "log-id")
