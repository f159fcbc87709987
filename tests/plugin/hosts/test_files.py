"""A timeline file is watched without ever making anybody wait."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hitpoint.plugin.hosts.base import Ability, HostError
from hitpoint.plugin.hosts.files import FilesHost
from hitpoint.plugin.hosts.program import Change
from hitpoint.plugin.panel.hosted import Hosted


def settled(ask: Callable[[], Change]) -> Change:
    """What it says when it has looked."""
    until = time.monotonic() + 20
    while (told := ask()) == "unknown" and time.monotonic() < until:
        time.sleep(0.005)
    return told


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_file_that_stays_is_the_same_and_one_with_other_bytes_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_bytes(b"one")
    host = FilesHost()
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "same"
    path.write_bytes(b"two, longer")
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "changed"
    assert settled(lambda: host.change(str(path), sha256(b"two, longer"))) == "same"


def test_a_file_that_is_only_touched_has_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_bytes(b"one")
    host = FilesHost()
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "same"
    os.utime(path, (1, 1))
    assert host.change(str(path), sha256(b"one")) == "unknown"
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "same"


def test_a_file_that_another_takes_the_place_of_has_changed_though_size_and_time_are_alike(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "cut.otio", tmp_path / "other.otio"
    path.write_bytes(b"one")
    other.write_bytes(b"two")
    for file in (path, other):
        os.utime(file, (1000, 1000))
    host = FilesHost()
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "same"
    other.replace(path)
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "changed"


def test_a_file_that_is_taken_away_is_gone_and_the_same_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_bytes(b"one")
    host = FilesHost()
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "same"
    path.rename(tmp_path / "aside")
    assert host.change(str(path), sha256(b"one")) == "gone"
    (tmp_path / "aside").rename(path)
    assert settled(lambda: host.change(str(path), sha256(b"one"))) == "same"


def test_of_a_timeline_in_a_folder_the_text_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "cut.otiod"
    folder.mkdir()
    (folder / "content.otio").write_bytes(b"one")
    host = FilesHost()
    assert settled(lambda: host.change(str(folder), sha256(b"one"))) == "same"
    (folder / "content.otio").write_bytes(b"other")
    assert settled(lambda: host.change(str(folder), sha256(b"one"))) == "changed"


def test_asking_about_a_long_film_never_waits_for_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "film.mov"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    host = FilesHost()
    slowest = 0.0
    for _ in range(50):
        begun = time.perf_counter()
        assert host.change(str(path), "0") == "unknown"
        slowest = max(slowest, time.perf_counter() - begun)
    host.close()
    print(f"slowest answer {slowest * 1000:.2f} ms")
    assert slowest < 0.5


@pytest.mark.parametrize("ability", ["timeline", "place", "selection", "playhead", "markers"])
def test_what_it_cannot_do_is_said_in_words(ability: Ability) -> None:
    capabilities = FilesHost().known_facts().capabilities
    assert not capabilities.can(ability)
    assert len(capabilities.why_not(ability)) > 20
    assert capabilities.can("changes")
    assert capabilities.why_not("changes") == ""


def test_it_refuses_in_the_same_words() -> None:
    host = FilesHost()
    with pytest.raises(HostError, match="no editor is connected"):
        host.read()
    assert Hosted(host).state(None).abilities == frozenset()


def test_the_next_step_names_the_file_to_import() -> None:
    assert "'scored.otio'" in FilesHost().next_step("/x/cut.hitpoint/scored.otio")
