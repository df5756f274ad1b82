"""bfloat16 and float16: held in 16 bits, computed in float32."""

from __future__ import annotations

import numpy as np

from ..dtypes import bfloat16, dtype, float16

NARROW = frozenset({bfloat16, float16})


def widen(array: np.ndarray, d: dtype) -> np.ndarray:
    """The float32 values of an array held as narrow dtype ``d``. Exact."""
    if d is bfloat16:
        return (array.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return array.astype(np.float32)


def narrow(array: np.ndarray, d: dtype) -> np.ndarray:
    """Round float32 values to narrow dtype ``d``: to nearest, ties to even; NaN stays NaN."""
    if d is not bfloat16:
        return np.asarray(array).astype(np.float16)
    array = np.asarray(array, dtype=np.float32)
    bits = np.ascontiguousarray(array).view(np.uint32).reshape(array.shape)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    return np.where(np.isnan(array), np.uint32(0x7FC0), rounded).astype(np.uint16)


def compute_type(d: dtype) -> np.dtype:
    """The NumPy type in which values of ``d`` are computed."""
    return np.dtype(np.float32) if d in NARROW else d.numpy
