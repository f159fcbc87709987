"""What is said over the pipes: JSON-RPC 2.0 requests, answers and notices, and errors that survive the way.

Requests to the engine    hello, ping, shutdown, cancel {job}, and the jobs (score, analyse, generate,
                          models), whose params carry `job`, an id that the sender chose
Notices from the engine   progress {job, stage, done, total, text}, droppable;
                          preview {job, path, from_s, to_s}; engine {state, text}
Between supervisor and worker also the notice `alive {steps}`, once a second.
"""

from __future__ import annotations

from typing import Any

from .. import errors
from ..errors import EngineFault, HitpointError
from .frames import Message

# Another major number is another language: it is refused in one sentence.
PROTOCOL = (1, 0)
# JSON-RPC's own numbers, and one for all that Hitpoint says itself.
NOT_A_REQUEST, NO_SUCH_METHOD, BAD_PARAMS, OURS = -32600, -32601, -32602, -32000
# Of EngineFault: kinds that a caller may act upon.
BUSY, CRASHED, QUARANTINED, STOPPED = "busy", "crashed", "quarantined", "stopped"


def request(ident: int | str, method: str, params: dict[str, Any]) -> Message:
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}


def notice(method: str, params: dict[str, Any]) -> Message:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def answer(ident: int | str, result: Any) -> Message:
    return {"jsonrpc": "2.0", "id": ident, "result": result}


def refusal(ident: int | str | None, text: str, *, kind: str, code: int = OURS, log_id: str = "") -> Message:
    """`text` is what the user sees, `kind` what a program acts upon, `log_id` where the log has the rest."""
    return {
        "jsonrpc": "2.0",
        "id": ident,
        "error": {"code": code, "message": text, "data": {"kind": kind, "log_id": log_id}},
    }


def refusal_of(ident: int | str | None, error: BaseException, log_id: str) -> Message:
    """An exception as an error: a sentence of ours as it is, any other as our fault."""
    if isinstance(error, HitpointError):
        kind = error.kind if isinstance(error, EngineError) else type(error).__name__
        return refusal(ident, str(error), kind=kind, log_id=log_id)
    return refusal(ident, f"{type(error).__name__}: {error}", kind="EngineFault", log_id=log_id)


class EngineError(EngineFault):
    """The engine process could not do it. `kind` is BUSY, CRASHED, QUARANTINED, STOPPED or a class's name,
    `log_id` where the log has more."""

    def __init__(self, text: str, *, kind: str = CRASHED, log_id: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.log_id = log_id


def raised(error: dict[str, Any]) -> HitpointError:
    """The exception that an answer's `error` stands for."""
    data = error.get("data")
    facts = data if isinstance(data, dict) else {}
    kind, text = str(facts.get("kind", "")), str(error.get("message", "the engine gave no reason"))
    found = getattr(errors, kind, None)
    if isinstance(found, type) and issubclass(found, HitpointError) and found is not EngineFault:
        return found(text)
    return EngineError(text, kind=kind or CRASHED, log_id=str(facts.get("log_id", "")))
