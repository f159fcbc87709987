"""A generator that works in the engine's process: asked like one of our own, and with the same bytes.

Request and take go as files beside the stems, since an hour's picture is more than a message may hold.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from ..engine.generator import TakeRequest
from ..engine.progress import Cancel, Heard, Progress, nobody, silent
from ..engine.serial import from_json, to_json
from ..engine.types import Take
from ..engine.worker.messages import EngineError
from .client import Client
from .parcel import CHANGED, Parcel, check, pack, unpack

GENERATE, MADE_BY = "generate", "made_by"
REQUEST = "request.json"


class DistantGenerator:
    """The generator `name` ("sketch", or a model on this machine) of the client's engine.

    Its files lie in `folder` as they would without a process between, with the take beside them as
    `take.json`. `use` is what the music is for: "client" refuses weights whose licence forbids selling it.
    """

    def __init__(
        self, client: Client, name: str, folder: Path, *, use: Literal["any", "client"] = "any"
    ) -> None:
        self.name = name
        self._client = client
        self._folder = folder.absolute()
        self._use = use

    def made_by(self, request: TakeRequest) -> Mapping[str, str]:
        """As the engine says. UserError where it would refuse the request."""
        told = self._ask(MADE_BY, request, silent, None, nobody)
        return from_json(dict[str, str], told["made_by"])

    def generate(
        self, request: TakeRequest, *, progress: Progress, cancel: Cancel, heard: Heard = nobody
    ) -> Take:
        """As the engine makes it, byte for byte, each file compared with its hash before it is handed over.

        What the generator raises is raised here: UserError, Cancelled; EngineError when the engine could not
        do it, or a file is not what it says.
        """
        cancel.check()
        told = self._ask(GENERATE, request, progress, cancel, heard)
        files = {parcel.path: parcel for parcel in from_json(tuple[Parcel, ...], told["files"])}
        take = from_json(Take, unpack(from_json(Parcel, told["take"])))
        for parcel in files.values():
            check(parcel)
        for stem in take.stems:
            if stem.path not in files or files[stem.path].sha256 != stem.sha256:
                raise EngineError(
                    f"the engine did not vouch for the stem '{stem.name}': ask for it again", kind=CHANGED
                )
        return take

    def _ask(
        self, method: str, request: TakeRequest, progress: Progress, cancel: Cancel | None, heard: Heard
    ) -> dict[str, object]:
        path = self._folder / REQUEST
        # In its own order: what a request holds may be gone through in it.
        data = json.dumps(to_json(request), allow_nan=False).encode()
        params = {
            "request": to_json(pack(path, data)),
            "model": self.name,
            "use": self._use,
            "folder": os.fspath(self._folder),
        }
        try:
            return self._client.do(
                method, secrets.token_hex(16), params, progress=progress, heard=heard, cancel=cancel
            )
        finally:
            path.unlink(missing_ok=True)
