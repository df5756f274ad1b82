"""``torch.backends.cpu``."""

from __future__ import annotations


def get_cpu_capability() -> str:
    """``"DEFAULT"``: the NumPy executor does not select instructions itself."""
    return "DEFAULT"
