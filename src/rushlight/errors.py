"""Errors say what PyTorch says, and below it what PyTorch leaves out: a note with the likely
repair."""

from __future__ import annotations

from typing import TypeVar

SUPPORTED_NAMES = "docs/supported.md"
WHERE_NAMES_ARE = (
    f"The names that Rushlight has are in {SUPPORTED_NAMES}; `rushlight names` prints them."
)

E = TypeVar("E", bound=BaseException)


def with_note(error: E, note: str) -> E:
    """The error with a note under its message, which stays PyTorch's to the letter."""
    if note:
        error.add_note(note)
    return error


def missing_attribute(module: str, name: str) -> AttributeError:
    """The error for ``module.name``, to be raised by a module's ``__getattr__``.

    ``module`` is the module's ``__name__``; the message begins as Python's own does.
    """
    return AttributeError(
        f"module '{module}' has no attribute '{name}'. {WHERE_NAMES_ARE}", name=name, obj=None
    )
