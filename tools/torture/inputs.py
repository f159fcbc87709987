"""Hostile and damaged inputs: each is read or refused with a sentence, and nothing dies of it."""

from __future__ import annotations

import io
import json
import os
import queue
import random
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from hitpoint.engine.worker import life

from . import samples
from .budget import Budget
from .mutants import damage, mutate
from .scorecard import Row

_STALL_S = 60.0
_ROOT = Path(__file__).resolve().parents[2]

Make = Callable[[random.Random], bytes]


def kinds(folder: Path) -> dict[str, tuple[str, Make]]:
    """What is damaged: name -> (suffix, maker of one damaged file)."""
    tree = samples.timeline(folder)
    film = samples.film(folder)

    def otio(random_: random.Random) -> bytes:
        if random_.random() < 0.2:
            return damage(json.dumps(tree).encode(), random_)
        data = tree
        for _ in range(random_.choice([1, 1, 2, 5])):
            data = mutate(data, random_)
        return json.dumps(data).encode()

    def otioz(random_: random.Random) -> bytes:
        packed = io.BytesIO()
        inside = otio(random_) if random_.random() < 0.5 else json.dumps(tree).encode()
        method = random_.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
        with zipfile.ZipFile(packed, "w", method) as archive:
            name = random_.choice(["content.otio"] * 6 + ["../content.otio", "/content.otio", "other"])
            archive.writestr(name, inside)
            archive.writestr("version.txt", random_.choice(["1.0.0", "", "x" * 100_000]))
            archive.writestr("media/film.webm", film[:1000])
        data = packed.getvalue()
        return damage(data, random_) if random_.random() < 0.5 else data

    def text(good: str) -> Make:
        return lambda random_: damage(good.encode(), random_)

    return {
        "otio": (".otio", otio),
        "otioz": (".otioz", otioz),
        "fcpxml": (".fcpxml", text(samples.FCPXML)),
        "xmeml": (".xml", text(samples.XMEML)),
        "edl": (".edl", text(samples.EDL)),
        "media": (".webm", lambda random_: damage(film, random_)),
    }


def feed(
    kind: str,
    suffix: str,
    make: Make,
    count: int,
    folder: Path,
    *,
    seed: int = 1,
    budget: Budget | None = None,
    readers: Readers | None = None,
) -> Row:
    """`count` damaged files of one kind, or as many as the budget allows, read by children; a child that ends
    is a failure. `readers` may have some that are warm.
    """
    pool = readers or Readers()
    row = Row("input", f"{kind} damaged", 0)
    lock, jobs = threading.Lock(), iter(range(count))

    def next_job() -> int | None:
        with lock:
            return None if budget is not None and budget.over else next(jobs, None)

    def work() -> None:
        child: _Reader | None = None
        while (number := next_job()) is not None:
            path = folder / f"{kind}{number}{suffix}"
            path.write_bytes(make(random.Random(f"{kind} {seed} {number}")))
            child = child or pool.take()
            answer = child.ask(path)
            with lock:
                if answer is None:
                    row.trial(f"number {number}: the reader ended or stood still")
                    (folder / f"kept-{path.name}").write_bytes(path.read_bytes())
                elif answer.startswith("fault"):
                    row.trial(f"number {number}: {answer}")
                else:
                    row.trial()
                    row.notes[answer.split(":")[0]] += 1
            if answer is None:
                child.end()
                child = None
            path.unlink()
        if child is not None:
            pool.give(child)

    threads = [threading.Thread(target=work) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if readers is None:
        pool.end()
    return row


class Readers:
    """Children that wait for the next file: one starts in a second, and reads most files in milliseconds."""

    def __init__(self) -> None:
        self._idle: list[_Reader] = []

    def take(self) -> _Reader:
        return self._idle.pop() if self._idle else _Reader()

    def give(self, reader: _Reader) -> None:
        self._idle.append(reader)

    def end(self) -> None:
        while self._idle:
            self._idle.pop().end()


class _Reader:
    """A child that reads files one after the other."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.torture.reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env=environment,
            text=True,
            start_new_session=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, path: Path) -> str | None:
        """What it says of a file; None when it ended or stands still."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{path}\n")
            self._process.stdin.flush()
            answer = self._answers.get(timeout=_STALL_S)
        except (OSError, queue.Empty):
            return None
        return answer or None

    def end(self) -> None:
        life.kill(self._process)  # type: ignore[arg-type]
        self._process.wait()

    def _read(self) -> None:
        for line in self._lines():
            self._answers.put(line.rstrip("\n"))
        self._answers.put("")

    def _lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        yield from self._process.stdout
