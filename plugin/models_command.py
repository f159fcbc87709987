"""`hitpoint models` and `hitpoint onnx`: the library of models, on the command line."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import InputError, OptionError, OutputError

if TYPE_CHECKING:
    from ..engine.models.library import Installed
    from .console import Console

Commands = Any  # argparse's own type of subparsers is private
_COPY_BYTES = 1 << 22
# What is said of models that are not the published ones.
_ORIGINS = {"random": "yes, random weights", "trained": "yes, trained by Hitpoint"}


def add_models(commands: Commands) -> None:
    """`hitpoint models list|get|import|export|check`."""
    models = commands.add_parser("models", help="list, get, import, export, check models", allow_abbrev=False)
    actions = models.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="what there is, its licence, what is on this machine")
    listing.set_defaults(run=_list)

    getting = actions.add_parser("get", help="download a published model and import it", allow_abbrev=False)
    getting.add_argument("name", metavar="NAME", help="a name of 'hitpoint models list'")
    _add_precision(getting)
    getting.set_defaults(run=_get)

    importing = actions.add_parser("import", help="convert a model's folder, once", allow_abbrev=False)
    importing.add_argument(
        "source", type=Path, metavar="DIR", help="a published GVMGen, an audiocraft or Hugging Face MusicGen"
    )
    importing.add_argument("--name", metavar="NAME", help="what to call it (default: what it is)")
    importing.add_argument("--codec", type=Path, metavar="DIR", help="its EnCodec, where it only names one")
    importing.add_argument("--text", type=Path, metavar="DIR", help="its T5, where it holds none")
    _add_precision(importing)
    importing.set_defaults(run=_import)

    exporting = actions.add_parser("export", help="write a model for another program", allow_abbrev=False)
    exporting.add_argument("name", metavar="NAME")
    exporting.add_argument("folder", type=Path, metavar="DIR")
    exporting.add_argument("--format", choices=("audiocraft",), default="audiocraft", help="audiocraft")
    exporting.set_defaults(run=_export)

    checking = actions.add_parser("check", help="compare every file with what was imported")
    checking.set_defaults(run=_check)


def add_onnx(commands: Commands) -> None:
    """`hitpoint onnx MODEL OUT.onnx`."""
    onnx = commands.add_parser(
        "onnx", help="a model's picture side as one ONNX graph: memory and temporal_kv", allow_abbrev=False
    )
    onnx.add_argument("model", metavar="MODEL", help="a model's name, or the folder of one")
    onnx.add_argument("out", type=Path, metavar="OUT.onnx")
    onnx.add_argument("--precision", default="fp32", metavar="P", help="fp32 (default), fp16 or int8")
    onnx.set_defaults(run=_onnx)


def _add_precision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--precision",
        action="append",
        metavar="P",
        help="int8 (default), fp16, fp32: of the graphs (repeatable; --mode published needs fp32)",
    )


def _list(options: argparse.Namespace, console: Console) -> None:
    from ..engine.models.library import broken, find_part, installed, needed_bytes
    from ..engine.models.published import published

    cards = {card.name: card for card in installed()}
    rows = [("name", "kind", "weights' licence", "commercial", "size", "memory", "on this machine")]
    for entry in published():
        card = cards.pop(entry.name, None)
        if card is not None:
            rows.append(_card_row(card, needed_bytes(card)))
            continue
        missing = "no (get)" if entry.repository else "no (import)"
        rows.append(
            (
                entry.name,
                entry.kind,
                entry.weights_licence,
                _commercial(entry.commercial),
                _amount(entry.bytes),
                # Reckoned from the number of its weights, in 8 bits.
                f"about {_amount(entry.memory_bytes)}" if entry.memory_bytes else "not known",
                "yes" if entry.is_part and find_part(entry.name) else missing,
            )
        )
    rows += [_card_row(card, needed_bytes(card)) for card in cards.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.out.print(line.rstrip(), markup=False)
    for name in broken():
        console.out.print(
            f"note: '{name}' is damaged: import it again (hitpoint models check says what is wrong)",
            markup=False,
        )


def _card_row(card: Any, memory_bytes: int) -> tuple[str, str, str, str, str, str, str]:
    return (
        card.name,
        card.config.kind,
        card.weights_licence,
        _commercial(card.commercial),
        _amount(sum(fact.bytes for fact in card.files.values())),
        _amount(memory_bytes),
        _ORIGINS.get(card.origin, "yes"),
    )


def _get(options: argparse.Namespace, console: Console) -> None:
    from ..engine.models.download import get

    with console.work() as progress:
        got = get(
            options.name,
            precisions=_precisions(options),
            tell=lambda line: console.out.print(line, markup=False),
            progress=progress,
        )
    for name, fact in got.files.items():
        console.out.print(f"{name}: {_amount(fact.bytes)}, sha256 {fact.sha256}", markup=False)
    console.out.print(f"'{got.name}' is on this machine{_use_it(got.card)}", markup=False)


def _import(options: argparse.Namespace, console: Console) -> None:
    from ..engine.models.importing.model import Given, import_model

    given = Given(options.name, options.codec, options.text, _precisions(options))
    with console.work() as progress:
        card = import_model(options.source, given, progress=progress)
    size = sum(fact.bytes for fact in card.files.values())
    console.out.print(
        f"'{card.name}' is on this machine, {_amount(size)} ({card.config.kind}, weights "
        f"{card.weights_licence}){_use_it(card)}",
        markup=False,
    )


def _export(options: argparse.Namespace, console: Console) -> None:
    from ..engine.models.export_audiocraft import export_audiocraft
    from ..engine.models.library import find

    found = find(options.name)
    with console.work() as progress:
        facts = export_audiocraft(found, options.folder, progress=progress)
    for name, fact in facts.items():
        console.out.print(
            f"{options.folder / name}: {_amount(fact.bytes)}, sha256 {fact.sha256}", markup=False
        )


def _check(options: argparse.Namespace, console: Console) -> None:
    from ..engine.models.library import broken, bundled_dir, check, find, installed, models_dir, read_card

    faults: list[str] = []
    cards = installed()
    for card in cards:
        with console.work() as progress:
            faults += check(find(card.name), progress=progress)
    for name in broken():
        place = models_dir() if (models_dir() / name).is_dir() else bundled_dir()
        try:
            faults += check(_of(name, read_card(place / name), place))
        except InputError as error:
            faults.append(str(error))
    for fault in faults:
        console.out.print(fault, markup=False)
    if faults:
        raise InputError(
            f"{len(faults)} of the files of models are not what was imported: import these again"
        )
    console.out.print(f"{len(cards)} models, every file as it was imported", markup=False)


def _of(name: str, card: Any, folder: Path) -> Installed:
    from ..engine.models.library import Installed

    return Installed(card, folder / name)


def _onnx(options: argparse.Namespace, console: Console) -> None:
    from ..engine.models.importing.graphs import check_precisions
    from ..engine.models.library import find
    from ..engine.store.identity import sha256_file

    (precision,) = check_precisions([options.precision])
    out: Path = options.out
    if out.suffix != ".onnx":
        raise OptionError(f"'{out}' should end in .onnx: choose another name")
    if out.exists():
        raise OutputError(f"'{out}' is there already: choose another name")
    found = find(options.model)
    if found.card.config.visual is None:
        raise OptionError(f"'{found.card.name}' reads words and has no picture side: choose a GVMGen")
    with console.work() as progress, tempfile.TemporaryDirectory() as work:
        for path in _encoder_files(found, precision, Path(work), progress):
            _copy(path, out.with_suffix(path.suffix))
    console.out.print(f"{out}: sha256 {sha256_file(out)}", markup=False)
    weights = out.with_suffix(".safetensors")
    if weights.is_file():
        console.out.print(
            f"{weights}: sha256 {sha256_file(weights)} (its weights: feed them as initialisers from memory)",
            markup=False,
        )
    console.out.print(
        "inputs frames [B,N,3,S,S], times [B,N] in s (-1: none); outputs memory [B,N,D], "
        "temporal_kv [L,2,B,N,D]",
        markup=False,
    )


def _encoder_files(found: Installed, precision: Any, work: Path, progress: Any) -> list[Path]:
    """The graph as it was imported, or exported anew in a precision that was not asked for then."""
    from ..engine.models.importing.graphs import need_extras
    from ..engine.models.weights import Tensors
    from ..engine.progress import Step

    stem = f"encoder-{precision}."
    there = [found.folder / name for name in found.card.files if name.startswith(stem)]
    if there:
        return there
    need_extras()
    from ..engine.models.graphs.encoder import export_encoder

    progress(Step("onnx", 0, 1, f"{found.card.name} {precision}"))
    state = Tensors(found.folder / "weights.safetensors")
    files = export_encoder(found.card.config, state, work, precision)
    progress(Step("onnx", 1, 1, f"{found.card.name} {precision}"))
    return list(files)


def _copy(source: Path, target: Path) -> None:
    from ..engine.store.durable import durable_file

    with source.open("rb") as read, durable_file(target) as write:
        shutil.copyfileobj(read, write, _COPY_BYTES)


def _precisions(options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(options.precision or ("int8",))


def _use_it(card: Any) -> str:
    return "" if card is None else f": hitpoint score INPUT --model {card.name}"


def _commercial(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "not stated"}[value]


def _amount(size: int | None) -> str:
    if size is None:
        return "not known"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
