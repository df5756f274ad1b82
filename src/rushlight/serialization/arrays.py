"""NumPy scalars and arrays in checkpoints, which people put there as losses and metrics.

They are rebuilt from raw bytes after their type, shape and length have been checked; arrays of
Python objects and records are refused.
"""

from __future__ import annotations

import re
from math import prod
from pickle import UnpicklingError
from typing import Any

import numpy as np

_SAFE_TYPE = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248]|c8|c16|[SU][0-9]{1,6})")


def make_dtype(text: Any, align: Any = False, copy: Any = False) -> np.dtype[Any]:
    """``numpy.dtype("f8", False, True)`` for numbers, bools and text."""
    if type(text) is not str or not _SAFE_TYPE.fullmatch(text):
        raise UnpicklingError(f"the numpy.dtype {text!r:.40} cannot be loaded")
    return np.dtype(text, copy=True)


def _set_state(obj: Any, state: tuple[Any, ...]) -> None:
    """NumPy's own unpickling, with a state that has been checked."""
    obj.__setstate__(state)


def build_dtype(d: np.dtype[Any], state: Any) -> None:
    """Set the byte order, the only thing that the state of a plain dtype can say."""
    sizes = ((-1, -1), (d.itemsize, d.alignment))
    if not (
        isinstance(state, tuple)
        and len(state) == 8
        and state[0] == 3
        and state[1] in ("<", ">", "=", "|")
        and state[2:5] == (None, None, None)
        and state[5:7] in sizes
        and type(state[7]) is int
    ):
        raise UnpicklingError(f"the state {state!r:.80} of a numpy.dtype cannot be loaded")
    if d.kind not in "SU":
        _set_state(d, (*state[:5], -1, -1, 0))
    elif state[5:7] == sizes[1]:
        _set_state(d, (*state[:7], 4 if d.kind == "S" else 8))


def _check_dtype(d: Any) -> np.dtype[Any]:
    if not isinstance(d, np.dtype) or d.kind not in "biufcSU" or not _SAFE_TYPE.fullmatch(d.str):
        raise UnpicklingError(f"numpy data of type {d!r:.40} cannot be loaded")
    return d


def _elements(d: Any, data: Any, count: int) -> np.ndarray:
    kind = _check_dtype(d)
    if not isinstance(data, (bytes, bytearray)) or len(data) != count * kind.itemsize:
        raise UnpicklingError(f"numpy data does not have {count} elements of type {kind}")
    if not kind.itemsize:
        return np.zeros(count, kind)
    return np.frombuffer(bytearray(data), kind)


def _count(shape: Any) -> int:
    if not isinstance(shape, tuple) or any(type(n) is not int or n < 0 for n in shape):
        raise UnpicklingError(f"{shape!r:.80} is no shape of a numpy array")
    return prod(shape)


def make_scalar(d: Any, data: Any) -> Any:
    """``numpy._core.multiarray.scalar(dtype, bytes)``."""
    return _elements(d, data, 1)[0]


def make_empty(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """``numpy._core.multiarray._reconstruct``: an array that is about to get its state."""
    if getattr(kind, "value", kind) is not np.ndarray:
        raise UnpicklingError("a subclass of numpy.ndarray cannot be loaded")
    return np.ndarray((0,), "b")


def build_array(a: np.ndarray, state: Any) -> None:
    """Set type, shape and elements of what :func:`make_empty` made."""
    if not isinstance(state, tuple) or len(state) != 5 or state[0] != 1:
        raise UnpicklingError("the state of a numpy array cannot be loaded")
    if a.shape != (0,):
        raise UnpicklingError("a numpy array cannot get its state twice")
    _, shape, d, is_fortran, data = state
    _elements(d, data, _count(shape))
    _set_state(a, (1, shape, d, bool(is_fortran), bytes(data)))


def make_from_buffer(data: Any, d: Any, shape: Any, order: Any) -> np.ndarray:
    """``numpy._core.numeric._frombuffer``, which pickle protocol 5 uses."""
    if order not in ("C", "F"):
        raise UnpicklingError(f"{order!r:.20} is no order of a numpy array")
    return _elements(d, data, _count(shape)).reshape(shape, order=order)
