"""Errors say what PyTorch says, and below it what PyTorch leaves out: a note with the likely
repair."""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def with_note(error: E, note: str) -> E:
    """The error with a note under its message, which stays PyTorch's to the letter."""
    if note:
        error.add_note(note)
    return error
