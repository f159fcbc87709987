"""The program as the panel has it: behind pipes, in the process of its own that may talk with it.

Either that process started the panel, which then has the pipes as its stdin and stdout (`connected`), or the
panel starts one that attaches to the program (`attached`). Standard library only.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ...engine.log import record, record_fault
from ...engine.manifest import version
from ...engine.worker.channel import Channel
from ...engine.worker.frames import FrameError, Message
from ...engine.worker.messages import request
from .base import Facts, Glance, HostError, HostMarker, Landed, Landing, Read
from .child import Child
from .door import is_replaced
from .files import FilesHost
from .program import Change, Standing
from .wire import END, Hello, RemoteHost, is_over

T = TypeVar("T")

# Told beside RAISE_WINDOW and END: the program has ended, or let go of us.
GONE = "gone"
# Until then nobody wonders.
_WAITING_S = 2.0
_GLANCE_S = 2.0
# Whoever takes our place waits until we have seen it.
_REPLACED_S = 0.5
# A program that is busy starts to answer within this.
_HELLO_S = 20.0
_PAUSE_S = 1.0
_TITLES = {"resolve": "DaVinci Resolve", "blender": "Blender"}
_AGAIN = "what was made stays here; to go on with it there, open the panel from there again"


@dataclass(frozen=True, slots=True)
class _Baseline:
    """How a timeline was when it was read: hashes of all files that hold this edit, and the glance right
    after, None where the program gave none. What we placed since is in the file, and is not another edit."""

    sha256s: frozenset[str]
    edit: Read
    glance: Glance | None


class PipedHost(RemoteHost):
    """A `HostProgram`. Calls may come from any thread, one is made at a time, and each may wait as long as
    the program does; HostError of kind "gone" when no answer will come any more.
    """

    def __init__(
        self,
        name: str,
        reads: int,
        writes: int,
        *,
        child: Child | None = None,
        hello_s: float = _HELLO_S,
        glance_s: float = _GLANCE_S,
    ) -> None:
        """Says hello, and waits for the answer for at most `hello_s` seconds. HostError when none comes, or
        the other side is of another protocol; the pipes, and the child, are closed then."""
        super().__init__(self._asked)
        self.name = name
        self._title = _TITLES.get(name, name)
        self._child = child
        self._files = FilesHost()
        self._numbers = itertools.count(1)
        # Held by who asks; taken twice by one thread where two questions belong together.
        self._asking = threading.RLock()
        self._change = threading.Condition()
        self._wanted = 0
        self._reply: Message | None = None
        self._since: float | None = None
        self._lost = ""
        self._baselines: dict[str, _Baseline] = {}
        self._glance: Glance | None = None
        self._told: Callable[[str], None] | None = None
        self._untold: list[str] = []
        self._over = threading.Event()
        self._most_s: float | None = hello_s
        self._channel = Channel(reads, writes, self._hear)
        self._channel.start()
        try:
            self._hello = self.hello()
        except BaseException:
            self.close()
            raise
        self._most_s = None
        self._facts = _noted(self._hello)
        self._title = self._facts.title
        self._watch = threading.Thread(target=self._look, args=(glance_s,), name="host glance", daemon=True)
        self._watch.start()

    @classmethod
    def connected(cls, name: str, stdio: tuple[int, int]) -> PipedHost:
        """Over the process's own stdin and stdout, from `own_stdio`. HostError."""
        return cls(name, *stdio)

    @classmethod
    def attached(cls, name: str, words: Sequence[str], *, hello_s: float = _HELLO_S) -> PipedHost:
        """Over a process that `words` start. HostError, with what that process said, when it does not come to
        talk with the program."""
        try:
            child = Child(words, tied=True)
        except OSError as error:
            text = f"'{words[0]}' could not be started ({error.strerror})"
            raise HostError(f"{text}: install Hitpoint again", kind="gone") from error
        try:
            return cls(name, child.reads, child.writes, child=child, hello_s=hello_s)
        except HostError as error:
            # One that did not answer in time was killed, and has nothing to say about that.
            ended = error.kind == "gone"
            said = child.problem(f"Hitpoint's part in {_TITLES.get(name, name)}") if ended else ""
            raise HostError(said or str(error), kind=error.kind) from error

    # --- what never waits -----------------------------------------------------------------------------------

    def known_facts(self) -> Facts:
        return self._facts

    def standing(self) -> Standing:
        with self._change:
            if self._lost:
                return Standing("gone", self._lost)
            since = self._since
        if since is not None and time.monotonic() - since >= _WAITING_S:
            return Standing("waiting", f"waiting for {self._title}: is a dialog open there?")
        return Standing("live")

    def change(self, path: str, sha256: str) -> Change:
        with self._change:
            baseline, now = self._baselines.get(path), self._glance
            gone = bool(self._lost)
        if baseline is None or gone:
            return self._files.change(path, sha256)
        if sha256 not in baseline.sha256s:
            # It was read again since, and was another.
            return "changed"
        if now is None or baseline.glance is None:
            return "unknown"
        return "same" if now == baseline.glance else "changed"

    def offered(self) -> str:
        return ""

    def next_step(self, scored: str) -> str:
        return self._files.next_step(scored)

    def heed(self, told: Callable[[str], None]) -> None:
        """Have `told` called, in another thread, with RAISE_WINDOW, END or GONE; at once with those that came
        before."""
        with self._change:
            self._told = told
            before, self._untold = self._untold, []
        for what in before:
            told(what)

    # --- what waits -----------------------------------------------------------------------------------------

    def read(self) -> Read:
        with self._asking:
            found = super().read()
            glance = self._glanced()
        try:
            sha256 = hashlib.sha256(Path(found.path).read_bytes()).hexdigest()
        except OSError as error:
            text = f"'{found.path}', which {self._title} wrote, cannot be read ({error.strerror})"
            raise HostError(f"{text}: read it again") from error
        with self._change:
            before = self._baselines.get(found.path)
            known = before.sha256s if before is not None and before.edit == found else frozenset[str]()
            self._baselines[found.path] = _Baseline(known | {sha256}, found, glance)
            self._glance = glance or self._glance
        return found

    def place(self, landing: Landing) -> Landed:
        return self._ours(lambda: RemoteHost.place(self, landing))

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        self._ours(lambda: RemoteHost.write_markers(self, markers, idents))

    def remove(self, job: str) -> Landed:
        return self._ours(lambda: RemoteHost.remove(self, job))

    def glance(self) -> Glance:
        with self._asking:
            found = super().glance()
            with self._change:
                self._glance = found
        return found

    def close(self) -> None:
        """The other side sees the end of the pipe and lets go of the program. Who still waits for an answer
        gets HostError. Again: nothing."""
        self._over.set()
        self._lose("the panel is closing", tell=False)
        self._channel.close()
        self._files.close()
        if self._child is not None:
            self._child.end()

    def _ours(self, change: Callable[[], T]) -> T:
        """What we change there is no change of the edit."""
        with self._asking:
            before = self._glanced()
            done = change()
            after = self._glanced()
        with self._change:
            if before is not None and after is not None:
                for path, baseline in self._baselines.items():
                    if before == baseline.glance:
                        self._baselines[path] = replace(baseline, glance=after)
                self._glance = after
        return done

    def _glanced(self) -> Glance | None:
        """None where the program does not tell now: that is no reason to ask it for nothing else."""
        try:
            return super().glance()
        except HostError:
            return None

    # --- the pipes ------------------------------------------------------------------------------------------

    def _asked(self, method: str, params: dict[str, Any]) -> Message:
        with self._asking:
            ident = next(self._numbers)
            with self._change:
                self._wanted, self._reply = ident, None
                self._since = begun = time.monotonic()
            try:
                self._channel.send(request(ident, method, params))
                return self._answer(begun)
            except FrameError as error:
                raise HostError(f"'{method}' cannot be asked ({error}): ask for less") from error
            finally:
                with self._change:
                    self._wanted, self._since = 0, None

    def _answer(self, begun: float) -> Message:
        with self._change:
            while self._reply is None:
                if self._lost:
                    raise HostError(self._lost, kind="gone")
                if self._most_s is not None and time.monotonic() - begun >= self._most_s:
                    text = f"{self._title} did not answer within {self._most_s:g} s"
                    raise HostError(
                        f"{text}: close what is open there, then open the panel again", kind="busy"
                    )
                self._change.wait(_PAUSE_S if self._most_s is None else min(_PAUSE_S, self._most_s))
            reply = self._reply
        if is_over(reply):
            self._lose(str(reply["error"].get("message", "")) or f"{self._title} has ended: {_AGAIN}")
        return reply

    def _hear(self, message: Message | FrameError | None) -> None:
        if isinstance(message, FrameError):
            record("the host's part babbled", {"how": str(message)})
            text = (
                f"what {self._title} answers makes no sense: run 'hitpoint hosts install {self.name}', then "
            )
            self._lose(f"{text}open the panel from there again; what was made stays here")
        elif message is None:
            self._lose(f"{self._title} has ended, or let go of the panel: {_AGAIN}")
        elif "id" in message:
            with self._change:
                if message["id"] == self._wanted and self._wanted:
                    self._reply = message
                    self._change.notify_all()
        else:
            self._tell(str(message.get("method")))

    def _lose(self, why: str, *, tell: bool = True) -> None:
        with self._change:
            if self._lost:
                return
            self._lost = why
            self._change.notify_all()
        if tell:
            self._channel.close()
            self._tell(GONE)

    def _tell(self, what: str) -> None:
        with self._change:
            told = self._told
            if told is None:
                self._untold.append(what)
        if told is not None:
            try:
                told(what)
            except Exception as error:  # noqa: BLE001  whoever is told must not stop us from listening
                record_fault(error)

    def _look(self, every_s: float) -> None:
        """Glances while nobody asks; when the program is gone, looks whether another panel took our place."""
        while not self._over.wait(min(every_s, _REPLACED_S) if self._lost else every_s):
            if self._lost:
                if self._hello.note and is_replaced(self._hello.note, self._hello.token):
                    self._tell(END)
                    return
            elif self._asking.acquire(blocking=False):
                try:
                    self.glance()
                except HostError:
                    # What it stands like is told by `standing`; it is looked again.
                    continue
                finally:
                    self._asking.release()


def _noted(hello: Hello) -> Facts:
    """With a note where its part there is of another release."""
    facts = hello.facts
    if hello.build == version():
        return facts
    note = (
        f"Hitpoint's part in {facts.title} is of release {hello.build}, the panel of {version()}: "
        f"run 'hitpoint hosts install {facts.name}'"
    )
    return replace(facts, notes=(*facts.notes, note))
