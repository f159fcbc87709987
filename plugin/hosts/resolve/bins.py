"""Our bin in the media pool. What is imported lands in the bin that is current, so the user's is put back."""

from __future__ import annotations

from .api import Folder, MediaPool, MediaPoolItem, listed, must
from .items import path_of, same_path
from .opened import folders

NAME = "Hitpoint"


def our_bin(pool: MediaPool) -> Folder | None:
    return next((one for one in listed(root(pool).GetSubFolderList()) if one.GetName() == NAME), None)


def root(pool: MediaPool) -> Folder:
    return must(pool.GetRootFolder(), "DaVinci Resolve does not show its media pool: open the project again")


def media(folder: Folder | None) -> list[tuple[str, MediaPoolItem]]:
    """(path, medium) of all there; none of no bin."""
    return [(path_of(one), one) for one in listed(folder.GetClipList())] if folder is not None else []


def of_path(folder: Folder | None, path: str) -> list[MediaPoolItem]:
    return [one for found, one in media(folder) if same_path(found, path)]


def anywhere(pool: MediaPool, path: str) -> MediaPoolItem | None:
    """The medium of that file, in whichever bin."""
    return next((one for folder in folders(root(pool)) for one in of_path(folder, path)), None)


def ident(folder: Folder) -> str:
    return str(folder.GetUniqueId() or folder.GetName())


def by_ident(pool: MediaPool, wanted: str) -> Folder | None:
    return next((one for one in folders(root(pool)) if ident(one) == wanted), None)
