"""Errors that a command reports in one line."""

from __future__ import annotations


class CommandError(RuntimeError):
    """What the user has to know, as one line; ends the command with ``code`` and no traceback."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code


class Stopped(CommandError):
    """The user or the system asked the command to stop; ``number`` is the signal's."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message, code=128 + number)


def reason(error: BaseException) -> str:
    """What went wrong, as one line without the error's notes: ``ValueError: bad value``."""
    lines = str(error).strip().splitlines()
    name = type(error).__name__
    return f"{name}: {lines[0].rstrip('.')}" if lines else name
