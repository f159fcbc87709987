"""Every action of the panel that a key or a menu reaches, in one table. Standard library only, so that the
documentation is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Where = Literal["anywhere", "strip", "takes"]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """
    action  the key of its text in `ui.text` is "action." and this
    keys    as Qt writes them, "Ctrl+G"; () for an action of the menu alone
    where   what has to hold the keyboard: a key of a lane counts there alone
    menu    "file", "edit", "play", "cue", "takes", "there", "view"; "" for none
    """

    action: str
    keys: tuple[str, ...]
    menu: str = ""
    where: Where = "anywhere"

    @property
    def plain(self) -> bool:
        """Whether a text field wants the key, too: such keys reach an action only where nobody took them."""
        return any(not key.startswith(("Ctrl+", "Alt+", "F1")) for key in self.keys)


SHORTCUTS = (
    Shortcut("open", ("Ctrl+O",), "file"),
    Shortcut("demo", (), "file"),
    Shortcut("read_again", ("Ctrl+R",), "file"),
    Shortcut("preview_place", ("Ctrl+P",), "file"),
    Shortcut("quit", ("Ctrl+Q",), "file"),
    Shortcut("undo", ("Ctrl+Z",), "edit"),
    Shortcut("redo", ("Ctrl+Shift+Z",), "edit"),
    Shortcut("add_hit", ("H",), "edit"),
    Shortcut("hit_left", ("Ctrl+Left",), where="strip"),
    Shortcut("hit_right", ("Ctrl+Right",), where="strip"),
    Shortcut("hit_kind", ("M",), where="strip"),
    Shortcut("hit_name", ("F2",), where="strip"),
    Shortcut("hit_delete", ("Delete",), where="strip"),
    Shortcut("bigger", ("B",), where="strip"),
    Shortcut("smaller", ("S",), where="strip"),
    Shortcut("play", ("Space",), "play"),
    Shortcut("back", ("J",), "play"),
    Shortcut("stop", ("K",), "play"),
    Shortcut("forward", ("L",), "play"),
    Shortcut("left", ("Left",), "play"),
    Shortcut("right", ("Right",), "play"),
    Shortcut("left_ten", ("Shift+Left",), "play"),
    Shortcut("right_ten", ("Shift+Right",), "play"),
    Shortcut("first", ("Home",), "play"),
    Shortcut("last", ("End",), "play"),
    Shortcut("previous_hit", ("PgUp",), "play"),
    Shortcut("next_hit", ("PgDown",), "play"),
    Shortcut("previous_cut", ("Up",), where="strip"),
    Shortcut("next_cut", ("Down",), where="strip"),
    Shortcut("loop", ("Ctrl+B",), "play"),
    Shortcut("loop_from", ("[",), where="strip"),
    Shortcut("loop_to", ("]",), where="strip"),
    Shortcut("click", ("C",), "play"),
    Shortcut("set_in", ("I",), "cue"),
    Shortcut("set_out", ("O",), "cue"),
    Shortcut("make_cue", ("Ctrl+M",), "cue"),
    Shortcut("make_cue_here", ("Return", "Enter"), where="strip"),
    Shortcut("next_cue", ("Ctrl+Down",), "cue"),
    Shortcut("previous_cue", ("Ctrl+Up",), "cue"),
    Shortcut("lock", ("Ctrl+L",), "cue"),
    Shortcut("remove_cue", (), "cue"),
    Shortcut("audition", ("Ctrl+E",), "cue"),
    Shortcut("generate", ("Ctrl+G",), "cue"),
    Shortcut("generate_all", ("Ctrl+Shift+G",), "cue"),
    Shortcut("temp", ("T",), "takes"),
    Shortcut("next_take", ("N",), "takes"),
    Shortcut("previous_take", ("Shift+N",), "takes"),
    Shortcut("approve", ("Ctrl+Return",), "takes"),
    Shortcut("reject", ("X",), "takes"),
    Shortcut("more_like", ("Ctrl+T",), "takes"),
    Shortcut("hear", ("Return", "Enter"), where="takes"),
    Shortcut("take_name", ("F2",), where="takes"),
    Shortcut("open_take", ("Right",), where="takes"),
    Shortcut("close_take", ("Left",), where="takes"),
    Shortcut("open_there", ("Ctrl+Shift+O",), "there"),
    Shortcut("use_selected", ("Ctrl+U",), "there"),
    Shortcut("go_there", ("G",), "there"),
    Shortcut("show_there", ("Shift+G",), "there"),
    Shortcut("show_hits", ("Ctrl+Shift+H",), "there"),
    Shortcut("take_hits", ("Ctrl+H",), "there"),
    Shortcut("zoom_in", ("Ctrl++", "Ctrl+="), "view"),
    Shortcut("zoom_out", ("Ctrl+-",), "view"),
    Shortcut("zoom_in_here", ("+", "="), where="strip"),
    Shortcut("zoom_out_here", ("-",), where="strip"),
    Shortcut("fit_cue", ("F",), "view"),
    Shortcut("fit_all", ("Shift+F",), "view"),
    Shortcut("snap", ("Ctrl+Shift+S",), "view"),
    Shortcut("go_strip", ("Ctrl+1",), "view"),
    Shortcut("go_takes", ("Ctrl+2",), "view"),
    Shortcut("go_controls", ("Ctrl+3",), "view"),
    Shortcut("go_fit", ("Ctrl+4",), "view"),
)
