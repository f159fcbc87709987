"""File names made of other people's words: safe on every file system, and apart where the words differ."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.names import MAX_BYTES, slug, unique

DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1m1 Opening", "1m1-Opening"),
        ("Café – Überfahrt", "Cafe-Uberfahrt"),
        ("shot_01.v2", "shot_01.v2"),
        ("../../etc/passwd", "etc-passwd"),
        ("-rf *", "rf"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("a" * 80, "a" * 80),
    ],
)
def test_plain_words_stay_readable(text, name):
    assert slug(text) == name or re.fullmatch(re.escape(name) + "-[0-9a-f]{12}", slug(text))


@pytest.mark.parametrize("text", ["CON", "nul", "com1", "LPT9.txt", "aux.", "con.tar.gz", "prn "])
def test_device_names_are_none(text):
    assert not DEVICES.fullmatch(slug(text))


@given(st.text(max_size=200))
def test_any_text_makes_a_safe_name(text):
    name = slug(text)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name)
    assert len(name) <= MAX_BYTES + 13
    assert not name.endswith((".", " ")) and not DEVICES.fullmatch(name)


@given(
    st.lists(st.text(st.characters(codec="utf-8", categories=("Lo",)), min_size=1), min_size=2, unique=True)
)
def test_words_without_latin_letters_stay_apart(texts):
    import unicodedata

    composed = {unicodedata.normalize("NFC", text) for text in texts}
    assert len({slug(text) for text in composed}) == len(composed)


@given(st.lists(st.sampled_from(["a", "A", "a-2", "b", "B-2"]), max_size=12))
def test_no_two_names_are_equal_even_where_case_does_not_count(names):
    out = unique(names)
    assert len({name.casefold() for name in out}) == len(out) == len(names)
    assert all(new.casefold().startswith(old.casefold()) for new, old in zip(out, names, strict=True))


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\ufeff", "\x07", "\x00", "\n", "\x7f"])
def test_marks_that_turn_the_reading_or_the_terminal_are_dropped_and_counted(mark):
    assert slug(f"shot{mark}gpj.exe") != slug("shotgpj.exe")
    assert mark not in slug(f"shot{mark}gpj.exe")


@given(st.text(max_size=60))
def test_one_text_has_one_name_however_it_is_composed(text):
    import unicodedata

    assert slug(unicodedata.normalize("NFD", text)) == slug(unicodedata.normalize("NFC", text))


@given(st.lists(st.text(max_size=100), max_size=8))
def test_names_of_any_texts_are_apart_where_case_does_not_count_and_stay_safe(texts):
    names = unique(slug(text) for text in texts)
    assert len({name.casefold() for name in names}) == len(texts)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name) for name in names)
    assert not any(DEVICES.fullmatch(name) or name.endswith(".") for name in names)
