"""The formats that editors export, as one checked OpenTimelineIO timeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import InputError, Problem
from ...engine.timebase import Rate
from . import edl, fcp7, fcpx, precheck
from .library import convert
from .schemas import Json

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TIMELINES = (".otio", ".otioz", ".otiod", ".edl", ".fcpxml", ".xml", ".aaf")
_AGAIN = "export it again, or as .otio"


@dataclass(frozen=True, slots=True)
class Source:
    """A timeline's JSON and what only its own format says."""

    data: Json
    # None where only the timeline's times tell.
    rate: Rate | None = None
    drop_frame: bool = False
    # Names of media come from anywhere: they are looked for by name, never opened where they point.
    names_only: bool = False
    problems: tuple[Problem, ...] = ()


def parse(suffix: str, data: bytes, path: Path, rate: Rate | None) -> Source:
    """The bytes of a timeline file, by the suffix of its name. InputError when they are not what it says."""
    name = path.name
    if suffix == ".otio":
        return Source(precheck.check(data, name))
    if suffix == ".edl":
        return _from_edl(data, name, rate)
    if suffix == ".aaf":
        # A structured storage file: https://en.wikipedia.org/wiki/Compound_File_Binary_Format
        if not data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
            raise InputError(f"'{name}' is not an AAF file: {_AGAIN}")
        return _converted("AAF", name, path=path)
    root = _xml(data, name)
    if root.tag == "fcpxml":
        made = fcpx.timeline(root, name)
        return Source(
            precheck.check(made.json_bytes, name), made.rate, made.drop_frame, problems=made.problems
        )
    if root.tag == "xmeml":
        from xml.etree.ElementTree import tostring

        source = _converted("fcp_xml", name, text=tostring(root, encoding="unicode"))
        problems = fcp7.add_speeds(source.data)
        return Source(source.data, fcp7.rate(root), fcp7.drops(root), problems=(*source.problems, *problems))
    raise InputError(f"'{name}' is XML of another kind ('{root.tag}'): export Final Cut Pro XML, or .otio")


def _from_edl(data: bytes, name: str, rate: Rate | None) -> Source:
    if rate is None:
        raise InputError(
            f"'{name}' does not say its frame rate, as no edit list does: give it with --rate, like --rate 25"
        )
    if len(data) > precheck.MAX_BYTES:
        raise InputError(f"'{name}' is too big for an edit list: {_AGAIN}")
    text, drop = edl.prepared(data, name, rate)
    source = _converted("cmx_3600", name, text=text, rate=float(rate.fps))
    edl.normalise(source.data, rate)
    problems = (*source.problems, *edl.problems(text, source.data))
    return Source(source.data, rate, drop, names_only=True, problems=problems)


def _converted(
    adapter: str, name: str, *, text: str = "", path: Path | None = None, rate: float | None = None
) -> Source:
    converted = convert(adapter, name, text=text, path=path, rate=rate)
    problems: tuple[Problem, ...] = ()
    if converted.others:
        others = ", ".join(f"'{other}'" for other in converted.others[:5])
        text = f"'{name}' holds {len(converted.others) + 1} timelines: the first was taken, not {others}"
        problems = (Problem("timelines", text),)
    return Source(precheck.check(converted.timeline, name, again=_AGAIN), problems=problems)


def _xml(data: bytes, name: str) -> Element:
    """The root of an XML file that holds no entities and points at no other file."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(data) > precheck.MAX_BYTES:
        raise InputError(f"'{name}' has {len(data) >> 20} MB, too many for a timeline: split it")
    try:
        # Every editor writes a bare DOCTYPE; what it could define is forbidden.
        root: Element = fromstring(data, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise InputError(
            f"'{name}' defines XML entities, which no editor does ({type(error).__name__}): {_AGAIN}"
        ) from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise InputError(f"'{name}' is not readable XML ({error}): {_AGAIN}") from None
    return root
