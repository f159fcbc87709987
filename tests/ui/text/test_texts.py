"""Texts: there, used, short enough, and filled with what they ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import layers
from hitpoint.ui.text import tr
from hitpoint.ui.text.english import TEXTS
from hitpoint.ui.text.english_models import MODELS
from hitpoint.ui.text.english_panel import (
    CONTROLS,
    CUES,
    FIT,
    MENUS,
    PANEL,
    PLACE,
    PLAYING,
    TAKES,
    WINDOW,
    WORK,
)
from hitpoint.ui.text.english_strip import STRIP

UI = layers.ROOT / "ui"
KEY = re.compile(r"[a-z_]+(\.[a-z_0-9]+)+")
# Functions that take a key first; those of the second kind show `key.tip`, too.
DIRECT = {"tr"}
WITH_TIP = {"named", "push", "tool", "menu_button", "check_box", "choice", "Grip", "Number"}
# What a helper adds to a key that it is given.
SUFFIXES = ("", ".tip", ".example")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(UI.rglob("*.py")):
        if path.parent != UI / "text":
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def pattern(joined: ast.JoinedStr) -> str:
    """A regular expression for what an f-string can become."""
    parts = [
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_0-9.]+"
        for part in joined.values
    ]
    return "".join(parts)


def used() -> tuple[set[str], set[str]]:
    """Constants that look like keys or stand where keys stand, and patterns of f-strings."""
    constants, patterns = set(), set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in WANTED:
                constants.add(node.value)
            if isinstance(node, ast.JoinedStr) and "\\." in pattern(node):
                patterns.add(pattern(node))
    return constants, patterns


WANTED = set(TEXTS) | {key.rsplit(".", 1)[0] for key in TEXTS}


def called(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def asked() -> Iterator[tuple[str, str, str]]:
    """(file, function, key) for every key that is written where a text is asked for."""
    for path, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or called(node.func) not in DIRECT | WITH_TIP:
                continue
            name = called(node.func)
            for arg in node.args[: 2 if name == "named" else 1]:
                for part in ast.walk(arg):
                    if isinstance(part, ast.Constant) and KEY.fullmatch(str(part.value)):
                        tip = any(
                            word.arg == "tip" and getattr(word.value, "value", None) is False
                            for word in node.keywords
                        )
                        yield path.name, "tr" if tip else name, str(part.value)


def test_every_key_that_is_asked_for_has_a_text() -> None:
    missing = []
    for file, function, key in asked():
        wanted = (key,) if function in DIRECT else (key, f"{key}.tip")
        missing += [(file, one) for one in wanted if one not in TEXTS]
    assert missing == []


def test_every_f_string_in_tr_can_become_a_key() -> None:
    for path, tree in sources():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and called(node.func) == "tr"
                and isinstance(node.args[0], ast.JoinedStr)
            ):
                shape = pattern(node.args[0])
                # A helper's own key, for example f"{key}.tip", can become any.
                assert any(re.fullmatch(shape, key) for key in TEXTS), (path.name, shape)


def test_every_text_is_used() -> None:
    constants, patterns = used()
    # A pattern that could be anything proves nothing.
    telling = [one for one in patterns if not one.startswith("[a-z_0-9.]+")]
    unused = []
    for key in TEXTS:
        stems = {key.removesuffix(suffix) for suffix in SUFFIXES}
        if not stems & constants and not any(re.fullmatch(one, key) for one in telling):
            unused.append(key)
    assert unused == []


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_text_is_short_and_not_empty(key: str) -> None:
    text = TEXTS[key]
    most = 60 if key.endswith(".tip") else 120 if key.endswith(".says") else 25
    assert 0 < len(text) <= most, f"{len(text)} characters: {text}"
    assert text == text.strip()


def test_no_key_is_written_twice() -> None:
    tables = (WINDOW, MENUS, PLAYING, CUES, CONTROLS, TAKES, WORK, FIT, PLACE)
    assert sum(map(len, tables)) == len(PANEL)
    assert len(PANEL) + len(STRIP) + len(MODELS) == len(TEXTS)


def test_values_are_filled_in_and_unknown_keys_refused() -> None:
    assert tr("takes.seed", seed=7) == "seed 7"
    with pytest.raises(KeyError):
        tr("no.such.text")


def test_texts_are_given_the_values_that_they_name() -> None:
    wrong = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or called(node.func) != "tr":
                continue
            first = node.args[0]
            if not isinstance(first, ast.Constant) or first.value not in TEXTS:
                continue
            if any(word.arg is None for word in node.keywords):
                continue
            fields = {name for _, name, _, _ in Formatter().parse(TEXTS[first.value]) if name}
            if fields != {word.arg for word in node.keywords}:
                wrong.append((path.name, first.value))
    assert wrong == []
