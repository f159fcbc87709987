"""What the command line shows: a line a stage, a short table at the end, one sentence for an error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console as RichConsole
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from ..engine.errors import HitpointError
from ..engine.log import log_path
from ..engine.progress import Progress, Step
from .curve_lines import curve_lines
from .gate_lines import gate_lines
from .reported import strong_hits

_LINES_A_SECOND = 10


class Console:
    """Prints for people, or, with `as_json`, one object on stdout and JSON lines on stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = RichConsole(highlight=False, soft_wrap=True)
        self.err = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self._heard = False

    @contextmanager
    def work(self) -> Iterator[Progress]:
        """The progress to hand to a long call."""
        if self.as_json:
            yield _JsonLines()
            return
        bars = RichProgress(
            TextColumn("{task.fields[stage]:<9}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=self.err,
        )
        with bars:
            yield _Bars(bars)

    def note(self, text: str) -> None:
        """What the user should know while work goes on."""
        self._sentence("note", text)

    def preview(self, path: str, from_s: float, to_s: float) -> None:
        """Sound that can be heard while work goes on: people are told of the first, programs of each."""
        if self.as_json:
            _line({"preview": {"path": path, "from_s": round(from_s, 3), "to_s": round(to_s, 3)}})
        elif not self._heard:
            self._heard = True
            where = f"the first {to_s:.1f} s" if from_s == 0 else f"{from_s:.1f} s to {to_s:.1f} s"
            self.note(f"{where} can be heard: {path}")

    def error(self, error: HitpointError) -> None:
        self._sentence("error", str(error))

    def fault(self, error: BaseException, log_id: str) -> None:
        where = f"the log '{log_path()}' has it as {log_id}" if log_id else "and no log could be written"
        self._sentence(
            "fault", f"Hitpoint failed ({type(error).__name__}: {error}): this is our mistake, {where}"
        )

    def _sentence(self, kind: str, text: str) -> None:
        if self.as_json:
            _line({kind: text})
        else:
            self.err.print(f"hitpoint: {text}", markup=False)

    def json(self, value: object) -> None:
        sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    def scored(self, done: Any) -> None:
        """`done` is the Scored of a run."""
        report = done.report
        if self.as_json:
            self.json(report)
            return
        self.out.print(f"[bold]{report['generator']}[/], {report['why']}; seed {report['seed']}")
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("cue", "length", "tempo", "strong hits met", "by chance", "loudness", "true peak"):
            table.add_column(column, justify="left" if column == "cue" else "right")
        for cue in report["cues"]:
            table.add_row(cue["name"], *_cue_cells(cue))
        self.out.print(table)
        for line in (*curve_lines(report), *gate_lines(report)):
            self.out.print(line, markup=False)
        if "like" in report:
            self.out.print(_like(report["like"]), markup=False)
        for sentence in report["degraded"]:
            self.out.print(f"[yellow]note:[/] {_plain(sentence)}")
        self._files(done.folder, done.files)

    def analysed(self, done: Any) -> None:
        """`done` is the Analysed of a run."""
        if self.as_json:
            self.json(done.report)
            return
        for cue in done.report["cues"]:
            self._analysed_cue(cue)
        for sentence in done.report["degraded"]:
            self.out.print(f"[yellow]note:[/] {_plain(sentence)}")
        self._files(done.folder, done.files)

    def _analysed_cue(self, cue: Mapping[str, Any]) -> None:
        strong = [cut for cut in cue["cuts"] if cut["strong"]]
        hard = [cut for cut in cue["cuts"] if cut["kind"] == "cut"]
        of_hard = sum(cut["kind"] == "cut" for cut in strong)
        self.out.print(
            f"[bold]{_plain(cue['name'])}[/] {cue['out_s'] - cue['in_s']:.1f} s, {len(cue['cuts'])} cuts, "
            f"{len(strong)} strong ({of_hard} of {len(hard)} hard cuts), {cue['spoken_s']:.1f} s spoken"
        )
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("section", "bars", "from", "energy", "mood"):
            table.add_column(column, justify="left" if column == "section" else "right")
        for part in cue["sections"]:
            table.add_row(
                part["label"],
                str(part["bars"]),
                f"{part['time_s']:.1f} s",
                f"{part['energy']:.2f}",
                f"{part['valence']:.2f}",
            )
        self.out.print(table)
        tempi = ", ".join(f"{step['bpm']:.1f} from {step['time_s']:.1f} s" for step in cue["tempo_map"])
        self.out.print(f"tempo {tempi}")

    def showed(self, done: Any) -> None:
        """`done` is the Demo of a run."""
        for scored in done.scored:
            self.scored(scored)
        for sentence in done.problems:
            self.out.print(f"[yellow]note:[/] {_plain(sentence)}")
        self._files(done.folder, done.files)

    def _files(self, folder: Path, files: Sequence[str]) -> None:
        self.out.print(f"written to {folder}:", markup=False)
        for name in files:
            self.out.print(f"  {name}", markup=False)


def _cue_cells(cue: Mapping[str, Any]) -> list[str]:
    strong = strong_hits(cue)
    met = sum(hit["met"] for hit in strong)
    tempi = [step["bpm"] for step in cue["tempo_map"]]
    tempo = f"{min(tempi):.0f}" if max(tempi) - min(tempi) < 1 else f"{min(tempi):.0f}-{max(tempi):.0f}"
    return [
        f"{cue['out_s'] - cue['in_s']:.1f} s",
        f"{tempo} bpm",
        f"{met} of {len(strong)}",
        f"{cue['chance'] * len(strong):.1f}" if cue["chance"] is not None else "-",
        _unit(cue["loudness_lufs"], "LUFS"),
        _unit(cue["true_peak_dbtp"], "dBTP"),
    ]


def _like(told: Mapping[str, Any]) -> str:
    taken, left = ", ".join(told["taken"]), ", ".join(told["left"])
    if not taken:
        return f"like {told['source']}: nothing could be taken, {left}"
    return f"like {told['source']}: {taken}" + (f"; not taken: {left}" if left else "")


def _unit(value: float | None, unit: str) -> str:
    return "silent" if value is None else f"{value:.1f} {unit}"


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _line(value: object) -> None:
    sys.stderr.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stderr.flush()


class _JsonLines:
    """At most ten lines a second, but the start and the end of each stage always."""

    def __init__(self) -> None:
        self._stage = ""
        self._next = 0.0

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if step.stage == self._stage and step.done < step.total and now < self._next:
            return
        self._stage, self._next = step.stage, now + 1 / _LINES_A_SECOND
        _line(
            {
                "stage": step.stage,
                "done": round(step.done, 3),
                "total": round(step.total, 3),
                "text": step.text,
            }
        )


class _Bars:
    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: Step) -> None:
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._bars.add_task(step.text, total=step.total, stage=step.stage)
        task = self._tasks[step.stage]
        if step.done == 0 and self._bars.tasks[task].finished:
            self._bars.reset(task)  # the same stage of the next run: its clock starts anew
        self._bars.update(task, completed=step.done, total=step.total, description=step.text)
