"""An object of the API as scripts hold it: a handle that knows a name for everything.

Each method passes `Gate.call`, where the faults of the moment strike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from .traps import Traps

P = ParamSpec("P")
T = TypeVar("T")


class Gate(Protocol):
    traps: Traps

    def call(self, handle: Remote, name: str, studio: bool, act: Callable[[], Any]) -> Any: ...


class Remote:
    """Equality is that of the handle, as in fusionscript: two calls give two handles of one thing."""

    def __init__(self, fake: Any, *, dead: bool = False) -> None:
        self._fake = fake
        self._dead = dead

    def _alive(self) -> bool:
        return not self._dead

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not self._fake.traps.hasattr_lies:
            raise AttributeError(name)
        return None

    def __dir__(self) -> list[str]:
        return sorted(name for name in self._names() if getattr(type(self), name).there(self._fake.traps))

    @classmethod
    def _names(cls) -> Iterator[str]:
        for owner in cls.__mro__:
            for name, value in vars(owner).items():
                if isinstance(value, Method):
                    yield name

    def __repr__(self) -> str:
        return f"{type(self).__name__} (0x{id(self):X}) [App: 'Resolve' on 127.0.0.1]"


class Method:
    """A method of the API, there from version `since` on; `studio`: in Studio alone."""

    def __init__(self, act: Callable[..., Any], since: tuple[int, ...], studio: bool) -> None:
        self.act = act
        self.since = since
        self.studio = studio
        self.__doc__ = act.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def there(self, traps: Traps) -> bool:
        return traps.number >= self.since

    def __get__(self, handle: Remote | None, owner: type) -> Any:
        if handle is None:
            return self
        if not self.there(handle._fake.traps):
            if not handle._fake.traps.hasattr_lies:
                raise AttributeError(self.name)
            return None

        @wraps(self.act)
        def bound(*args: Any, **named: Any) -> Any:
            return handle._fake.call(handle, self.name, self.studio, lambda: self.act(handle, *args, **named))

        return bound


def api(act: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    return Method(act, (0,), False)  # type: ignore[return-value]


def api_since(
    *version: int, studio: bool = False
) -> Callable[[Callable[Concatenate[Any, P], T]], Callable[Concatenate[Any, P], T]]:
    def mark(act: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
        return Method(act, version, studio)  # type: ignore[return-value]

    return mark


def whole(value: object) -> int | None:
    """A frame number as Resolve takes it; None for a fraction or no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value == int(value) else None


class Dialog:
    """A dialog that stands open in Resolve: calls wait until it is answered."""

    def __init__(self) -> None:
        self.shown = threading.Event()
        self.answered = threading.Event()

    def wait(self, seconds: float) -> None:
        self.shown.set()
        self.answered.wait(seconds or None)
