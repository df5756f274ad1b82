"""Random draws of the transforms, from the default generator and in torchvision's order."""

from __future__ import annotations

import numpy as np

from rushlight import ops
from rushlight.random import default_generator
from rushlight.vision._bridge import Array, to_array


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


# Where get_state() keeps the engine: left (i32 at 8), next (u64 at 16), 624 words in 8 bytes each.
_LEFT, _NEXT, _WORDS = slice(8, 12), slice(16, 24), slice(24, 24 + 624 * 8)


def block(n: int) -> Array:
    """The next ``n`` raw 32-bit outputs of the default generator, which advances by as many.

    ``rand(1)`` is ``(raw & 0xffffff) * 2**-24`` of one output and ``randint(lo, hi, (1,))`` is
    ``lo + raw % (hi - lo)``.
    """
    state = to_array(default_generator.get_state()).copy()
    words = state[_WORDS].view("<u8")
    engine = np.random.MT19937()
    position = int(state[_NEXT].view("<u8")[0]) if state[_LEFT].view("<i4")[0] != 1 else 624
    engine.state = {
        "bit_generator": "MT19937",
        "state": {"key": words.astype(np.uint32), "pos": position},
    }
    raw = engine.random_raw(n).astype(np.uint32)
    after = engine.state["state"]
    words[:] = after["key"]
    state[_NEXT].view("<u8")[0] = after["pos"]
    state[_LEFT].view("<i4")[0] = 625 - after["pos"]
    default_generator.set_state(ops.from_numpy(state))
    return raw
