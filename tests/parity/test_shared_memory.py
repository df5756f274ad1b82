"""What an operator computed does not change when NumPy writes to its operands afterwards."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from operator_samples import Fixed, T, samples_of

import rushlight
from rushlight.ops.registry import OPERATORS
from rushlight.tensor import Tensor

NAMES = sorted(name for name, row in OPERATORS.items() if row.samples)


def _shared(x: Any, arrays: list[np.ndarray]) -> Any:
    """A sample's operand as a tensor on NumPy's memory, which is added to ``arrays``."""
    if isinstance(x, list | tuple):
        return type(x)(_shared(y, arrays) for y in x)
    if not isinstance(x, T | Fixed):
        return x
    array = np.array(x.array.astype(np.float32) if isinstance(x, T) else x.array)
    arrays.append(array)
    return rushlight.from_numpy(array)


def _tensors(x: Any) -> list[Tensor]:
    if isinstance(x, Tensor):
        return [x]
    return [t for y in x for t in _tensors(y)] if isinstance(x, list | tuple) else []


def _results(name: str, sample: Any) -> list[np.ndarray] | str:
    arrays: list[np.ndarray] = []
    args = [_shared(a, arrays) for a in sample.args]
    kwargs = {k: _shared(v, arrays) for k, v in sample.kwargs.items()}
    rushlight.manual_seed(0)
    try:
        found = _tensors(OPERATORS[name].function(*args, **kwargs))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    views = [any(t._storage is a._storage for a in _tensors(args)) for t in found]
    for array in arrays:
        array[...] = 1
    return [np.array(t.tolist()) for t, view in zip(found, views, strict=True) if not view]


@pytest.mark.parametrize("name", NAMES)
def test_results_are_those_of_the_call(name, monkeypatch):
    for sample in samples_of(OPERATORS[name].samples):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            monkeypatch.setattr("rushlight.storage._COPY_LIMIT", 1 << 20)
            copied = _results(name, sample)
            monkeypatch.setattr("rushlight.storage._COPY_LIMIT", 0)  # reads where the memory lies
            lent = _results(name, sample)
        if isinstance(copied, str) or isinstance(lent, str):
            assert copied == lent
            continue
        for a, b in zip(copied, lent, strict=True):
            np.testing.assert_array_equal(a, b)
