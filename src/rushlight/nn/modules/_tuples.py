"""Numbers that stand for a tuple of themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def ntuple(value: Any, n: int) -> tuple[Any, ...]:
    """``value`` as a tuple: an iterable is taken as it is, a number is repeated ``n`` times."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * n
