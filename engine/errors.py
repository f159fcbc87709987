"""What can go wrong, as one tree.

    HitpointError
    ├── UserError        exit 2: the user can mend it, the sentence says how
    │   ├── InputError       a file that is missing, unreadable, or not what it should be
    │   ├── SelectionError   a range, clip or marker that selects nothing
    │   ├── OptionError      a value that is not one of those possible
    │   ├── OutputError      a folder that cannot be, or must not be, written
    │   └── StaleResult      the edit is no longer the one that was scored; the music is kept
    ├── EngineFault      exit 1: ours to mend
    └── Cancelled        exit 130: the user stopped it

A `Problem` is not an exception: work went on, and this is what was lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass


class HitpointError(Exception):
    """The text is one sentence for the user: what is wrong with which thing, and what to do."""

    exit_code = 1


class UserError(HitpointError):
    exit_code = 2


class InputError(UserError):
    pass


class SelectionError(UserError):
    pass


class OptionError(UserError):
    pass


class OutputError(UserError):
    pass


class StaleResult(UserError):
    pass


class EngineFault(HitpointError):
    pass


class Cancelled(HitpointError):
    exit_code = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was degraded: `kind` for programs, `text` for people (one sentence)."""

    kind: str
    text: str
