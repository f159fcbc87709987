"""Which folders lie on another machine: what is written there may come back changed, and locks may not
hold.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

# As Linux calls them.
_SHARES = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
}  # fmt: skip
_MOUNTS = Path("/proc/self/mountinfo")
_DRIVE_REMOTE = 4


def is_share(folder: Path) -> bool:
    """Whether `folder`, which is there, lies on a network share; on macOS whether it may, for nothing cheap
    tells them from disks that were plugged in. False where nobody can say."""
    if sys.platform == "win32":
        return _is_share_of_windows(os.path.realpath(folder))
    if sys.platform == "darwin":
        return Path(os.path.realpath(folder)).is_relative_to("/Volumes")
    try:
        return _is_share_device(folder.stat().st_dev)
    except OSError:
        return False


@cache
def _is_share_device(device: int) -> bool:
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return is_share_of(lines, f"{os.major(device)}:{os.minor(device)}")


def is_share_of(lines: list[str], device: str) -> bool:
    """Whether `device` (major:minor) is a share by the lines of mountinfo (man 5 proc)."""
    for line in lines:
        mount, _, filesystem = line.partition(" - ")
        words, kind = mount.split(), filesystem.split()
        if len(words) > 2 and words[2] == device and kind:
            return kind[0] in _SHARES
    return False


def _is_share_of_windows(path: str) -> bool:
    drive = os.path.splitdrive(path)[0]
    if drive.startswith("\\\\"):
        return True
    import ctypes

    # Fetched by name, since only Windows has it.
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009
    return bool(kernel.GetDriveTypeW(f"{drive}\\") == _DRIVE_REMOTE)
