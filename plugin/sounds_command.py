"""`hitpoint sounds`: the sound fonts that sketch plays, on the command line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .settings import config_path, remember, resolve

if TYPE_CHECKING:
    from ..engine.sketch.fonts.card import FontCard
    from .console import Console

Commands = Any  # argparse's own type of subparsers is private
_LICENCE_WIDTH = 60


def add_sounds(commands: Commands) -> None:
    """`hitpoint sounds list|import|use`."""
    sounds = commands.add_parser("sounds", help="list, import, choose sound fonts", allow_abbrev=False)
    actions = sounds.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="what sketch can play with, and what each font lacks")
    listing.set_defaults(run=_list)

    importing = actions.add_parser("import", help="check and keep an SF2 or SF3 file", allow_abbrev=False)
    importing.add_argument("source", type=Path, metavar="FILE", help="a General MIDI sound font")
    importing.add_argument("--name", metavar="NAME", help="what to call it (default: the file's name)")
    importing.set_defaults(run=_import)

    using = actions.add_parser("use", help="play with these from now on", allow_abbrev=False)
    using.add_argument("name", metavar="NAME", help="a name of 'hitpoint sounds list', or bundled")
    using.set_defaults(run=_use)


def _list(options: argparse.Namespace, console: Console) -> None:
    from ..engine.sketch.fonts.library import BUNDLED, broken, imported, sounds_dir
    from ..engine.sketch.generator import SOUNDS_LICENCE
    from ..engine.sketch.voices import PRESETS, bundled_font

    used = resolve({})["sounds"]
    size = bundled_font().stat().st_size
    rows = [("name", "in use", "presets", "size", "licence")]
    rows.append((BUNDLED, _yes(used == BUNDLED), str(len(PRESETS)), _amount(size), SOUNDS_LICENCE))
    fonts = [font.card for font in imported()]
    for card in fonts:
        licence = card.licence
        if len(licence) > _LICENCE_WIDTH:
            licence = f"{licence[: _LICENCE_WIDTH - 3]}..."
        rows.append(
            (card.name, _yes(used == card.name), str(len(card.presets)), _amount(card.bytes), licence)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.out.print(line.rstrip(), markup=False, soft_wrap=True)
    for card in fonts:
        _print_lacks(card, console)
    for name in broken():
        console.out.print(
            f"note: '{sounds_dir() / name}' or its font is damaged: import the sound font again",
            markup=False,
            soft_wrap=True,
        )
    if used not in [row[0] for row in rows]:
        console.out.print(
            f"note: the sounds '{used}' are chosen and not on this machine: run hitpoint sounds use bundled, "
            "or import them",
            markup=False,
            soft_wrap=True,
        )


def _import(options: argparse.Namespace, console: Console) -> None:
    from ..engine.sketch.fonts.library import import_font

    with console.work() as progress:
        card, new = import_font(options.source, options.name, progress=progress)
    console.out.print(
        f"'{card.name}' {'is' if new else 'was already'} on this machine, {_amount(card.bytes)}, "
        f"{len(card.presets)} presets ({card.licence}): hitpoint sounds use {card.name}",
        markup=False,
        soft_wrap=True,
    )
    _print_lacks(card, console)


def _print_lacks(card: FontCard, console: Console) -> None:
    from ..engine.sketch.fonts.ensemble import told

    for instrument, part in card.parts.items():
        for sentence in told(card, instrument, part):
            console.out.print(f"note: {sentence}", markup=False, soft_wrap=True)


def _use(options: argparse.Namespace, console: Console) -> None:
    from ..engine.sketch.fonts.library import find

    find(options.name)
    remember("sounds", options.name)
    console.out.print(
        f"sketch plays with '{options.name}' from now on ({config_path()})", markup=False, soft_wrap=True
    )
    stronger = os.environ.get("HITPOINT_SOUNDS")
    if stronger and stronger != options.name:
        console.out.print(
            f"note: HITPOINT_SOUNDS is set to '{stronger}' and goes before it", markup=False, soft_wrap=True
        )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
