"""PyTorch's `torch.utils`: `data`, `hooks` and `checkpoint`, each loaded at its first use."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["checkpoint", "data", "hooks", "tensorboard"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
