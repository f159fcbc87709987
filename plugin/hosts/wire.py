"""What `Host` says, as messages: JSON-RPC requests from the panel, answers from the program's own process.

hello                   {protocol, build} -> the same of the host's part, its facts, and {note, token} where a
                        file says which panel it answers (`door.is_replaced`)
timeline.read           -> Read          timeline.glance         -> Glance
selection.read          -> Selected      playhead.get, .set      frame
markers.read, .write    the markers      stems.place             Landing -> Landed
stems.verify            job -> texts     stems.remove            job -> Landed
project.save

Notices to the panel: raise_window {}, come to the front; end {}, save and end. Values travel as letters (see
`plugin.panel.letters`): those that do not fit a message are files. An error's kind is that of HostError, or
"fault": then `trace` has what happened. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from ...engine.errors import HitpointError
from ...engine.log import record
from ...engine.manifest import version
from ...engine.serial import from_json
from ...engine.worker.frames import Message
from ...engine.worker.messages import BAD_PARAMS, NO_SUCH_METHOD, NOT_A_REQUEST, is_name, refusal, refusal_of
from ...engine.worker.messages import answer as answered
from ..panel.letters import opened, sealed
from .base import (
    Facts,
    Glance,
    Host,
    HostError,
    HostMarker,
    Landed,
    Landing,
    Read,
    Refusal,
    Selected,
)

T = TypeVar("T")

# Another major number is another language: it is refused in one sentence, on whichever side sees it.
PROTOCOL = (1, 0)
RAISE_WINDOW, END = "raise_window", "end"
_HELLO = "hello"
_REFUSALS: tuple[Refusal, ...] = get_args(Refusal)
FAULT = "fault"


@dataclass(frozen=True, slots=True)
class _Nothing:
    pass


@dataclass(frozen=True, slots=True)
class _Frame:
    frame: int | None


@dataclass(frozen=True, slots=True)
class _Job:
    job: str


@dataclass(frozen=True, slots=True)
class _Texts:
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Markers:
    """`idents` only where they are written."""

    markers: tuple[HostMarker, ...]
    idents: str = ""


@dataclass(frozen=True, slots=True)
class _Call:
    """What a method takes, what it gives, and how the host is asked for it."""

    takes: type
    gives: type
    do: Callable[[Host, Any], object]


def _set_playhead(host: Host, asked: _Frame) -> _Nothing:
    if asked.frame is None:
        raise HostError("the playhead was given no frame: try again")
    host.set_playhead(asked.frame)
    return _Nothing()


def _write_markers(host: Host, asked: _Markers) -> _Nothing:
    host.write_markers(asked.markers, asked.idents)
    return _Nothing()


def _save(host: Host, _: _Nothing) -> _Nothing:
    host.save()
    return _Nothing()


CALLS = {
    "timeline.read": _Call(_Nothing, Read, lambda host, _: host.read()),
    "timeline.glance": _Call(_Nothing, Glance, lambda host, _: host.glance()),
    "selection.read": _Call(_Nothing, Selected, lambda host, _: host.selected()),
    "playhead.get": _Call(_Nothing, _Frame, lambda host, _: _Frame(host.playhead())),
    "playhead.set": _Call(_Frame, _Nothing, _set_playhead),
    "markers.read": _Call(_Nothing, _Markers, lambda host, _: _Markers(host.markers())),
    "markers.write": _Call(_Markers, _Nothing, _write_markers),
    "stems.place": _Call(Landing, Landed, lambda host, landing: host.place(landing)),
    "stems.verify": _Call(_Job, _Texts, lambda host, asked: _Texts(host.verify(asked.job))),
    "stems.remove": _Call(_Job, Landed, lambda host, asked: host.remove(asked.job)),
    "project.save": _Call(_Nothing, _Nothing, _save),
}


# --- The program's side
# ------------------------------------------------------------------------------------------------------


def answer(host: Host, message: Message, *, hello: Mapping[str, str] | None = None) -> Message:
    """What the panel is told when it asks `message`, greeted with `hello` beside the rest. Never raises:
    whatever goes wrong is an answer."""
    ident, method, params = message.get("id"), message.get("method"), message.get("params", {})
    if not is_name(ident) or not isinstance(method, str) or not isinstance(params, dict):
        return refusal(None, "this is no request", kind=FAULT, code=NOT_A_REQUEST)
    try:
        if method == _HELLO:
            return _hello(host, ident, params, hello or {})
        call = CALLS.get(method)
        if call is None:
            text = f"Hitpoint's part in {host.facts().title} knows no '{method[:80]}': {_one_release(host)}"
            return refusal(ident, text, kind=FAULT, code=NO_SUCH_METHOD)
        return answered(ident, sealed(call.do(host, from_json(call.takes, opened(params)))))
    except HostError as error:
        return refusal(ident, str(error), kind=error.kind)
    except HitpointError as error:
        # A letter that cannot be written or read: the sentence says why.
        return refusal(ident, str(error), kind="refused", code=BAD_PARAMS)
    except Exception as error:  # noqa: BLE001  the border of the host's process: it becomes an answer
        return _fault(host, ident, method, error)


def is_over(reply: Message) -> bool:
    """Whether the host said with it that the program is gone."""
    return _of_refusal(reply, "kind") == "gone"


def trace_of(reply: Message) -> str:
    """Of what was our mistake, for the log; "" for all else."""
    return _of_refusal(reply, "trace")


def _of_refusal(reply: Message, name: str) -> str:
    error = reply.get("error")
    data = error.get("data") if isinstance(error, dict) else None
    return str(data.get(name, "")) if isinstance(data, dict) else ""


def _hello(host: Host, ident: int | str, params: dict[str, Any], more: Mapping[str, str]) -> Message:
    theirs = params.get("protocol")
    if not _is_ours(theirs):
        text = f"the panel speaks protocol {_dotted(theirs)}, Hitpoint's part in {host.facts().title} "
        return refusal(ident, f"{text}{_dotted(PROTOCOL)}: {_one_release(host)}", kind=FAULT)
    told = {"protocol": list(PROTOCOL), "build": version(), **more}
    return answered(ident, {**told, **sealed(host.facts())})


def _fault(host: Host, ident: int | str, method: str, error: Exception) -> Message:
    reply = refusal_of(ident, error, "")
    try:
        title = host.facts().title
    except Exception:  # noqa: BLE001  it is broken enough not to know its name
        title = "the program"
    what = reply["error"]["message"]
    reply["error"]["message"] = f"{title} could not do '{method}' ({what}): try again, or start it anew"
    reply["error"]["data"]["kind"] = FAULT
    return reply


# --- The panel's side
# ------------------------------------------------------------------------------------------------------

# Asks the program for a method with params and gives its answer, whole; HostError where none will come.
Ask = Callable[[str, dict[str, Any]], Message]


@dataclass(frozen=True, slots=True)
class Hello:
    """Who answers, and of which build its part is; `note` and `token` as in `door`, "" without."""

    facts: Facts
    build: str
    note: str
    token: str


class RemoteHost:
    """A `Host` that is asked over messages."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def hello(self) -> Hello:
        """HostError where it speaks another language."""
        told = self._result(_HELLO, {"protocol": list(PROTOCOL), "build": version()})
        theirs = told.get("protocol")
        if not _is_ours(theirs):
            text = f"Hitpoint's part in the program speaks protocol {_dotted(theirs)}, the panel "
            raise HostError(f"{text}{_dotted(PROTOCOL)}: install both from one release")
        build, note, token = (str(told.get(name, "")) for name in ("build", "note", "token"))
        return Hello(_opened(Facts, told, _HELLO), build, note, token)

    def facts(self) -> Facts:
        return self.hello().facts

    def read(self) -> Read:
        return self._call("timeline.read", _Nothing(), Read)

    def glance(self) -> Glance:
        return self._call("timeline.glance", _Nothing(), Glance)

    def selected(self) -> Selected:
        return self._call("selection.read", _Nothing(), Selected)

    def playhead(self) -> int | None:
        return self._call("playhead.get", _Nothing(), _Frame).frame

    def set_playhead(self, frame: int) -> None:
        self._call("playhead.set", _Frame(frame), _Nothing)

    def markers(self) -> tuple[HostMarker, ...]:
        return self._call("markers.read", _Nothing(), _Markers).markers

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        self._call("markers.write", _Markers(markers, idents), _Nothing)

    def place(self, landing: Landing) -> Landed:
        return self._call("stems.place", landing, Landed)

    def verify(self, job: str) -> tuple[str, ...]:
        return self._call("stems.verify", _Job(job), _Texts).texts

    def remove(self, job: str) -> Landed:
        return self._call("stems.remove", _Job(job), Landed)

    def save(self) -> None:
        self._call("project.save", _Nothing(), _Nothing)

    def close(self) -> None:
        """Nothing: who made the pipe closes it."""

    def _call(self, method: str, value: object, gives: type[T]) -> T:
        try:
            letter = sealed(value)
        except HitpointError as error:
            raise HostError(str(error)) from error
        return _opened(gives, self._result(method, letter), method)

    def _result(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        reply = self._ask(method, params)
        error = reply.get("error")
        if error is not None:
            raise _refused(method, error)
        result = reply.get("result")
        if not isinstance(result, dict):
            raise _nonsense(method, f"a result that is no object: {str(result)[:200]}")
        return result


def _opened(gives: type[T], letter: dict[str, Any], method: str) -> T:
    try:
        return from_json(gives, opened(letter))
    except (HitpointError, KeyError, TypeError, ValueError) as error:
        raise _nonsense(method, str(error)) from error


def _refused(method: str, error: object) -> HostError:
    told = error if isinstance(error, dict) else {}
    data = told.get("data")
    facts = data if isinstance(data, dict) else {}
    text, kind = told.get("message"), facts.get("kind")
    if not isinstance(text, str) or not isinstance(kind, str):
        return _nonsense(method, f"an error without words: {str(error)[:200]}")
    for known in _REFUSALS:
        if kind == known:
            return HostError(text, kind=known)
    if not facts.get("log_id"):
        record(
            "fault of the host's part", {"what": method, "why": text, "trace": str(facts.get("trace", ""))}
        )
    return HostError(text)


def _nonsense(method: str, why: str) -> HostError:
    record("answer without sense", {"to": method, "why": why})
    return HostError(
        "what the program answers makes no sense: install Hitpoint and its part there from one release"
    )


def _is_ours(protocol: object) -> bool:
    return isinstance(protocol, list) and protocol[:1] == [PROTOCOL[0]]


def _dotted(protocol: object) -> str:
    """ "1.0"; what it is for anything that is no protocol."""
    if isinstance(protocol, list | tuple):
        return ".".join(map(str, protocol))[:20]
    return f"'{str(protocol)[:20]}'"


def _one_release(host: Host) -> str:
    return f"install both from one release with 'hitpoint hosts install {host.facts().name}'"
