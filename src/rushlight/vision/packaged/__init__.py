"""The data that ships with Rushlight: MNIST (``ATTRIBUTION.md`` has authors and licence)."""

from __future__ import annotations

import os


def path(filename: str) -> str:
    """The path of a packaged file, which need not exist."""
    return os.path.join(os.path.dirname(__file__), filename)
