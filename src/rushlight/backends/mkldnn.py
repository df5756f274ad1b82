"""``torch.backends.mkldnn``: Rushlight does not use it."""

from __future__ import annotations

enabled = False


def is_available() -> bool:
    """Always False."""
    return False
