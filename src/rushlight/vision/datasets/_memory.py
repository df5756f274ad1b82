"""Batches of in-memory image datasets, made without per-image Python work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rushlight.tensor import Tensor
from rushlight.vision._bridge import Array, from_array, to_array

Values = Tensor | Array | list[int]


def value_at(values: Any, index: Any) -> Any:
    """``values[index]``, read without making a tensor of it."""
    return (to_array(values) if isinstance(values, Tensor) else values)[index]


def fetch(dataset: Any, data: Any, targets: Any, indices: Sequence[int]) -> Any:
    """The collated batch ``[images, targets]``, or NotImplemented where it needs the long way.

    Args:
        dataset: has ``transform`` and ``target_transform``.
        data: uint8 images, (N, H, W) grey or (N, H, W, 3) colour.
        targets: N whole numbers.
        indices: which to fetch.
    """
    from rushlight.vision.transforms._batch import compile_pipeline

    images = to_array(data) if isinstance(data, Tensor) else data
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        return NotImplemented
    if images.ndim != 3 and not (images.ndim == 4 and images.shape[3] == 3):
        return NotImplemented
    chosen = _chosen(indices, min(len(images), len(targets)), len(images) == len(targets))
    if chosen is None or dataset.transform is None:
        return NotImplemented
    channels = 1 if images.ndim == 3 else 3
    pipeline = compile_pipeline(dataset.transform, channels, *images.shape[1:3])
    if pipeline is None or (pipeline.words and dataset.target_transform is not None):
        # A target transform may draw random numbers in between: only the long way keeps the order.
        return NotImplemented
    numbers = _numbers(targets, chosen)
    if numbers is None:
        return NotImplemented
    batch = images[chosen]
    batch = batch[:, None] if channels == 1 else batch.transpose(0, 3, 1, 2)
    return [from_array(pipeline(batch)), _targets(dataset.target_transform, numbers)]


def _chosen(indices: Sequence[int], size: int, negative: bool) -> Array | None:
    """The indices as an array, or None unless they are plain integers in range."""
    if not len(indices) or not all(type(i) is int for i in indices):
        return None
    chosen = np.array(indices, np.intp)
    if chosen.max() >= size or chosen.min() < (-size if negative else 0):
        return None
    return chosen


def _numbers(targets: Any, chosen: Array) -> Array | None:
    """The chosen targets as int64, or None where they are anything but whole numbers."""
    if isinstance(targets, Tensor):
        targets = to_array(targets)
    if isinstance(targets, np.ndarray):
        whole = targets.ndim == 1 and targets.dtype.kind in "iu"
        return targets[chosen].astype(np.int64) if whole else None
    picked = [targets[i] for i in chosen]
    return np.array(picked, np.int64) if all(type(v) is int for v in picked) else None


def _targets(transform: Any, numbers: Array) -> Any:
    if transform is None:
        return from_array(numbers)
    from rushlight.utils.data import default_collate

    return default_collate(tuple(transform(number) for number in numbers.tolist()))
