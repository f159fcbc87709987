"""Properties that tell when they change, and binding two of them: state lives in models, widgets show it.

    class Transport(QObject):
        playing_changed = pyqtSignal(object)
        playing = Property(False)

A property `name` emits `name_changed` with the new value, only when it is another one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from PyQt6.QtCore import QObject

T = TypeVar("T")


class Property(Generic[T]):
    """A value of a QObject that has a signal `NAME_changed`."""

    def __init__(self, default: T) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._key = f"_property_{name}"

    @overload
    def __get__(self, obj: None, owner: type) -> Property[T]: ...
    @overload
    def __get__(self, obj: QObject, owner: type) -> T: ...
    def __get__(self, obj: QObject | None, owner: type) -> T | Property[T]:
        if obj is None:
            return self
        value: T = obj.__dict__.get(self._key, self._default)
        return value

    def __set__(self, obj: QObject, value: T) -> None:
        if value == obj.__dict__.get(self._key, self._default):
            return
        obj.__dict__[self._key] = value
        getattr(obj, f"{self._name}_changed").emit(value)


def show(model: QObject, name: str, display: Callable[[Any], object]) -> None:
    """Have `display` called with the property's value, now and whenever it changes."""
    getattr(model, f"{name}_changed").connect(display)
    display(getattr(model, name))
