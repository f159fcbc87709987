"""A client in a process of its own: `python -m tools.torture.client JSON`, what happens as JSON lines.

The JSON object: `method` score or analyse; `options` for it; `limits` of the supervisor; `worker`, the
words that start it, where it is not the usual one; `supervisor`, the same; `pings`, to ask it all the time.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from hitpoint.engine.errors import HitpointError
from hitpoint.engine.generator import NeuralOptions
from hitpoint.engine.progress import Progress, Step
from hitpoint.engine.worker.messages import EngineError
from hitpoint.plugin.client import Client
from hitpoint.plugin.options import ScoreOptions, Selection
from hitpoint.plugin.remote import analyse_remotely, score_remotely

_PING_S = 0.05
_saying = threading.Lock()


def say(**facts: Any) -> None:
    with _saying:
        print(json.dumps(facts), flush=True)


def score_options(asked: dict[str, Any]) -> ScoreOptions:
    """What the command line makes of the usual words, `asked` besides."""
    return ScoreOptions(
        source=Path(asked["source"]),
        out=Path(asked["out"]),
        selection=Selection(),
        model=asked["model"],
        style=asked["style"],
        seed=asked["seed"],
        loudness=None,
        handles=1.0,
        format="otio",
        split="none",
        neural=NeuralOptions(**asked.get("neural", {})),
    )


def hashes(folder: Path, files: tuple[str, ...]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}


def client_of(asked: dict[str, Any]) -> Client:
    """The client that `asked` describes."""
    more = {"worker": tuple(asked["worker"])} if asked.get("worker") else {}
    client = Client(limits=json.dumps(asked.get("limits", {})), told=lambda text: say(told=text), **more)
    if asked.get("supervisor"):
        # A supervisor that lives with another clock: the words behind the module's name stay.
        words = client._words
        client._words = [words[0], "-I", *asked["supervisor"], *words[words.index("-m") + 2 :]]
    return client


def _done(client: Client, asked: dict[str, Any], progress: Progress) -> tuple[Path, tuple[str, ...]]:
    """Folder and files of the job that is asked for."""
    options = asked["options"]
    if asked["method"] == "score":
        scored = score_remotely(client, score_options(options), progress=progress)
        return scored.folder, scored.files
    source, out = Path(options["source"]), Path(options["out"])
    analysed = analyse_remotely(client, source, out, Selection(), progress=progress)
    return analysed.folder, analysed.files


def _ping(client: Client) -> None:
    """Ask the supervisor all the time whether it is there; the longest that an answer took."""
    slowest = 0.0
    while True:
        began = time.monotonic()
        client.ping()
        took = time.monotonic() - began
        if took > slowest:
            slowest = took
            say(slowest_s=slowest)
        time.sleep(_PING_S)


def main() -> int:
    asked = json.loads(sys.argv[1])

    def progress(step: Step) -> None:
        say(stage=step.stage, done=step.done, total=step.total)

    try:
        with client_of(asked) as client:
            say(supervisor=client.hello()["pid"])
            if asked.get("pings"):
                threading.Thread(target=_ping, args=(client,), daemon=True).start()
            folder, files = _done(client, asked, progress)
            say(folder=str(folder), files=hashes(folder, files))
    except EngineError as error:
        say(error=str(error), kind=error.kind, log_id=error.log_id)
        return 1
    except HitpointError as error:
        say(error=str(error), kind=type(error).__name__, log_id=None)
        return 2
    except Exception:  # noqa: BLE001  what nothing may end in: told apart from a sentence
        say(crash=traceback.format_exc())
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
