"""`hitpoint train` and `hitpoint evaluate`: recipes to models, models to a table."""

from __future__ import annotations

import argparse
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import OptionError

if TYPE_CHECKING:
    from .console import Console

Commands = Any  # argparse's own type of subparsers is private
_EXTRAS = "pip install 'hitpoint[cpu,neural,export,evaluate]'"


def add_train(commands: Commands) -> None:
    """`hitpoint train RECIPE`."""
    train = commands.add_parser("train", help="train a model from a recipe", allow_abbrev=False)
    _add_recipe(train)
    train.set_defaults(run=_train)


def add_evaluate(commands: Commands) -> None:
    """`hitpoint evaluate RECIPE`."""
    evaluate = commands.add_parser(
        "evaluate", help="judge a recipe's model on films it never saw", allow_abbrev=False
    )
    _add_recipe(evaluate)
    evaluate.set_defaults(run=_evaluate)


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="nano, or a recipe's file (.toml)")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="work folder, gone on from (default RECIPE.training)"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that make films and music",
    )


def _train(options: argparse.Namespace, console: Console) -> None:
    _need_extras()
    from ..engine.progress import Cancel
    from ..engine.train.nano import train_nano
    from ..engine.train.recipe import read_recipe

    recipe = read_recipe(options.recipe)
    with console.work() as progress:
        models = train_nano(
            recipe, _folder(options), processes=_jobs(options), progress=progress, cancel=Cancel()
        )
    for folder in sorted(path for path in models.iterdir() if path.name[0] != "."):
        console.out.print(f"{folder}: score with --model {folder}", markup=False)


def _evaluate(options: argparse.Namespace, console: Console) -> None:
    _need_extras()
    from ..engine.evaluate.nano.run import evaluate_nano
    from ..engine.progress import Cancel
    from ..engine.train.recipe import read_recipe

    recipe = read_recipe(options.recipe)
    folder = _folder(options)
    with console.work() as progress:
        done = evaluate_nano(recipe, folder, processes=_jobs(options), progress=progress, cancel=Cancel())
    console.out.print(done.text, markup=False)
    console.out.print(f"{done.path}", markup=False)


def _folder(options: argparse.Namespace) -> Path:
    return options.out or Path(f"{Path(options.recipe).stem}.training")


def _jobs(options: argparse.Namespace) -> int:
    if options.jobs < 1:
        raise OptionError(f"--jobs cannot be {options.jobs}: choose 1 or more")
    return int(options.jobs)


def _need_extras() -> None:
    missing = [
        name for name in ("torch", "onnx", "onnxruntime", "librosa") if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise OptionError(f"training and evaluating need {missing[0]}: run {_EXTRAS}")
