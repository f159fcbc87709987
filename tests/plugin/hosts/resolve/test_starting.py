"""A host that begins: what was cut off is ended and told, and a Resolve that ends is noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.resolve.made import made

from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.resolve import host as adapter
from hitpoint.plugin.hosts.resolve.starting import StartedHost


class Ending:
    """Resolve, until it is `over`: then every call gives None, and `dir` is as it was."""

    def __init__(self, resolve: Any) -> None:
        self.resolve = resolve
        self.over = False

    def __getattr__(self, name: str) -> Any:
        return (lambda *words: None) if self.over else getattr(self.resolve, name)

    def __dir__(self) -> list[str]:
        return dir(self.resolve)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))


def started(resolve: Any, folder: Path) -> StartedHost:
    return StartedHost(resolve, folder=str(folder), road="script")


def test_a_resolve_that_ends_is_gone_and_not_merely_refusing(tmp_path: Path) -> None:
    resolve = Ending(made().resolve)
    host = started(resolve, tmp_path)
    host.glance()
    resolve.over = True
    with pytest.raises(HostError, match="does not answer any more") as caught:
        host.glance()
    assert caught.value.kind == "gone"


def test_a_resolve_without_a_project_lives_and_is_not_gone(tmp_path: Path) -> None:
    fake = made()
    host = started(fake.resolve, tmp_path)
    fake.film = None
    with pytest.raises(HostError) as caught:
        host.read()
    assert caught.value.kind != "gone"


def test_what_was_cut_off_is_told_before_all_other_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "recover", lambda *words: ("it was undone, place it again",))
    assert started(made().resolve, tmp_path).facts().notes[0] == "it was undone, place it again"


def test_an_end_that_has_to_wait_is_told_and_the_host_begins_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: Any) -> tuple[str, ...]:
        raise HostError("no project is open")

    monkeypatch.setattr(adapter, "recover", refuse)
    assert started(made().resolve, tmp_path).facts().notes[0] == "no project is open"


def test_a_resolve_that_is_gone_at_once_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*words: Any) -> tuple[str, ...]:
        raise HostError("it does not answer any more", kind="gone")

    monkeypatch.setattr(adapter, "recover", gone)
    with pytest.raises(HostError, match="any more"):
        started(made().resolve, tmp_path)
