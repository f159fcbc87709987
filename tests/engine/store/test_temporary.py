"""Temporaries tell who makes them: the living's stay, the dead's go, and nobody else's file is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hitpoint.engine.store import temporary
from hitpoint.engine.store.temporary import is_abandoned, sweep, temporary_path

LEAVE = """
import sys
from pathlib import Path
from hitpoint.engine.store.temporary import temporary_path
path = temporary_path(Path(sys.argv[1]))
path.mkdir() if sys.argv[2] == "folder" else path.write_bytes(b"half")
if sys.argv[2] == "folder": (path / "inside.wav").write_bytes(b"half")
"""


def _left(final: Path, kind: str) -> None:
    subprocess.run([sys.executable, "-c", LEAVE, str(final), kind], check=True)


def test_what_dead_processes_left_goes_and_all_else_stays(tmp_path: Path) -> None:
    deep = tmp_path / "ab"
    deep.mkdir()
    for kind, folder in (("file", tmp_path), ("folder", tmp_path), ("file", deep)):
        _left(folder / f"{kind}.wav", kind)
    mine = temporary_path(tmp_path / "mine.wav")
    others = [tmp_path / name for name in (".x.part", "film.part", ".film.0000-1-abc.part", "a.wav")]
    for path in (mine, *others):
        path.write_bytes(b"")
    assert len(sweep(tmp_path, deep=False)) == 2
    assert len(sweep(tmp_path, deep=True)) == 1
    assert sorted(tmp_path.rglob("*")) == sorted([deep, mine, *others])


def test_another_machines_temporaries_are_not_ours_to_judge(tmp_path: Path, monkeypatch) -> None:
    _left(tmp_path / "a.wav", "file")
    (left,) = tmp_path.iterdir()
    assert is_abandoned(left)
    monkeypatch.setattr(temporary.platform, "node", lambda: "another machine")
    assert not is_abandoned(left)
    assert sweep(tmp_path, deep=True) == []


def test_the_longest_name_still_has_a_temporary(tmp_path: Path) -> None:
    path = temporary_path(tmp_path / ("é" * 127))
    path.write_bytes(b"")
    assert not is_abandoned(path)
