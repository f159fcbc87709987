"""What keeps Blender and the engine apart. Looks, and changes nothing. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator

from ....engine.manifest import version
from ..doctor import Finding, engine_findings, media_findings
from ..machine import Machine
from . import places
from .extension import extension_files
from .install import BY_HAND, blenders, zip_file, zips
from .places import Profile

_AGAIN = "run 'hitpoint hosts install blender' again"


def findings(machine: Machine) -> Iterator[Finding]:
    yield from engine_findings("blender", panel_needed=False)
    yield from _zip()
    yield from _programs(machine)
    yield from _profiles(machine)
    for profile in places.profiles(machine)[:1]:
        # Of edits that are saved nowhere yet; those of others lie beside the .blend.
        yield from media_findings(profile.ours_data)


def is_ours(machine: Machine) -> bool:
    """Whether anything of ours is in Blender's folders."""
    return any(profile.installed() for profile in places.profiles(machine))


def _zip() -> Iterator[Finding]:
    if zip_file().is_file():
        yield True, f"the extension is '{zip_file()}'"
    elif old := zips():
        yield False, f"'{old[-1]}' is of another Hitpoint than this ({version()}): {_AGAIN}"
    else:
        yield False, f"the extension was not built: {_AGAIN}"


def _programs(machine: Machine) -> Iterator[Finding]:
    known = list(blenders(machine))
    fit = [blender for blender in known if not blender.is_old]
    if fit:
        yield True, ", ".join(f"{blender.title} is '{blender.program}'" for blender in fit)
    elif known:
        yield False, f"{known[0].title} is older than 4.5, which the extension needs: install a newer one"
    else:
        yield True, f"no Blender was found in the usual places: {BY_HAND}"


def _profiles(machine: Machine) -> Iterator[Finding]:
    fit = [one for one in places.profiles(machine) if not one.series or _fits(one.series)]
    having = [one for one in fit if one.installed()]
    for one in fit:
        told = one.installed()
        if not told:
            yield bool(having), f"{one.named()} does not have the extension: {_AGAIN}, or {BY_HAND}"
        elif told != version():
            yield (
                False,
                f"{one.named()} has the extension of Hitpoint {told}, and this is {version()}: {_AGAIN}",
            )
        elif other := _differs(one):
            yield False, f"{one.named()} has another build of the extension ('{other}' differs): {_AGAIN}"
        else:
            yield True, f"{one.named()} has the extension of this version"
    if not fit:
        yield False, f"no Blender from 4.5 on has run here yet: start it once, then {_AGAIN}"


def _fits(series: str) -> bool:
    told = places.series_of(series)
    return told is not None and told >= places.OLDEST


def _differs(profile: Profile) -> str:
    """The first file of the extension there that is another than ours, "" where none is."""
    for name, data in sorted(extension_files().items()):
        path = profile.ours / name
        if not path.is_file() or path.read_bytes() != data:
            return name
    return ""
