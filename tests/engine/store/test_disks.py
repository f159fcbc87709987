"""Shares are told from disks by what each system says of them."""

from __future__ import annotations

import ctypes
import os
import sys
import types
from pathlib import Path

import pytest

from hitpoint.engine.store import disks
from hitpoint.engine.store.disks import is_share, is_share_of

LINES = [
    "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
    "40 35 0:52 / /studio rw,relatime shared:9 - nfs4 nas:/studio rw,vers=4.2",
    "41 35 0:53 / /mnt/two\\040words rw - cifs //nas/two\\040words rw",
    "broken",
    "",
]


@pytest.mark.parametrize(
    ("device", "share"), [("98:0", False), ("0:52", True), ("0:53", True), ("7:7", False)]
)
def test_linux_says_it_in_mountinfo(device: str, share: bool) -> None:
    assert is_share_of(LINES, device) is share


@pytest.mark.skipif(sys.platform != "linux", reason="it asks Linux")
def test_the_disk_of_the_tests_is_asked_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path.stat().st_dev
    line = f"1 1 {os.major(device)}:{os.minor(device)} / / rw - smb3 //nas/x rw"
    (tmp_path / "mountinfo").write_text(line)
    monkeypatch.setattr(disks, "_MOUNTS", tmp_path / "mountinfo")
    disks._is_share_device.cache_clear()
    assert is_share(tmp_path)
    disks._is_share_device.cache_clear()
    monkeypatch.setattr(disks, "_MOUNTS", tmp_path / "gone")
    assert not is_share(tmp_path)
    disks._is_share_device.cache_clear()
    assert not is_share(tmp_path / "not there")


@pytest.mark.parametrize(
    ("path", "kind", "share"),
    [("Z:/film", 4, True), ("C:/film", 3, False), ("\\\\nas\\studio\\film", 3, True)],
)
def test_windows_says_it_of_the_drive(
    monkeypatch: pytest.MonkeyPatch, path: str, kind: int, share: bool
) -> None:
    import ntpath

    asked: list[str] = []
    kernel = types.SimpleNamespace(GetDriveTypeW=lambda drive: asked.append(drive) or kind)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os.path, "realpath", lambda folder: str(folder))
    monkeypatch.setattr(os.path, "splitdrive", ntpath.splitdrive)
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(kernel32=kernel), raising=False)
    assert disks._is_share_of_windows(path) is share
    assert asked == ([] if path.startswith("\\\\") else [f"{path[:2]}\\"])


def test_macos_takes_all_that_was_plugged_in_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(os.path, "realpath", str)
    assert is_share(Path("/Volumes/nas/film"))
    assert not is_share(Path("/Users/ed/film"))
