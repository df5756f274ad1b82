"""What ``untyped_storage()`` and ``storage()`` return: a tensor's memory as PyTorch presents it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .device import cpu, device
from .dtypes import dtype
from .runtime.narrow import NARROW, widen
from .storage import Storage
from .tensor import Tensor, view_of_storage

_DEPRECATED = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the "
    "only storage class. This should only matter to you if you are using storages directly.  To "
    "access UntypedStorage directly, use tensor.untyped_storage() instead of tensor.storage()"
)


class _View:
    """Memory seen through one of its tensors."""

    def __init__(self, t: Tensor) -> None:
        self._storage: Storage = t._storage

    @property
    def device(self) -> device:
        """The CPU."""
        return cpu

    is_cuda = False

    def _whole(self) -> Tensor:
        return view_of_storage(self._storage, (self._storage.numel,), None, 0, self._storage.dtype)

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return self._whole().data_ptr()

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._storage.numel * self._storage.dtype.itemsize

    def cpu(self) -> Any:
        """``self``: it is on the CPU."""
        return self

    def __hash__(self) -> int:
        return id(self._storage)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _View) and self._storage is other._storage


class UntypedStorage(_View):
    """A tensor's memory as bytes."""

    def _bytes(self) -> np.ndarray:
        return self._storage.array().view(np.uint8)

    def size(self) -> int:
        """The number of bytes."""
        return self.nbytes()

    def __len__(self) -> int:
        return self.nbytes()

    def __getitem__(self, i: int) -> int:
        return int(self._bytes()[i])

    def __iter__(self) -> Iterator[int]:
        return iter(self._bytes().tolist())

    def tolist(self) -> list[int]:
        """The bytes as integers."""
        found: list[int] = self._bytes().tolist()
        return found

    def __repr__(self) -> str:
        lines = "\n".join(f" {b}" for b in self)
        return f"{lines}\n[torch.storage.UntypedStorage(device=cpu) of size {len(self)}]"


class TypedStorage(_View):
    """A tensor's memory as elements of its dtype (deprecated in PyTorch)."""

    def __init__(self, t: Tensor) -> None:
        warnings.warn(_DEPRECATED, UserWarning, stacklevel=3)
        super().__init__(t)

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return self._storage.dtype

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._whole())

    def size(self) -> int:
        """The number of elements."""
        return self._storage.numel

    def element_size(self) -> int:
        """Bytes per element."""
        return self._storage.dtype.itemsize

    def _elements(self) -> np.ndarray:
        array = self._storage.array()
        return widen(array, self.dtype) if self.dtype in NARROW else array

    def __len__(self) -> int:
        return self._storage.numel

    def __getitem__(self, i: Any) -> Any:
        return self._elements()[i].tolist()

    def __setitem__(self, i: Any, value: Any) -> None:
        self._whole()[i] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self._elements().tolist())

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        found: list[Any] = self._elements().tolist()
        return found

    def fill_(self, value: Any) -> TypedStorage:
        """Write one value everywhere."""
        self._whole().fill_(value)
        return self

    def __repr__(self) -> str:
        lines = "\n".join(f" {x}" for x in self)
        return (
            f"{lines}\n[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size "
            f"{len(self)}]"
        )
