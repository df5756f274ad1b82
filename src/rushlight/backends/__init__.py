"""``torch.backends``: switches of libraries that Rushlight does not use; they are kept."""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = frozenset({"cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"})


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
