"""A child that answers, refuses, dies, hangs or asks for too much: the parent says so and goes on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from hitpoint.engine import killable
from hitpoint.engine.errors import Cancelled, EngineFault, InputError
from hitpoint.engine.progress import Cancel

CHILD = """
import json, os, sys, time
from hitpoint.engine.errors import InputError
from hitpoint.engine.killable import answer
def work(request):
    print("a library says hello")
    if request["do"] == "refuse": raise InputError("'f' is bad: take another")
    if request["do"] == "die": os._exit(9)
    if request["do"] == "hang": time.sleep(60)
    while request["do"] == "spin": pass
    if request["do"] == "eat": return {"size": len(bytearray(4 << 30))}
    return {"done": request["do"]}
answer(work)
"""


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "child.py").write_text(CHILD)
    real = killable.subprocess.Popen

    def popen(words: list[str], **how: Any) -> Any:
        # As `python -I -m`, for a module that lies in a folder of tests.
        assert words[1:3] == ["-I", "-m"]
        return real([words[0], "-I", str(tmp_path / words[3])], **how)

    monkeypatch.setattr(killable.subprocess, "Popen", popen)

    def asked(do: str, *, module: str = "child.py", wall_s: int = 20, cancel: Cancel | None = None) -> Any:
        return killable.ask(
            module,
            {"do": do},
            name="f",
            memory_bytes=1 << 30,
            wall_s=wall_s,
            cancel=cancel or Cancel(),
        )

    return asked


def test_an_answer_comes_back_and_prints_do_not_spoil_it(ask: Any) -> None:
    assert ask("fine") == {"done": "fine"}


def test_a_refusal_is_the_childs_own_sentence(ask: Any) -> None:
    with pytest.raises(InputError, match=r"^'f' is bad: take another$"):
        ask("refuse")


def test_a_child_that_dies_is_the_files_fault(ask: Any) -> None:
    with pytest.raises(InputError, match="'f' made its reader fail"):
        ask("die")


def test_a_child_that_hangs_is_killed(ask: Any) -> None:
    with pytest.raises(InputError, match="'f' took more than 1 s"):
        ask("hang", wall_s=1)
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        ask("hang", cancel=cancel)


@pytest.mark.skipif(sys.platform == "win32", reason="there no limit on processor time is set")
def test_a_child_whose_own_limit_is_faster_than_our_watch_also_took_too_long(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(killable, "_POLL_S", 20.0)
    with pytest.raises(InputError, match="'f' took more than 1 s"):
        ask("spin", wall_s=1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system sets no limit on memory")
def test_a_child_that_eats_memory_fails_alone(ask: Any) -> None:
    with pytest.raises(InputError, match="'f' made its reader fail"):
        ask("eat")


def test_a_reader_that_is_not_there_is_our_fault() -> None:
    with pytest.raises(EngineFault, match="could not be started"):
        killable.ask(
            "hitpoint.engine.nothing", {}, name="f", memory_bytes=1 << 30, wall_s=20, cancel=Cancel()
        )
