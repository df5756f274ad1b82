"""RemovableHandle: what every ``register_*_hook`` returns, under PyTorch's path."""

from __future__ import annotations

from rushlight.autograd.hooks import RemovableHandle

__all__ = ["RemovableHandle"]
