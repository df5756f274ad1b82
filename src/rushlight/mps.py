"""``torch.mps``: there are no Apple GPUs here."""

from __future__ import annotations


def is_available() -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Does nothing: there is no device whose generator could be seeded."""


def empty_cache() -> None:
    """Does nothing: there is no device memory."""


def synchronize() -> None:
    """Does nothing: there is no device to wait for."""
