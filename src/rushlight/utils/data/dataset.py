"""Datasets: things that map indices to samples, or that yield samples one after another."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from rushlight import ops
from rushlight.random import Generator, default_generator
from rushlight.tensor import Tensor

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Dataset(Generic[T_co]):
    """A map from indices to samples. A subclass defines `__getitem__` and usually `__len__`.

    A subclass may speed up the DataLoader by either of two methods:

    * `__getitems__(indices)`, as in PyTorch, returns the list of samples at `indices`.
    * `__getbatch__(indices)`, Rushlight's own, returns what `default_collate` would make of these
      samples, or NotImplemented where it cannot. It is called only when the default collate
      function is in use and no subclass redefines how a sample is fetched.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """A dataset that yields its samples in an order of its own. A subclass defines `__iter__`.

    With several DataLoader workers each has a copy of the dataset: `get_worker_info()` says which
    share of the samples it should yield.
    """

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Samples are the rows, along the first dimension, of one or more Tensors.

    Raises AssertionError when the Tensors differ in their first dimension.
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getbatch__(self, indices: Any) -> Any:
        """Return a list with the rows at `indices` of each Tensor."""
        rows = _row_numbers(indices)
        if rows is None or any(tensor.requires_grad for tensor in self.tensors):
            return NotImplemented
        chosen = ops.from_numpy(rows)
        return [tensor[chosen] for tensor in self.tensors]

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))


class StackDataset(Dataset[Any]):
    """Samples are tuples (or dicts) of the samples of several datasets at the same index.

    Raises ValueError for datasets of different lengths, or none.
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = {len(dataset) for dataset in self._members()}  # type: ignore[arg-type]
        if len(lengths) > 1:
            raise ValueError("Size mismatch between datasets")
        self._length = lengths.pop()

    def _members(self) -> Iterable[Dataset[Any]]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def _joined(self, parts: Iterable[Any]) -> Any:
        """One part from each dataset, as a tuple or as a dict."""
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, parts, strict=True))
        return tuple(parts)

    def __getitem__(self, index: Any) -> Any:
        return self._joined(dataset[index] for dataset in self._members())

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """Return the samples at `indices`. Raises ValueError if a dataset returns too few."""
        columns = []
        for dataset in self._members():
            column = _samples(dataset, indices)
            if len(column) != len(indices):
                raise ValueError(
                    "Nested dataset's output size mismatch. Expected "
                    f"{len(indices)}, got {len(column)}"
                )
            columns.append(column)
        return [self._joined(sample) for sample in zip(*columns, strict=True)]

    def __getbatch__(self, indices: Any) -> Any:
        """Return the batch of each dataset, where all of them can give one."""
        parts = []
        for dataset in self._members():
            part = get_batch(dataset, indices)
            if part is NotImplemented:
                return NotImplemented
            parts.append(part)
        return self._joined(parts) if isinstance(self.datasets, dict) else parts

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Several map-style datasets one after another.

    Raises AssertionError for no datasets, or an IterableDataset among them.
    """

    datasets: list[Dataset[T_co]]
    cumulative_sizes: list[int]

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """Return the index behind the last sample of each dataset."""
        return list(itertools.accumulate(len(dataset) for dataset in sequence))

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def _locate(self, index: int) -> tuple[int, int]:
        """The dataset that `index` falls into, and the index there."""
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return which, index - (self.cumulative_sizes[which - 1] if which else 0)

    def __getitem__(self, index: int) -> T_co:
        which, inner = self._locate(index)
        return self.datasets[which][inner]

    def __getbatch__(self, indices: Any) -> Any:
        """Return the batches of the datasets concerned, merged into the order of `indices`."""
        rows = _row_numbers(indices)
        if rows is None or rows.max() >= len(self):
            return NotImplemented
        wanted: dict[int, tuple[list[int], list[int]]] = {}
        for position, row in enumerate(rows.tolist()):
            which, inner = self._locate(row)
            positions, inners = wanted.setdefault(which, ([], []))
            positions.append(position)
            inners.append(inner)
        parts = []
        for which, (_, inners) in wanted.items():
            part = get_batch(self.datasets[which], inners)
            if part is NotImplemented:
                return NotImplemented
            parts.append(part)
        if len(parts) == 1:
            return parts[0]
        gathered = [position for positions, _ in wanted.values() for position in positions]
        return _merge(parts, ops.from_numpy(np.argsort(np.array(gathered))))

    @property
    def cummulative_sizes(self) -> list[int]:
        """The old, misspelt name of `cumulative_sizes`."""
        warnings.warn(
            "`cummulative_sizes` attribute is renamed to `cumulative_sizes`",
            FutureWarning,
            stacklevel=2,
        )
        return self.cumulative_sizes


class ChainDataset(IterableDataset[Any]):
    """Several IterableDatasets one after another."""

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def _members(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._members():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._members())


class Subset(Dataset[T_co]):
    """The samples of `dataset` at `indices`."""

    dataset: Dataset[T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        cls = type(self)
        if cls.__getitem__ is not Subset.__getitem__ and cls.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{cls.__name__} overrides __getitem__ but not __getitems__. When subclassing "
                "Subset and overriding __getitem__, you must also override __getitems__ to "
                "ensure DataLoader works correctly with your custom logic. A simple "
                "implementation:\n\ndef __getitems__(self, indices):\n    return "
                "[self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int]) -> list[T_co]:
        """Return the samples at `indices` of the subset."""
        return _samples(self.dataset, [self.indices[i] for i in indices])

    def __getbatch__(self, indices: Any) -> Any:
        """Return the dataset's own batch, where it can give one."""
        chosen: Any = self.indices
        if isinstance(chosen, Tensor):
            chosen = chosen.numpy()
        if isinstance(chosen, np.ndarray):
            return get_batch(self.dataset, chosen[np.asarray(indices)])
        return get_batch(self.dataset, [chosen[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[T],
    lengths: Sequence[int | float],
    generator: Generator | None = default_generator,
) -> list[Subset[T]]:
    """Split `dataset` at random into Subsets of the given lengths, or fractions that sum to 1.

    Samples left over by rounding fractions go to the first Subsets, one to each. Raises
    ValueError when the lengths do not sum to the dataset's, or a fraction is not in [0, 1].
    """
    total = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _lengths_of_fractions(total, lengths)
    if sum(lengths) != total:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = ops.randperm(total, generator=generator).tolist()
    ends = itertools.accumulate(int(length) for length in lengths)
    return [
        Subset(dataset, order[end - int(length) : end])
        for end, length in zip(ends, lengths, strict=True)
    ]


def _lengths_of_fractions(total: int, fractions: Sequence[float]) -> list[int]:
    for index, fraction in enumerate(fractions):
        if fraction < 0 or fraction > 1:
            raise ValueError(f"Fraction at index {index} is not between 0 and 1")
    lengths = [math.floor(total * fraction) for fraction in fractions]
    for extra in range(total - sum(lengths)):
        lengths[extra % len(lengths)] += 1
    for index, length in enumerate(lengths):
        if length == 0:
            warnings.warn(
                f"Length of split at index {index} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return lengths


# ------------------------------------------------------------------------------ fetching batches


def get_batch(dataset: Any, indices: Any) -> Any:
    """The collated batch of `dataset` at `indices`, or NotImplemented if it gives none."""
    getter = batch_getter(dataset)
    return NotImplemented if getter is None else getter(indices)


def batch_getter(dataset: Any) -> Callable[[Any], Any] | None:
    """`dataset.__getbatch__`, unless a subclass (or the object) changes how samples are fetched."""
    if "__getitems__" in getattr(dataset, "__dict__", ()):
        return None
    for cls in type(dataset).__mro__:
        if "__getbatch__" in vars(cls):
            getter: Callable[[Any], Any] = dataset.__getbatch__
            return getter
        if "__getitem__" in vars(cls) or "__getitems__" in vars(cls):
            return None
    return None


def _samples(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    if callable(getattr(dataset, "__getitems__", None)):
        samples: list[Any] = dataset.__getitems__(indices)
        return samples
    return [dataset[index] for index in indices]


def _row_numbers(indices: Any) -> np.ndarray[Any, Any] | None:
    """`indices` as an int64 array, or None when they are not plain integers."""
    try:
        rows = np.asarray(indices)
    except (TypeError, ValueError):
        return None
    if rows.ndim != 1 or rows.size == 0 or rows.dtype.kind not in "iu":
        return None
    return rows.astype(np.int64, copy=False)


def _merge(parts: list[Any], order: Tensor) -> Any:
    """Batches of the same structure as one batch with its rows in `order`, or NotImplemented."""
    first = parts[0]
    if isinstance(first, Tensor):
        kinds = {(tuple(part.shape[1:]), part.dtype) for part in parts}
        return ops.cat(parts)[order] if len(kinds) == 1 else NotImplemented
    if type(first) is list and all(len(part) == len(first) for part in parts):
        merged = [_merge(list(column), order) for column in zip(*parts, strict=True)]
        return NotImplemented if any(entry is NotImplemented for entry in merged) else merged
    if type(first) is dict and all(part.keys() == first.keys() for part in parts):
        values = _merge([[part[key] for key in first] for part in parts], order)
        return values if values is NotImplemented else dict(zip(first, values, strict=True))
    return NotImplemented
