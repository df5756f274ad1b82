"""Between tensors and the NumPy arrays on which the image kernels work."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rushlight.dtypes import bfloat16, get_default_dtype
from rushlight.dtypes import dtype as DType
from rushlight.tensor import Tensor

Array = NDArray[Any]


def to_array(tensor: Tensor) -> Array:
    """The values of ``tensor`` as an array that shares its memory: read it, do not keep it.

    Raises:
        TypeError: for bfloat16, which NumPy does not have.
    """
    if tensor.dtype == bfloat16:
        raise TypeError("images of dtype torch.bfloat16 are not supported: convert with .float()")
    return tensor._array()


def from_array(array: Array) -> Tensor:
    """A tensor that takes ownership of ``array``: nobody may write to the array afterwards."""
    return Tensor._from_array(array)


def numpy_dtype(dtype: DType) -> np.dtype:
    """The NumPy type that holds the elements of ``dtype``."""
    return dtype.numpy


def default_dtype() -> np.dtype:
    """The NumPy type of the default dtype."""
    return get_default_dtype().numpy
