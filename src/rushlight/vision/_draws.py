"""Random draws of the transforms, from the default generator and in torchvision's order."""

from __future__ import annotations

import numpy as np

from rushlight import ops
from rushlight.graph.tape import value_of
from rushlight.random import default_generator
from rushlight.vision._bridge import Array


def rand() -> float:
    """``rand(1)`` as a Python float."""
    return float(ops.rand(1).item())


def chance(p: float) -> bool:
    """``rand(1) < p``, compared in float32 as the tensor would."""
    return bool(np.float32(rand()) < np.float32(p))


def uniform(low: float, high: float) -> float:
    """One number from ``empty(1).uniform_(low, high)``."""
    return float(ops.empty(1).uniform_(float(low), float(high)).item())


def randint(low: int, high: int) -> int:
    """One integer from ``randint(low, high, (1,))``."""
    return int(ops.randint(low, high, (1,)).item())


def randperm(n: int) -> list[int]:
    """``randperm(n)`` as a list."""
    return [int(i) for i in ops.randperm(n).tolist()]


def block(n: int) -> Array:
    """The next ``n`` raw 32-bit outputs of the default generator, which advances by as many.

    ``rand(1)`` is ``(raw & 0xffffff) * 2**-24`` of one output and ``randint(lo, hi, (1,))`` is
    ``lo + raw % (hi - lo)``.
    """
    state_and_words: Array = value_of(default_generator._draw(n))
    return state_and_words[-n:]
