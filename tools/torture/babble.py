"""An engine that says wrong things: `python -I babble.py WAY ... `, in place of a supervisor.

It answers `hello` as it should and the first job in its WAY, again and again until nobody listens.
"""

from __future__ import annotations

import json
import os
import random
import sys
from typing import Any

from hitpoint.engine.worker.frames import Decoder, encode
from hitpoint.engine.worker.messages import PROTOCOL, answer

# What a client can be told in place of an answer; `{id}` and `{job}` are the request's.
NOTICES: dict[str, Any] = {
    "progress without a stage": {"method": "progress", "params": {"job": "{job}"}},
    "progress in words": {"method": "progress", "params": {
        "job": "{job}", "stage": 1, "done": "x", "total": None, "text": []}},
    "preview of nothing": {"method": "preview", "params": {"job": "{job}", "path": None}},
    "params as a list": {"method": "progress", "params": ["{job}"]},
    "no method": {"jsonrpc": "2.0"},
    "another id": {"id": 10**9, "result": {}},
    "an id as a list": {"id": ["{id}"], "result": {}},
    "engine without text": {"method": "engine", "params": {"text": {"deep": [1]}}},
}  # fmt: skip
ANSWERS: dict[str, Any] = {
    "result as text": {"id": "{id}", "result": "yes"},
    "result without a folder": {"id": "{id}", "result": {"files": 3}},
    "files as a number": {"id": "{id}", "result": {"folder": "/nowhere", "files": 3}},
    "folder as a number": {"id": "{id}", "result": {"folder": 7, "files": []}},
    "folder that is not there": {"id": "{id}", "result": {"folder": "/nowhere", "files": ["report.json"]}},
    "neither result nor error": {"id": "{id}"},
    "error as text": {"id": "{id}", "error": "bad"},
    "error without a message": {"id": "{id}", "error": {"code": "x", "data": ["kind"]}},
    "error of no known kind": {"id": "{id}", "error": {"code": 1, "message": 5, "data": {"kind": "object"}}},
}
BYTES: dict[str, bytes] = {
    "noise": random.Random(1).randbytes(5_000),
    "a header without an end": b"Content-Length: 5" * 100,
    "a frame that is too large": b"Content-Length: 1048577\r\n\r\n" + b" " * 4_096,
    "a length below nothing": b"Content-Length: -5\r\n\r\n{}",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a frame cut short": b'Content-Length: 500\r\n\r\n{"id": 1',
    "no JSON": b"Content-Length: 5\r\n\r\nhello",
    "JSON too deep": b"Content-Length: 20000\r\n\r\n" + b"[" * 20_000,
    "a list": b"Content-Length: 2\r\n\r\n[]",
    "not a number": b'Content-Length: 10\r\n\r\n{"id": NaN}'[:-1],
    "no UTF-8": b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc",
    "nothing": b"",
}
WAYS = (*NOTICES, *ANSWERS, *BYTES)


def said(way: str, ident: int, job: str) -> bytes:
    """The bytes that `way` answers with; after a notice comes the end of the pipe."""
    if way in BYTES:
        return BYTES[way]
    text = json.dumps({**NOTICES, **ANSWERS}[way])
    return encode(json.loads(text.replace('"{id}"', str(ident)).replace("{job}", job)))


def main() -> None:
    way, decoder = sys.argv[1], Decoder()
    while data := os.read(0, 1 << 16):
        for message in decoder.feed(data):
            if message["method"] == "hello":
                facts = {"protocol": ".".join(map(str, PROTOCOL)), "build": "", "pid": os.getpid()}
                os.write(1, encode(answer(message["id"], facts)))
            elif "job" in message["params"]:
                os.write(1, said(way, message["id"], message["params"]["job"]))
                if way not in ANSWERS:
                    return


if __name__ == "__main__":
    main()
