"""The folder of a run: built aside, swapped in by rename; an earlier run moves to `earlier/NNN/`."""

from __future__ import annotations

import filecmp
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from ..engine.errors import OutputError
from ..engine.paths import cache_dir
from ..engine.progress import Cancel
from ..engine.store.durable import output_error, patiently, sync_folder
from ..engine.store.locks import held
from ..engine.store.points import reached
from ..engine.store.temporary import is_abandoned, sweep, temporary_path

REPORT = "report.json"
ANALYSIS = "analysis.json"
_EARLIER = "earlier"
# Of a folder that is being built, and of the one that it replaces.
_PART, _OLD = ".part", ".old"
# What a run writes: everything else in the folder is the user's and stays where it is.
_OURS = {
    REPORT, ANALYSIS, "credits.json", "score.json", "score.mid", "fit.png", "mix.wav", "stems", "takes",
    "cuesheet.csv", "markers.csv", "scored.otio", "scored.otioz", "scored.xml",
}  # fmt: skip


def default_folder(source: Path) -> Path:
    return source.parent / f"{source.stem}.hitpoint"


class RunFolder:
    """`with RunFolder(...) as run:` build inside `run.building`, then `run.commit()`; else nothing is left.

    One at a time: who else wants to write `final`, in whatever process, waits in `__enter__`, is told of it
    once by `told`, and sees what the first has left. Cancelled while it waits.
    OutputError when `final` belongs to another input, holds files that are not ours and no run, or cannot
    be made.
    """

    def __init__(
        self,
        final: Path,
        input_name: str,
        *,
        told: Callable[[], object] | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        # Not resolve(): links stay, for the name the user chose is the name we write.
        self.final = Path(os.path.abspath(final))  # noqa: PTH100
        self._input_name = input_name
        self.building = temporary_path(self.final)
        self._made: list[Path] = []
        self._told = told
        self._cancel = cancel
        self._held = ExitStack()

    def __enter__(self) -> RunFolder:
        self._held.enter_context(held(_lock_name(self.final), told=self._told, cancel=self._cancel))
        try:
            self._begin()
        except BaseException:
            self._held.close()
            raise
        return self

    def _begin(self) -> None:
        try:
            self._recover()
            # What a killed run was building; what it had finished is found again in the store.
            sweep(self.final.parent, deep=False)
            self._check_owner()
            missing = self.final.parent
            while not missing.exists():
                self._made.append(missing)
                missing = missing.parent
            self.building.mkdir(parents=True)
        except OSError as error:
            raise output_error(self.building, error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            shutil.rmtree(self.building, ignore_errors=True)
            if kind is not None:
                for folder in self._made:
                    if folder.is_dir() and not any(folder.iterdir()):
                        folder.rmdir()
        finally:
            self._held.close()

    def need_space(self, needed: int) -> None:
        """OutputError when the disk has less than `needed` bytes, half as much again for safety; nor the disk
        of the kept results, where that is another."""
        there = next(path for path in (cache_dir(), *cache_dir().parents) if path.exists())
        where = {self.building.stat().st_dev: (self.building, "choose another folder with -o")}
        where.setdefault(there.stat().st_dev, (there, "run hitpoint gc"))
        for folder, remedy in where.values():
            free = shutil.disk_usage(folder).free
            if free < needed * 3 // 2:
                named = self.final.parent if folder == self.building else folder
                wanted, left = (f"{size / 1e6:,.0f} MB" for size in (needed * 3 // 2, free))
                raise OutputError(
                    f"no space left for this run on the disk of '{named}': it needs {wanted} and {left} are "
                    f"free; free some, or {remedy}"
                )

    def earlier_file(self, name: str) -> Path | None:
        """A file that the run now in place has left."""
        path = self.final / name
        return path if path.is_file() else None

    def commit(self) -> None:
        """Put the finished run in place. At every moment a kill leaves the old folder, or the new one, or
        both for the next run to put together. A run that is in place already stays there untouched."""
        old = self.building.with_suffix(_OLD)
        try:
            reached("run.built")
            if self._is_placed():
                return
            if self.final.exists():
                patiently(lambda: self.final.rename(old))
                reached("run.moved")
            patiently(lambda: self.building.rename(self.final))
            sync_folder(self.final.parent)
            reached("run.placed")
            if old.exists():
                self._put_away(old)
        except OSError as error:
            raise output_error(self.final, error) from error

    def _is_placed(self) -> bool:
        """Whether the folder holds this very run: all its files, and none of another run of ours."""
        if not self.final.is_dir():
            return False
        there, made = ({entry.name for entry in folder.iterdir()} for folder in (self.final, self.building))
        if not made <= there or any(_is_ours(name) for name in there - made):
            return False
        mine, theirs = (
            {path.relative_to(folder) for name in made for path in _files(folder / name)}
            for folder in (self.building, self.final)
        )
        return mine == theirs and all(_same(self.building / name, self.final / name) for name in mine)

    def _recover(self) -> None:
        """End what a killed `commit` began."""
        parent = self.final.parent
        for old in sorted(parent.glob(f".{glob.escape(self.final.name)}.*{_OLD}")) if parent.is_dir() else []:
            if not is_abandoned(old.with_suffix(_PART)):
                continue
            if self.final.exists():
                self._put_away(old)
            else:
                old.rename(self.final)

    def _check_owner(self) -> None:
        if not self.final.exists():
            return
        if not self.final.is_dir():
            raise OutputError(f"'{self.final}' is a file: choose a folder with -o")
        if not any(self.final.iterdir()):
            return
        owner = next((name for name in map(self._input_of, (REPORT, ANALYSIS)) if name is not None), None)
        if owner is None:
            raise OutputError(
                f"'{self.final}' has files that Hitpoint did not write: choose an empty folder with -o"
            )
        if owner != self._input_name:
            raise OutputError(
                f"'{self.final}' holds the music of '{owner}', not of '{self._input_name}': "
                "choose another folder with -o"
            )

    def _input_of(self, name: str) -> str | None:
        try:
            data = json.loads((self.final / name).read_text(encoding="utf-8"))
            return str(data["input"]["name"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _put_away(self, old: Path) -> None:
        """Move the folder that was here before into this one: only renames, so that no moment loses anything,
        and that it can be begun again."""
        earlier = self.final / _EARLIER
        earlier.mkdir(exist_ok=True)
        for run in sorted((old / _EARLIER).iterdir()) if (old / _EARLIER).is_dir() else []:
            run.rename(earlier / run.name)
        if (old / _EARLIER).is_dir():
            (old / _EARLIER).rmdir()
        for entry in old.iterdir():
            if not _is_ours(entry.name) and not (self.final / entry.name).exists():
                entry.rename(self.final / entry.name)
        if any(old.iterdir()):
            taken = [int(run.name) for run in earlier.iterdir() if run.name.isdigit()]
            old.rename(earlier / f"{max(taken, default=0) + 1:03}")
        else:
            old.rmdir()
        if not any(earlier.iterdir()):
            earlier.rmdir()


def _is_ours(name: str) -> bool:
    # Several cues: cue01-mix.wav and the like.
    return name in _OURS or any(name.endswith(f"-{ours}") for ours in _OURS)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]


def _same(one: Path, two: Path) -> bool:
    """Whether two files say the same; a report says also how long the work took."""
    if one.name in (REPORT, ANALYSIS):
        try:
            reports = [json.loads(path.read_text(encoding="utf-8")) for path in (one, two)]
        except ValueError:
            return False
        return all(isinstance(told, dict) for told in reports) and (
            {**reports[0], "timings_s": None} == {**reports[1], "timings_s": None}
        )
    return filecmp.cmp(one, two, shallow=False)


def _lock_name(final: Path) -> str:
    """One lock for all names of a folder."""
    real = os.fsencode(os.path.normcase(final.resolve()))
    return f"folder-{hashlib.sha256(real).hexdigest()}"
