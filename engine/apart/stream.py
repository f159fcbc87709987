"""One medium being read elsewhere: its items in order, whatever becomes of the reader."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from ..errors import InputError
from ..progress import Cancel
from . import wire
from .pool import pool
from .readers import STALL_S, Answer, Reader, ReaderGone

# A reader may be killed for another's sake, when memory runs out. A file that takes two with it did it
# itself.
_MOST_DEATHS = 2


class Stream:
    """A stream of `what` (a name in `serving`), read one item ahead. A context manager.

    share   with other streams in one reader: for many small ones at a time
    ahead   whether the next item is read while the last one is worked on
    """

    def __init__(
        self,
        what: str,
        path: Path,
        given: wire.Header,
        *,
        share: bool = False,
        ahead: bool = True,
        cancel: Cancel | None = None,
    ) -> None:
        self._what = what
        self._name = path.name
        self._given = {**given, "path": str(path.absolute())}
        self._share = share
        self._ahead = ahead
        self._cancel = cancel
        self._deaths = 0
        self._taken = 0
        self._asked = False
        self._reader: Reader | None = None
        self._number = 0
        self._open()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def next(self) -> Answer | None:
        """The next item, None after the last one.

        InputError when the file is refused, or has killed or stalled its reader; Cancelled; EngineFault when
        there can be no reader.
        """
        try:
            item = self._next()
        except BaseException:
            self.close()
            raise
        if item is None:
            self.close()
        return item

    def close(self) -> None:
        """No more of it is wanted."""
        reader, self._reader = self._reader, None
        if reader is not None:
            pool().give_back(reader, idle=reader.close(self._number))

    def _next(self) -> Answer | None:
        skip = 0
        while self._reader is not None:
            try:
                if not self._asked:
                    self._reader.ask(self._number)
                    self._asked = True
                header, arrays = self._reader.answer(self._number, self._cancel)
            except ReaderGone as gone:
                self._judge(gone)
                self.close()
                self._open()
                # What was given out is read again: the same file, and so the same items.
                skip = self._taken
                continue
            self._asked = False
            if "refused" in header:
                raise InputError(str(header["refused"]))
            if "end" in header:
                return None
            if self._ahead:
                self._reader.ask(self._number)
                self._asked = True
            if skip:
                skip -= 1
                continue
            self._taken += 1
            return header, arrays
        return None

    def _judge(self, gone: ReaderGone) -> None:
        """InputError when it was this file that the reader died of."""
        if gone.suspect != self._number:
            return
        alone, self._share = not self._share, False
        self._deaths += 1
        if gone.stalled and alone:
            raise InputError(
                f"'{self._name}' kept its reader waiting for {STALL_S:.0f} s: export it again, or relink it"
            )
        if self._deaths >= _MOST_DEATHS and alone:
            raise InputError(f"'{self._name}' made its reader fail: export it again, or relink it")

    def _open(self) -> None:
        self._reader, self._number = pool().open(self._what, self._given, share=self._share)
        self._asked = True
