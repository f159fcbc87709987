"""Colours by what they stand for, light and dark, and putting them on an application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication, QStyleFactory, QWidget

ThemeChoice = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as "#rrggbb": `QColor(palette.must)`.

    background    behind everything; lanes lie on `panel`
    text, dim     what is read, and what is read second
    accent        chosen, focused; `on_accent` is written on it
    must .. avoid the three kinds of hits; `strong` marks those that the tempo map is bent for
    energy .. speech  curves and spans of the picture
    ok, warn, bad states; also readable as text
    """

    dark: bool
    background: str
    panel: str
    field: str
    text: str
    dim: str
    line: str
    accent: str
    on_accent: str
    must: str
    would: str
    avoid: str
    strong: str
    energy: str
    motion: str
    warmth: str
    brightness: str
    change: str
    speech: str
    wave: str
    cue: str
    playhead: str
    ok: str
    warn: str
    bad: str


LIGHT = Palette(
    dark=False,
    background="#e6e8eb",
    panel="#f6f7f8",
    field="#ffffff",
    text="#1b1d21",
    dim="#545a63",
    line="#c2c7ce",
    accent="#1a5fb4",
    on_accent="#ffffff",
    must="#b3261e",
    would="#8f5200",
    avoid="#14579e",
    strong="#1b1d21",
    energy="#7033a8",
    motion="#0a6b66",
    warmth="#b04a12",
    brightness="#7a6000",
    change="#5f6670",
    speech="#256b2a",
    wave="#3a6aa3",
    cue="#1a5fb4",
    playhead="#c2001a",
    ok="#17692f",
    warn="#7d5300",
    bad="#a8201a",
)
DARK = Palette(
    dark=True,
    background="#191b1e",
    panel="#232629",
    field="#2c3035",
    text="#e8eaed",
    dim="#a6acb5",
    line="#42474e",
    accent="#6ea8fe",
    on_accent="#0d1520",
    must="#ff7070",
    would="#f5b14c",
    avoid="#6cb2ff",
    strong="#ffffff",
    energy="#c792ea",
    motion="#4dd0c4",
    warmth="#ff9d5c",
    brightness="#f2d45c",
    change="#9aa3ad",
    speech="#7bd88f",
    wave="#7aa7d9",
    cue="#6ea8fe",
    playhead="#ff4d5e",
    ok="#5fd38d",
    warn="#f0b849",
    bad="#ff8078",
)

# What Qt has no role for: a focus ring that is seen, groups without heavy frames, chosen buttons.
_SHEET = """
QGroupBox {{ border: none; margin-top: 1.5em; font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 0px; padding: 0px 0px 2px 0px; color: {dim}; }}
QToolButton {{ padding: 1px 1px; border: 1px solid {line}; border-radius: 4px; background: {field}; }}
QToolButton:hover {{ border-color: {dim}; }}
QToolButton:checked {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QToolButton:disabled {{ color: {dim}; background: {panel}; }}
QToolButton:focus {{ border: 2px solid {accent}; padding: 0px 0px; }}
QToolButton:checked:focus {{ border: 2px solid {text}; padding: 0px 0px; }}
QToolButton::menu-indicator {{ image: none; width: 0px; }}
QPushButton {{ padding: 2px 10px; border: 1px solid {line}; border-radius: 4px; background: {field}; }}
QPushButton:hover {{ border-color: {dim}; }}
QPushButton:disabled {{ color: {dim}; background: {panel}; }}
QPushButton:focus {{ border: 2px solid {accent}; padding: 1px 9px; }}
QPushButton[main="true"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton[main="true"]:disabled {{ background: {line}; color: {dim}; border-color: {line}; }}
QPushButton[main="true"]:focus {{ border: 2px solid {text}; padding: 1px 9px; }}
QLineEdit {{ padding: 1px 3px; border: 1px solid {line}; border-radius: 3px; background: {field}; }}
QLineEdit:focus {{ border-color: {accent}; }}
QLineEdit#qt_spinbox_lineedit {{ padding: 0px; border: none; background: transparent; }}
QCheckBox::indicator {{ width: 11px; height: 11px; border: 1px solid {dim}; border-radius: 3px; }}
QCheckBox::indicator {{ background: {field}; }}
QCheckBox::indicator:checked {{ background: {accent}; }}
QCheckBox:focus {{ color: {accent}; }}
QFrame[card="true"] {{ border: 1px solid {line}; border-radius: 4px; background: {panel}; }}
QToolTip {{ color: {text}; background: {panel}; border: 1px solid {line}; padding: 3px; }}
QScrollArea {{ border: none; }}
QSplitter::handle {{ background: {background}; }}
QLabel[dim="true"] {{ color: {dim}; }}
QLabel[warn="true"] {{ color: {warn}; font-weight: 700; }}
QLabel[big="true"] {{ font-size: 15pt; font-weight: 600; }}
"""


def wished(app: QApplication, choice: ThemeChoice) -> Palette:
    """The colours that a choice means here; "system" asks the desktop, which may not know: then light."""
    if choice != "system":
        return DARK if choice == "dark" else LIGHT
    hints = app.styleHints()
    return DARK if hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def apply(app: QApplication, choice: ThemeChoice) -> Palette:
    """Give the application these colours; widgets that paint themselves are repainted by Qt."""
    colours = wished(app, choice)
    sheet = _SHEET.format(**{name: getattr(colours, name) for name in _NAMES})
    # Styling every widget anew is felt: only for other colours.
    if app.styleSheet() == sheet:
        return colours
    if not app.styleSheet():
        app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(qt_palette(colours))
    app.setStyleSheet(sheet)
    return colours


def palette(widget: QWidget) -> Palette:
    """The colours that a widget lies in: read from its Qt palette, so that no state is kept here."""
    return DARK if widget.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def qt_palette(colours: Palette) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    out = QPalette()
    for which, colour in (
        (role.Window, colours.background),
        (role.WindowText, colours.text),
        (role.Base, colours.field),
        (role.AlternateBase, colours.panel),
        (role.ToolTipBase, colours.panel),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.dim),
        (role.Text, colours.text),
        (role.Button, colours.panel),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.bad),
        (role.Link, colours.accent),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Accent, colours.accent),
        (role.Mid, colours.line),
        (role.Midlight, colours.line),
        (role.Dark, colours.line),
        (role.Light, colours.panel),
    ):
        out.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        out.setColor(group.Disabled, which, QColor(colours.dim))
    return out


def contrast(one: str, other: str) -> float:
    """Of two "#rrggbb" colours, 1..21, as WCAG 2 reckons it; 4.5 is readable text."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


_NAMES = ("background", "panel", "field", "text", "dim", "line", "accent", "on_accent", "warn")
