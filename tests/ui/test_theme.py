"""Colours that can be read, in both themes."""

from __future__ import annotations

import dataclasses

import pytest
from PyQt6.QtWidgets import QApplication, QWidget

from hitpoint.ui import theme

READ = ("text", "dim", "accent", "must", "would", "avoid", "strong", "energy", "ok", "warn", "bad")
SEEN = ("motion", "warmth", "brightness", "change", "speech", "wave", "cue", "playhead")
BOTH = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@BOTH
@pytest.mark.parametrize("ground", ["background", "panel", "field"])
def test_what_is_read_has_contrast_of_at_least_4_5(colours: theme.Palette, ground: str) -> None:
    poor = {
        role: round(ratio, 2)
        for role in READ
        if (ratio := theme.contrast(getattr(colours, role), getattr(colours, ground))) < 4.5
    }
    assert poor == {}


@BOTH
def test_what_is_drawn_has_contrast_of_at_least_3(colours: theme.Palette) -> None:
    poor = {
        role: round(ratio, 2)
        for role in SEEN
        for ground in (colours.panel, colours.field)
        if (ratio := theme.contrast(getattr(colours, role), ground)) < 3
    }
    assert poor == {}
    assert theme.contrast(colours.on_accent, colours.accent) >= 4.5


@BOTH
def test_every_role_is_a_colour(colours: theme.Palette) -> None:
    for field in dataclasses.fields(colours):
        if field.name != "dark":
            assert len(getattr(colours, field.name)) == 7 and getattr(colours, field.name)[0] == "#"


def test_a_widget_knows_the_colours_that_it_lies_in(qapp: QApplication) -> None:
    for choice, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
        assert theme.apply(qapp, choice) is colours
        assert theme.palette(QWidget()) is colours
