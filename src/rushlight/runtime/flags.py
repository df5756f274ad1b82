"""Flags: an environment default, a value at run time. Each says whether it changes generated
code."""

from __future__ import annotations

import os


def _int(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip().lower()
    if text in ("", "none"):
        return default
    if text in ("true", "on", "yes"):
        return 1
    if text in ("false", "off", "no"):
        return 0
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, got {text!r}") from None


class Flags:
    """The settings of this process, read once from ``RUSHLIGHT_*``.

    Attributes:
        debug: 0-3. 1 prints cache misses with their reason, 2 the time of each flush,
            3 each step of each new Program.
        backend: ``interpreter`` (NumPy), ``compiler`` (llvmlite where it can) or ``null``
            (runs everything but arithmetic).
        node_limit: pending nodes at which a flush happens by itself: a safety net.
    """

    __slots__ = ("backend", "debug", "node_limit")

    def __init__(self) -> None:
        self.debug = _int("RUSHLIGHT_DEBUG", 0)
        self.backend = os.environ.get("RUSHLIGHT_BACKEND", "interpreter")
        self.node_limit = _int("RUSHLIGHT_NODE_LIMIT", 20000)


flags = Flags()
