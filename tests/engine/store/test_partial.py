"""A part on the disk survives what interrupts it, and becomes the file only when it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitpoint.engine.errors import OutputError
from hitpoint.engine.store.partial import PartialFile


def test_what_was_written_stays_when_the_writer_fails(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "folder" / "a.bin")
    assert part.size() == 0
    assert part.note() == {}
    with pytest.raises(RuntimeError), part.append(0) as file:
        part.write(file, b"half")
        raise RuntimeError
    assert part.size() == 4
    assert not part.path.exists()


def test_it_is_continued_cut_back_and_finished(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "a.bin")
    part.write_note({"etag": "x"})
    with part.append(0) as file:
        part.write(file, b"abcdef")
    with PartialFile(tmp_path / "a.bin").append(3) as file:
        part.write(file, b"DEF!")
    assert part.note() == {"etag": "x"}
    part.finish()
    assert part.path.read_bytes() == b"abcDEF!"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_note_that_is_no_note_is_none(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "a.bin")
    for content in (b"", b"{", b"[1]"):
        (tmp_path / "a.bin.part.json").write_bytes(content)
        assert part.note() == {}


def test_a_folder_that_cannot_be_made_has_its_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    part = PartialFile(tmp_path / "file" / "a.bin")
    with pytest.raises(OutputError), part.append(0):
        pass


def test_forgetting_leaves_nothing(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "a.bin")
    part.write_note({})
    with part.append(0) as file:
        part.write(file, b"x")
    part.forget()
    part.forget()
    assert list(tmp_path.iterdir()) == []
