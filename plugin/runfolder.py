"""The folder of a run: built aside, swapped in by rename; an earlier run moves to `earlier/NNN/`."""

from __future__ import annotations

import glob
import json
import os
import shutil
from pathlib import Path
from types import TracebackType

from ..engine.errors import OutputError
from ..engine.store.durable import output_error, sync_folder
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
    return source.with_name(f"{source.stem}.hitpoint")


class RunFolder:
    """`with RunFolder(...) as run:` build inside `run.building`, then `run.commit()`; else nothing is left.

    OutputError when `final` belongs to another input, holds files that are not ours and no run, or cannot
    be made.
    """

    def __init__(self, final: Path, input_name: str) -> None:
        # Not resolve(): links stay, for the name the user chose is the name we write.
        self.final = Path(os.path.abspath(final))  # noqa: PTH100
        self._input_name = input_name
        self.building = temporary_path(self.final)
        self._made: list[Path] = []

    def __enter__(self) -> RunFolder:
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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.building, ignore_errors=True)
        if kind is not None:
            for folder in self._made:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()

    def need_space(self, needed: int) -> None:
        """OutputError when the disk has less than `needed` bytes, half as much again for safety."""
        free = shutil.disk_usage(self.building).free
        if free < needed * 3 // 2:
            raise OutputError(
                f"no space left for this run on the disk of '{self.final.parent}': it needs "
                f"{needed * 3 // 2 / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free"
            )

    def earlier_file(self, name: str) -> Path | None:
        """A file that the run now in place has left."""
        path = self.final / name
        return path if path.is_file() else None

    def commit(self) -> None:
        """Put the finished run in place. At every moment a kill leaves the old folder, or the new one, or
        both for the next run to put together."""
        old = self.building.with_suffix(_OLD)
        try:
            reached("run.built")
            if self.final.exists():
                self.final.rename(old)
                reached("run.moved")
            self.building.rename(self.final)
            sync_folder(self.final.parent)
            reached("run.placed")
            if old.exists():
                self._put_away(old)
        except OSError as error:
            raise output_error(self.final, error) from error

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
