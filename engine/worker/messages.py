"""What is said over the pipes: JSON-RPC 2.0 requests, answers and notices, and errors that survive the way.

Requests to the engine    hello, ping, shutdown, cancel {job}, and the jobs (score, analyse, generate,
                          made_by, models, and those of the panel: see supervisor.JOBS), whose params
                          carry `job`, an id that the sender chose
Notices from the engine   progress {job, stage, done, total, text}, droppable;
                          preview {job, path, from_s, to_s}; engine {state, text}, where state is
                          restarting, ready (again) or stopped
Between supervisor and worker also the notice `alive {steps}`, once a second.

An error is JSON-RPC's {code, message, data}: `message` is the text for the user, `data.kind` what a program
acts upon, `data.log_id` the log's entry, `data.trace` the raw trace of what was our mistake.
`hello` is answered with protocol, version, build, capabilities, pid and python. The hashes of the weights are
with the models, in the answer to `models`: a supervisor that read cards would not be small.
"""

from __future__ import annotations

import traceback
from typing import Any, TypeGuard

from .. import errors
from ..errors import EngineFault, HitpointError
from .frames import Message

# Another major number is another language: it is refused in one sentence.
PROTOCOL = (1, 0)
# JSON-RPC's own numbers, and one for all that Hitpoint says itself.
NOT_A_REQUEST, NO_SUCH_METHOD, BAD_PARAMS, OURS = -32600, -32601, -32602, -32000
# Of EngineFault: kinds that a caller may act upon.
BUSY, CRASHED, QUARANTINED, STOPPED = "busy", "crashed", "quarantined", "stopped"
# Names of requests and jobs are the sender's; they come back in every answer.
MOST_NAME = 200
# The end of a trace, which says most.
_MOST_TRACE = 8_000
# Of what a library said, in a sentence of ours.
_MOST_SENTENCE = 300


def request(ident: int | str, method: str, params: dict[str, Any]) -> Message:
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}


def notice(method: str, params: dict[str, Any]) -> Message:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def answer(ident: int | str, result: Any) -> Message:
    return {"jsonrpc": "2.0", "id": ident, "result": result}


def is_name(value: object) -> TypeGuard[int | str]:
    """Whether `value` may name a request or a job: a number, or text that can be written and is short."""
    if isinstance(value, str):
        return 0 < len(value) <= MOST_NAME and value.isprintable()
    return isinstance(value, int) and not isinstance(value, bool)


def refusal(
    ident: int | str | None, text: str, *, kind: str, code: int = OURS, log_id: str = "", trace: str = ""
) -> Message:
    """`text` is what the user sees, `kind` what a program acts upon, `log_id` where the log has the rest."""
    data = {"kind": kind, "log_id": log_id, "trace": trace}
    return {"jsonrpc": "2.0", "id": ident, "error": {"code": code, "message": text, "data": data}}


def refusal_of(ident: int | str | None, error: BaseException, log_id: str) -> Message:
    """An exception as an error: a sentence of ours as it is, any other as our fault."""
    if isinstance(error, EngineError):
        return refusal(ident, str(error), kind=error.kind, log_id=error.log_id or log_id, trace=error.trace)
    if isinstance(error, HitpointError):
        # Its class, or the nearest above it that the other end knows, too.
        kind = next(one.__name__ for one in type(error).__mro__ if getattr(errors, one.__name__, None) is one)
        trace = _trace(error) if isinstance(error, EngineFault) else ""
        return refusal(ident, str(error), kind=kind, log_id=log_id, trace=trace)
    # Some libraries explain themselves over pages: the trace has all of it.
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return refusal(ident, text[:_MOST_SENTENCE], kind="EngineFault", log_id=log_id, trace=_trace(error))


def _trace(error: BaseException) -> str:
    text = "".join(traceback.format_exception(error))[-_MOST_TRACE:]
    return text.encode("utf-8", "replace").decode()


class EngineError(EngineFault):
    """The engine process could not do it. `kind` is BUSY, CRASHED, QUARANTINED, STOPPED or a class's name,
    `log_id` where the log has more, `trace` the raw trace where there is one."""

    def __init__(self, text: str, *, kind: str = CRASHED, log_id: str = "", trace: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.log_id = log_id
        self.trace = trace


def raised(error: Any) -> HitpointError:
    """The exception that an answer's `error` stands for."""
    if not isinstance(error, dict):
        return EngineError("the engine gave no reason")
    data = error.get("data")
    facts = data if isinstance(data, dict) else {}
    kind, text = str(facts.get("kind", "")), str(error.get("message", "the engine gave no reason"))
    found = getattr(errors, kind, None)
    if isinstance(found, type) and issubclass(found, HitpointError) and found is not EngineFault:
        return found(text)
    log_id, trace = str(facts.get("log_id", "")), str(facts.get("trace", ""))
    return EngineError(text, kind=kind or CRASHED, log_id=log_id, trace=trace)
