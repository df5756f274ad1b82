"""Making one batch out of a list of samples."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any, TypeAlias

import numpy as np

from rushlight import ops
from rushlight.dtypes import float64
from rushlight.tensor import Tensor

__all__ = ["collate", "default_collate", "default_convert"]

CollateMap: TypeAlias = dict[type | tuple[type, ...], Callable[..., Any]]

default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)
_TEXT_AND_OBJECTS = "SUO"
"""Kinds of NumPy dtypes that no Tensor can hold."""


def default_convert(data: Any) -> Any:
    """Turn NumPy arrays and scalars in `data` into Tensors; keep everything else.

    Mappings and sequences are copied with their elements converted; a tuple becomes a list.
    """
    if isinstance(data, Tensor):
        return data
    if isinstance(data, np.ndarray):
        return data if data.dtype.kind in _TEXT_AND_OBJECTS else ops.as_tensor(data)
    if isinstance(data, np.generic) and not isinstance(data, np.str_):
        return ops.as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if _is_namedtuple(data):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like_sequence(data, [default_convert(entry) for entry in data])
    return data


def default_collate(batch: Sequence[Any]) -> Any:
    """Make one batch out of a list of samples.

    Tensors are stacked along a new first dimension; NumPy arrays and scalars, floats (float64) and
    ints become Tensors; strings and bytes stay a list. Mappings, named tuples and sequences are
    collated element by element and keep their type, except that tuples become lists.

    Raises TypeError for any other type, RuntimeError when sequences differ in length.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """As `default_collate`, with the functions for the types of samples given by a dictionary.

    Each function is called with the list of samples and `collate_fn_map=`.
    """
    first = batch[0]
    function = _function_for(first, collate_fn_map or {})
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)

    def merged(samples: Sequence[Any]) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(
            first, {key: merged([sample[key] for sample in batch]) for key in first}
        )
    if _is_namedtuple(first):
        return type(first)(*map(merged, zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _like_sequence(first, [merged(column) for column in zip(*batch, strict=True)])
    raise TypeError(default_collate_err_msg_format.format(type(first)))


def _function_for(sample: Any, functions: CollateMap) -> Callable[..., Any] | None:
    exact = functions.get(type(sample))
    if exact is not None:
        return exact
    for types, function in functions.items():
        if isinstance(sample, types):
            return function
    return None


def _is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _like_mapping(model: Mapping[Any, Any], entries: dict[Any, Any]) -> Any:
    """`entries` as a mapping of the type of `model`, or a dict where that type refuses them."""
    try:
        if isinstance(model, MutableMapping):
            clone = copy.copy(model)
            clone.update(entries)
            return clone
        return type(model)(entries)  # type: ignore[call-arg]
    except TypeError:
        return entries


def _like_sequence(model: Sequence[Any], entries: list[Any]) -> Any:
    """`entries` as a sequence of the type of `model`; a list for a tuple or where it refuses."""
    if isinstance(model, tuple):
        return entries
    try:
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for index, entry in enumerate(entries):
                clone[index] = entry
            return clone
        return type(model)(entries)  # type: ignore[call-arg]
    except TypeError:
        return entries


def collate_tensor_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Stack Tensors of one shape."""
    first = batch[0]
    kind = (first.shape, first.dtype)
    if all(
        isinstance(sample, Tensor)
        and (sample.shape, sample.dtype) == kind
        and not sample.requires_grad
        and sample._storage.expr.buffer is not None
        for sample in batch
    ):
        # The values are there: copying them once is less work than recording a view of each.
        return Tensor._from_array(np.stack([sample._array() for sample in batch]), first.dtype)
    return ops.stack(list(batch), 0)


def collate_numpy_array_fn(
    batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None
) -> Any:
    """Collate NumPy arrays as Tensors."""
    first = batch[0]
    if first.dtype.kind in _TEXT_AND_OBJECTS:
        raise TypeError(default_collate_err_msg_format.format(first.dtype))
    if (collate_fn_map or {}).get(Tensor) is collate_tensor_fn and all(
        type(array) is np.ndarray and array.shape == first.shape and array.dtype == first.dtype
        for array in batch
    ):
        return ops.from_numpy(np.stack(batch))
    tensors = [ops.as_tensor(array) for array in batch]
    return collate(tensors, collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(
    batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None
) -> Tensor:
    """Make a Tensor of NumPy scalars, of their dtype."""
    return ops.as_tensor(np.array(batch))


def collate_float_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Make a float64 Tensor."""
    return ops.tensor(batch, dtype=float64)


def collate_int_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Make an int64 (or bool) Tensor."""
    return ops.tensor(batch)


def collate_str_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """Keep strings as they are."""
    return batch


default_collate_fn_map: CollateMap = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
