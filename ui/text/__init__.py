"""Every word that the panel shows, by key. A second language is a second table beside `english`."""

from __future__ import annotations

from .english import TEXTS


def tr(key: str, **values: object) -> str:
    """The text of a key, its `{names}` filled in. KeyError for a key that nobody wrote."""
    return TEXTS[key].format(**values) if values else TEXTS[key]
