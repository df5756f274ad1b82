"""Between tensors and the NumPy arrays on which the image kernels work."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rushlight import ops
from rushlight.dtypes import dtype as DType
from rushlight.tensor import Tensor

Array = NDArray[Any]


def to_array(tensor: Tensor) -> Array:
    """The values of ``tensor`` as an array that shares its memory: read it, do not keep it."""
    return tensor.detach().numpy()


def from_array(array: Array) -> Tensor:
    """A tensor that takes ownership of ``array``: nobody may write to the array afterwards."""
    return ops.from_numpy(np.require(array, requirements=["C", "W"]))


def numpy_dtype(dtype: DType) -> np.dtype:
    """The NumPy type that holds the elements of ``dtype``."""
    return dtype.numpy
