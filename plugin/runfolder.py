"""The folder of a run: built aside, swapped in by rename; an earlier run moves to `earlier/NNN/`."""

from __future__ import annotations

import filecmp
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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
# What the panel keeps of its work on a timeline: no part of a run, and never moved away with one.
SESSION = "session.json"
_EARLIER = "earlier"
# What the panel keeps its takes in.
_TAKES = "session"
# What lies on the tracks of a program that holds the timeline: it stays there, whatever later runs make.
PLACED = "placed"
# Of a folder that is being built, and of the one that it replaces, or that takes up what it replaces.
_PART, _OLD = ".part", ".old"
# Of a built folder whose files go one by one: while earlier ones are taken out, and while they are put in.
_READY, _MOVING = ".ready", ".moving"
# What a run writes: everything else in the folder is the user's and stays where it is.
_OURS = {
    REPORT, ANALYSIS, "credits.json", "score.json", "score.mid", "fit.png", "mix.wav", "stems", "takes",
    "cuesheet.csv", "markers.csv", "scored.otio", "scored.otioz", "scored.xml",
}  # fmt: skip


def default_folder(source: Path) -> Path:
    return source.parent / f"{source.stem}.hitpoint"


@contextmanager
def in_place(final: Path) -> Iterator[None]:
    """While this lasts, nobody swaps the folder for another: for who reads or writes a file in it that is no
    part of a run. What a killed run left half swapped is put together first. Waits for a swap, not for a run.

    OSError when that cannot be done.
    """
    with held(f"swap-{_key(final)}"):
        _recover(final)
        yield


def input_of(folder: Path) -> str | None:
    """Name of the timeline that a folder of ours was made from; None when it is none of ours."""
    found = (_input_of(folder / name) for name in (REPORT, ANALYSIS, SESSION))
    return next((name for name in found if name is not None), None)


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
        name = f"folder-{_key(self.final)}"
        self._held.enter_context(held(name, told=self._told, cancel=self._cancel))
        try:
            self._begin()
        except BaseException:
            self._held.close()
            raise
        return self

    def _begin(self) -> None:
        try:
            with in_place(self.final):
                pass
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
        need_space(self.building, needed, named=self.final.parent)

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
            with in_place(self.final):
                if any((self.final / name).exists() for name in (SESSION, _TAKES, PLACED)):
                    # They may be playing: the folder stays, and Windows would not let it be moved.
                    self._exchange(old)
                    return
                if self.final.exists():
                    patiently(lambda: self.final.rename(old))
                    reached("run.moved")
                try:
                    patiently(lambda: self.building.rename(self.final))
                    sync_folder(self.final.parent)
                except OSError:
                    self._take_back(old)
                    raise
                reached("run.placed")
                if old.exists():
                    _put_away_or_leave(self.final, old)
        except OSError as error:
            raise output_error(self.final, error) from error

    def _take_back(self, old: Path) -> None:
        """What was before stands again; what refuses now is taken up by the next run."""
        if not self.building.exists():
            self.final.rename(self.building)
        if old.exists():
            old.rename(self.final)

    def _exchange(self, old: Path) -> None:
        """The files of an earlier run for those of this one, one by one. OSError when one cannot be moved:
        then all is where it was."""
        ready, moving = (self.building.with_suffix(ending) for ending in (_READY, _MOVING))
        made = [entry.name for entry in self.building.iterdir()]
        patiently(lambda: self.building.rename(ready))
        try:
            _take_out(self.final, ready)
        except OSError:
            left = ready if ready.exists() else moving
            left.mkdir(exist_ok=True)
            for name in made:
                if not (left / name).exists():
                    _move(self.final / name, left)
            for entry in list(old.iterdir()):
                _move(entry, self.final)
            old.rmdir()
            left.rename(self.building)
            raise
        _put_away_or_leave(self.final, old)

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

    def _check_owner(self) -> None:
        if not self.final.exists():
            return
        if not self.final.is_dir():
            raise OutputError(f"'{self.final}' is a file: choose a folder with -o")
        if not any(self.final.iterdir()):
            return
        owner = input_of(self.final)
        if owner is None:
            raise OutputError(
                f"'{self.final}' has files that Hitpoint did not write: choose an empty folder with -o"
            )
        if owner != self._input_name:
            raise OutputError(
                f"'{self.final}' holds the music of '{owner}', not of '{self._input_name}': "
                "choose another folder with -o"
            )


def need_space(building: Path, needed: int, *, named: Path) -> None:
    """As `RunFolder.need_space`, of a folder that is being built; `named` is what the user calls it."""
    there = next(path for path in (cache_dir(), *cache_dir().parents) if path.exists())
    where = {building.stat().st_dev: (building, "choose another folder with -o")}
    where.setdefault(there.stat().st_dev, (there, "run hitpoint gc"))
    for folder, remedy in where.values():
        free = shutil.disk_usage(folder).free
        if free < needed * 3 // 2:
            wanted, left = (f"{size / 1e6:,.0f} MB" for size in (needed * 3 // 2, free))
            raise OutputError(
                f"no space left for this run on the disk of '{named if folder == building else folder}': it "
                f"needs {wanted} and {left} are free; free some, or {remedy}"
            )


def _recover(final: Path) -> None:
    """End what a killed `commit` began."""
    for ready in _abandoned(final, _READY):
        _take_out(final, ready)
    for moving in _abandoned(final, _MOVING):
        _put_in(final, moving)
    for old in _abandoned(final, _OLD):
        if final.exists():
            _put_away(final, old)
        else:
            old.rename(final)


def _abandoned(final: Path, ending: str) -> list[Path]:
    found = (
        sorted(final.parent.glob(f".{glob.escape(final.name)}.*{ending}")) if final.parent.is_dir() else []
    )
    return [path for path in found if is_abandoned(path.with_suffix(_PART))]


def _take_out(final: Path, ready: Path) -> None:
    """Move an earlier run's files out of `final`, then those of `ready` in."""
    final.mkdir(exist_ok=True)
    old = ready.with_suffix(_OLD)
    old.mkdir(exist_ok=True)
    for entry in list(final.iterdir()):
        if _is_ours(entry.name):
            _move(entry, old)
    reached("run.moved")
    moving = ready.with_suffix(_MOVING)
    patiently(lambda: ready.rename(moving))
    _put_in(final, moving)


def _put_in(final: Path, moving: Path) -> None:
    final.mkdir(exist_ok=True)
    for entry in list(moving.iterdir()):
        _move(entry, final)
    moving.rmdir()
    sync_folder(final)
    sync_folder(final.parent)
    reached("run.placed")


def _move(entry: Path, folder: Path) -> None:
    patiently(lambda: entry.rename(folder / entry.name))


def _put_away_or_leave(final: Path, old: Path) -> None:
    """The run stands in its place: where the disk refuses twice, the next one puts the earlier away."""
    for _ in range(2):
        with suppress(OSError):
            return _put_away(final, old)


def _put_away(final: Path, old: Path) -> None:
    """Move the folder that was here before into the one that is: only renames, so that no moment loses
    anything, and that it can be begun again."""
    # First what is no part of a run: somebody may be reading it.
    for entry in old.iterdir():
        if not _is_ours(entry.name) and entry.name != _EARLIER and not (final / entry.name).exists():
            entry.rename(final / entry.name)
    earlier = final / _EARLIER
    earlier.mkdir(exist_ok=True)
    for run in sorted((old / _EARLIER).iterdir()) if (old / _EARLIER).is_dir() else []:
        run.rename(earlier / run.name)
    if (old / _EARLIER).is_dir():
        (old / _EARLIER).rmdir()
    if any(old.iterdir()):
        taken = [int(run.name) for run in earlier.iterdir() if run.name.isdigit()]
        old.rename(earlier / f"{max(taken, default=0) + 1:03}")
    else:
        old.rmdir()
    if not any(earlier.iterdir()):
        earlier.rmdir()


def _input_of(report: Path) -> str | None:
    try:
        data = json.loads(report.read_text(encoding="utf-8"))
        return str(data["input"]["name"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


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


def _key(final: Path) -> str:
    """One for all names of a folder."""
    return hashlib.sha256(os.fsencode(os.path.normcase(final.resolve()))).hexdigest()
