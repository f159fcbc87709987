"""`hitpoint hosts`: Hitpoint in the menus of DaVinci Resolve and Blender, looked after and taken away."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import OptionError

if TYPE_CHECKING:
    from .console import Console

Commands = Any  # argparse's own type of subparsers is private

HOSTS = ("resolve", "blender")
# Never touched by `remove`: it is the user's work.
_LEFT = (
    "timelines, sessions, music and the notes on what was placed stay where they are, and so does the "
    "engine's environment"
)


def add_hosts(commands: Commands) -> None:
    """`hitpoint hosts install|doctor|remove`."""
    hosts = commands.add_parser(
        "hosts", help="install into DaVinci Resolve or Blender, look after it, remove it", allow_abbrev=False
    )
    actions = hosts.add_subparsers(required=True, metavar="ACTION")

    installing = actions.add_parser(
        "install", help="put Hitpoint into the program's menu", allow_abbrev=False
    )
    installing.add_argument("host", choices=HOSTS)
    installing.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="resolve: another folder of scripts than the user's Utility",
    )
    installing.set_defaults(run=_install)

    doctor = actions.add_parser("doctor", help="what is wrong there, and what to do", allow_abbrev=False)
    doctor.add_argument("host", choices=HOSTS, nargs="?")
    doctor.set_defaults(run=_doctor)

    removing = actions.add_parser("remove", help="take all of it out of the program", allow_abbrev=False)
    removing.add_argument("host", choices=HOSTS)
    removing.set_defaults(run=_remove)


def _install(options: argparse.Namespace, console: Console) -> None:
    from .hosts.machine import this_machine

    _refuse_in_a_host()
    if options.host == "resolve":
        from .hosts.resolve.install import install

        said = install(this_machine(), options.folder)
        said += _panel_parts()
        said.append(
            "in DaVinci Resolve: Workspace > Scripts > hitpoint (Studio, and the free edition up to 21.0.4); "
            "'hitpoint hosts doctor resolve' says what is open here"
        )
    else:
        from .hosts.blender.install import install as install_blender

        if options.folder is not None:
            raise OptionError("--folder is for resolve: leave it out for blender")
        said = install_blender(this_machine())
        said.append("'hitpoint hosts doctor blender' says whether all is well")
    _say(console, said)


def _doctor(options: argparse.Namespace, console: Console) -> None:
    wrong = 0
    for well, sentence in _findings(options.host):
        wrong += not well
        console.out.print(f"{'ok   ' if well else 'WRONG'}  {sentence}", markup=False, soft_wrap=True)
    if wrong:
        raise OptionError(f"{wrong} of these {'is' if wrong == 1 else 'are'} wrong: do what the lines say")


def _remove(options: argparse.Namespace, console: Console) -> None:
    from .hosts.machine import this_machine

    _refuse_in_a_host()
    if options.host == "resolve":
        from .hosts.resolve.install import remove
    else:
        from .hosts.blender.install import remove
    _say(console, [*remove(this_machine()), _LEFT])


def _findings(host: str | None) -> Iterator[tuple[bool, str]]:
    """Of one host, or of those that Hitpoint was installed for."""
    from .hosts.blender import doctor as blender
    from .hosts.machine import this_machine
    from .hosts.note import read_note
    from .hosts.resolve import doctor as resolve

    machine = this_machine()
    note = read_note()
    for name, title, doctor in (("resolve", "DaVinci Resolve", resolve), ("blender", "Blender", blender)):
        if host == name or (host is None and (doctor.is_ours(machine) or (note and name in note.put))):
            yield from doctor.findings(machine)
        elif host is None:
            yield True, f"nothing of Hitpoint is in {title}: 'hitpoint hosts install {name}' puts it there"


def _refuse_in_a_host() -> None:
    """OptionError where the Python that runs this belongs to a host: nothing is ever put into it."""
    from .hosts.doctor import running_in

    program = running_in()
    if program:
        raise OptionError(
            f"this Python belongs to {program}: run this in an environment of Hitpoint's own (docs/hosts.md)"
        )


def _panel_parts() -> list[str]:
    from importlib.util import find_spec

    from .panel_command import INSTALL

    return [] if find_spec("PyQt6") else [f"the panel's parts are missing here: run {INSTALL}"]


def _say(console: Console, said: list[str]) -> None:
    for sentence in said:
        console.out.print(sentence, markup=False, soft_wrap=True)
