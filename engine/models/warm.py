"""Sessions of the model used last, open between windows, cues and jobs as long as there is room for them.

They end with the process: the engine's supervisor ends a worker that has nothing to do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import Cancelled
from .backends import Backend
from .config import Precision
from .library import Installed
from .memory import Phase, decoder_phase, encoder_phase, free_card, free_ram, sound_phase, temporal_phase
from .runtime.encoder import PictureEncoder, Temporal
from .runtime.session import Device
from .runtime.text import TextEncoder
from .sound import SoundCodec, open_codec
from .step import Decoder, Floats

# What stays free for the editor beside us: nothing is kept open on its account.
SPARE_BYTES = 1 << 30

T = TypeVar("T")
# A file as it was when it was opened: another one of its name is another session.
_Stamp = tuple[str, int, int, int]


@dataclass(slots=True)
class _Held:
    model: object
    key: object
    thing: Any
    close: Callable[[Any], None]
    process: int


class Warm:
    """Lends what is open, and opens what is not. `room` and `card` say what is free, in bytes.

    Two who ask for the same at once get one each; a process that was forked opens its own.
    """

    def __init__(
        self,
        room: Callable[[], int] = free_ram,
        card: Callable[[], int | None] = free_card,
        spare: int = SPARE_BYTES,
    ) -> None:
        self._room = room
        self._card = card
        self._spare = spare
        self._held: dict[str, _Held] = {}
        # Of another process: closing them here would wait for threads that were not forked.
        self._foreign: list[_Held] = []
        self._guard = threading.Lock()
        # Cleared while memory has run out once: then nothing stays open.
        self.holds = True

    @contextmanager
    def lent(
        self,
        part: str,
        model: object,
        key: object,
        open_it: Callable[[], T],
        close: Callable[[T], None],
        needs: Phase,
    ) -> Iterator[T]:
        """`part` of `model` as `key` describes it: what is held, or opened after making room for `needs`.

        Whatever is held of another model, or of this part in another form, is closed. What fails in the block
        is not held again; who is stopped by the user hands it back.
        """
        thing = self._taken(part, model, key)
        if thing is None:
            self.make_room(needs)
            thing = open_it()
        whole = False
        try:
            yield thing
            whole = True
        except Cancelled:
            whole = True
            raise
        finally:
            if not (whole and self._handed_back(part, _Held(model, key, thing, close, os.getpid()))):
                close(thing)

    def make_room(self, needs: Phase) -> bool:
        """Close what was lent longest ago until `needs` fits beside the rest, or nothing is held any more.

        Whether it fits.
        """
        while self._short(needs):
            with self._guard:
                part = next(iter(self._held), None)
                held = self._held.pop(part) if part is not None else None
            if held is None:
                return False
            self._close(held)
        return True

    def close_all(self) -> bool:
        """Close everything that nobody uses now. Whether there was anything."""
        with self._guard:
            held, self._held = list(self._held.values()), {}
        for one in held:
            self._close(one)
        return bool(held)

    def parts(self) -> tuple[str, ...]:
        """What is held now, by name."""
        with self._guard:
            return tuple(self._held)

    def model(self) -> object:
        """The model that something is held of, or None."""
        with self._guard:
            return next((held.model for held in self._held.values()), None)

    def _taken(self, part: str, model: object, key: object) -> Any:
        with self._guard:
            own = self._held.get(part)
            others = [name for name, held in self._held.items() if held.model != model]
            closing = [self._held.pop(name) for name in others]
            found = None
            if own is not None and part in self._held:
                del self._held[part]
                if own.key == key and own.process == os.getpid():
                    found = own.thing
                else:
                    closing.append(own)
        for held in closing:
            self._close(held)
        return found

    def _handed_back(self, part: str, held: _Held) -> bool:
        if not self.holds or self._short(Phase(part, 0)):
            return False
        with self._guard:
            if part in self._held or any(other.model != held.model for other in self._held.values()):
                return False
            self._held[part] = held
        return True

    def _short(self, needs: Phase) -> bool:
        if self._room() < needs.ram + self._spare:
            return True
        card = self._card() if needs.card else None
        return card is not None and card < needs.card

    def _close(self, held: _Held) -> None:
        if held.process != os.getpid():
            self._foreign.append(held)
        else:
            held.close(held.thing)


WARM = Warm()


def model_of(installed: Installed) -> object:
    """Which model this is: another folder, or files that were imported anew, is another one."""
    card = installed.card
    files = tuple(sorted((name, fact.sha256) for name, fact in card.files.items()))
    return str(installed.folder.resolve()), card.weights_sha256, files


@contextmanager
def warm_decoder(
    installed: Installed, backend: Backend, candidates: int, *, warm: Warm | None = None
) -> Iterator[Decoder]:
    """The decoder of a model with its weights loaded, and empty caches."""
    lender = warm or WARM
    config = installed.card.config
    key = (backend, _stamps(installed.folder, "decoder-", "weights."))
    needs = decoder_phase(installed, backend, candidates)
    with lender.lent(
        "decoder", model_of(installed), key, lambda: backend.open(installed, stays=True), _unload, needs
    ) as decoder:
        assert decoder.config == config.decoder
        try:
            yield decoder
        finally:
            decoder.close()


@contextmanager
def warm_codec(installed: Installed, *, warm: Warm | None = None) -> Iterator[SoundCodec]:
    config = installed.card.config
    with (warm or WARM).lent(
        "codec",
        model_of(installed),
        _stamps(installed.folder, "codec"),
        lambda: open_codec(installed.folder, config),
        lambda codec: codec.close(),
        sound_phase(installed),
    ) as codec:
        yield codec


@contextmanager
def warm_pictures(installed: Installed, precision: Precision, device: Device) -> Iterator[PictureEncoder]:
    with WARM.lent(
        "encoder",
        model_of(installed),
        (precision, device, _stamps(installed.folder, "encoder-")),
        lambda: PictureEncoder(installed.folder, precision, device),
        PictureEncoder.close,
        encoder_phase(installed, precision),
    ) as encoder:
        yield encoder


@contextmanager
def warm_text(installed: Installed, precision: Precision) -> Iterator[TextEncoder]:
    with WARM.lent(
        "encoder",
        model_of(installed),
        (precision, _stamps(installed.folder, "text-", "tokenizer")),
        lambda: TextEncoder(installed.folder, precision),
        TextEncoder.close,
        encoder_phase(installed, precision),
    ) as encoder:
        yield encoder


class WarmTemporal:
    """As `runtime.encoder.Temporal`, open while there is room: a window asks for it once."""

    def __init__(self, installed: Installed, precision: Precision, device: Device) -> None:
        self._installed = installed
        self._precision = precision
        self._device = device

    def project(self, memory: Floats, times: Floats | None = None) -> tuple[Floats, Floats]:
        installed = self._installed
        with WARM.lent(
            "temporal",
            model_of(installed),
            (self._precision, self._device, _stamps(installed.folder, "temporal-")),
            lambda: Temporal(installed.folder, self._precision, self._device),
            Temporal.close,
            temporal_phase(installed, self._precision),
        ) as temporal:
            return temporal.project(memory, times)


def _unload(decoder: Decoder) -> None:
    """All of it: weights too."""
    from .runtime.decoder import OnnxDecoder

    decoder.close()
    if isinstance(decoder, OnnxDecoder):
        decoder.unload()


def _stamps(folder: Path, *beginnings: str) -> tuple[_Stamp, ...]:
    """Files whose names begin so, as they lie on the disk now."""
    out = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(beginnings):
            status = path.stat()
            out.append((path.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(out)
