"""The command line: parses, calls, prints. All that decides lives elsewhere."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..engine.errors import Cancelled, HitpointError, UserError
from ..engine.manifest import manifest, version
from .hosts_command import add_hosts
from .models_command import add_models, add_onnx
from .panel_command import add_panel
from .settings import SETTINGS
from .sounds_command import add_sounds
from .train_command import add_evaluate, add_train
from .upkeep_command import add_upkeep

if TYPE_CHECKING:
    from .options import ScoreOptions, Selection


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `hitpoint`; the exit code is 0, 2 (the user can mend it), 1 (ours), 130 (stopped)."""
    options = _parser().parse_args(arguments)
    from .console import Console

    console = Console(as_json=getattr(options, "json", False))
    try:
        options.run(options, console)
    except KeyboardInterrupt:
        console.error(Cancelled("stopped as asked: nothing was written"))
        return Cancelled.exit_code
    except UserError as error:
        if os.environ.get("HITPOINT_DEBUG") == "1":
            raise
        console.error(error)
        return error.exit_code
    except Exception as error:  # the border of the process: nothing below may end in a traceback for the user
        if os.environ.get("HITPOINT_DEBUG") == "1":
            raise
        from ..engine.log import record_fault

        console.fault(error, record_fault(error))
        return error.exit_code if isinstance(error, HitpointError) else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hitpoint", description=f"Hitpoint {version()}: {manifest()['tagline']}.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"hitpoint {version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    score = commands.add_parser("score", help="timeline in, stems on new tracks out", allow_abbrev=False)
    _add_input(score)
    score.add_argument(
        "--seed", type=_seed, metavar="N", help="the same seed gives the same music (default: drawn)"
    )
    for setting in SETTINGS:
        if setting.metavar:
            score.add_argument(
                f"--{setting.name.replace('_', '-')}", metavar=setting.metavar, help=setting.help
            )
    score.add_argument(
        "--anyway", action="store_true", help="start a model though the memory seems too little for it"
    )
    score.set_defaults(run=_score)

    analyse = commands.add_parser("analyse", help="the Picture and the Plan, no music", allow_abbrev=False)
    _add_input(analyse)
    analyse.set_defaults(run=_analyse)

    demo = commands.add_parser("demo", help="a made-up film, scored in two styles", allow_abbrev=False)
    demo.add_argument("--out", type=Path, default=Path("hitpoint-demo"), metavar="DIR")
    demo.set_defaults(run=_demo)

    add_panel(commands)
    add_hosts(commands)
    add_models(commands)
    add_onnx(commands)
    add_sounds(commands)
    add_train(commands)
    add_evaluate(commands)
    add_upkeep(commands)
    return parser


def _add_input(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input", type=Path, metavar="INPUT", help=".otio .otioz .otiod .edl .fcpxml .xml .aaf or a video"
    )
    parser.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="where to write (default NAME.hitpoint)"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--range", nargs=2, metavar=("IN", "OUT"), help="timecodes, or seconds from frame 0")
    chosen.add_argument(
        "--clips", action="append", metavar="NAME", help="score the shots of that name (repeatable)"
    )
    chosen.add_argument("--markers", action="store_true", help="score each ranged marker named cue or music")
    parser.add_argument(
        "--media", action="append", type=Path, metavar="DIR", help="look for offline media here"
    )
    parser.add_argument("--rate", metavar="FPS", help="frame rate of an EDL")
    parser.add_argument("--in-process", action="store_true", help="without an engine process of its own")
    parser.add_argument(
        "--json", action="store_true", help="the report on stdout, progress as JSON lines on stderr"
    )


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError("choose a whole number from 0 to 2^63 - 1")
    return value


def _selection(options: argparse.Namespace) -> Selection:
    from ..engine.timebase import Rate
    from .options import Selection

    return Selection(
        range_text=tuple(options.range) if options.range else None,
        clips=tuple(options.clips or ()),
        markers=options.markers,
        rate=Rate.of(options.rate) if options.rate else None,
        media=tuple(options.media or ()),
    )


def _score_options(options: argparse.Namespace) -> ScoreOptions:
    from .asking import score_options

    return score_options(
        vars(options),
        source=options.input,
        out=options.out,
        selection=_selection(options),
        seed=options.seed,
        anyway=options.anyway,
    )


def _score(options: argparse.Namespace, console: Any) -> None:
    from .remote import score_remotely

    asked = _score_options(options)
    _remind(console)
    with console.work() as progress, _engine(options, console) as engine:
        done = score_remotely(engine, asked, progress=progress, heard=console.preview)
    console.scored(done)


def _analyse(options: argparse.Namespace, console: Any) -> None:
    from .remote import analyse_remotely

    _remind(console)
    with console.work() as progress, _engine(options, console) as engine:
        done = analyse_remotely(engine, options.input, options.out, _selection(options), progress=progress)
    console.analysed(done)


def _engine(options: argparse.Namespace, console: Any) -> Any:
    """Who does the jobs: a process of its own, or this one."""
    from .client import Client
    from .here import Here

    return Here() if options.in_process else Client(told=console.note)


def _remind(console: Any) -> None:
    """Of music that is finished and on no timeline yet."""
    from .upkeep_command import unplaced

    left = unplaced()
    if left:
        console.note(f"note: {left}" if not console.as_json else left)


def _demo(options: argparse.Namespace, console: Any) -> None:
    from .demo.run import run_demo

    with console.work() as progress:
        done = run_demo(options.out, progress=progress)
    console.showed(done)


def entry() -> NoReturn:
    """For `python -m hitpoint.plugin.cli`."""
    sys.exit(main())


if __name__ == "__main__":
    entry()
