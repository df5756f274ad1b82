"""``torch.backends.cudnn``: stored switches; the library is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

enabled = True
benchmark = False
benchmark_limit = 10
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """Always False."""
    return False


def version() -> None:
    """Always ``None``."""
    return


@contextmanager
def flags(**settings: Any) -> Iterator[None]:
    """Set switches for the length of a ``with`` block."""
    before = {name: globals()[name] for name in settings}
    globals().update(settings)
    try:
        yield
    finally:
        globals().update(before)
