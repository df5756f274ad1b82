"""Tensors and storages in files: their names, their parts, and rebuilding them with checks.

A tensor in a file is a call ``_rebuild_tensor_v2(storage, offset, size, stride, requires_grad,
hooks)``; a storage is a reference to a record of raw elements. Whoever rebuilds must not trust the
numbers: a view that leaves its storage would read foreign memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import numpy as np

from .. import dtypes
from ..device import device
from ..dtypes import dtype
from ..storage import Storage
from ..tensor import Tensor

_STORAGE_DTYPES = {
    "DoubleStorage": dtypes.float64,
    "FloatStorage": dtypes.float32,
    "HalfStorage": dtypes.float16,
    "BFloat16Storage": dtypes.bfloat16,
    "LongStorage": dtypes.int64,
    "IntStorage": dtypes.int32,
    "ShortStorage": dtypes.int16,
    "CharStorage": dtypes.int8,
    "ByteStorage": dtypes.uint8,
    "BoolStorage": dtypes.bool_,
}
STORAGE_NAMES = {d: name for name, d in _STORAGE_DTYPES.items()}
_LIMIT = 2**63


class StorageKind:
    """What ``torch.FloatStorage`` in a file stands for: elements of a dtype (None: bytes)."""

    __slots__ = ("dtype", "name")

    def __init__(self, name: str, dtype: dtype | None) -> None:
        self.name = name
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    @property
    def holder(self) -> np.dtype[Any]:
        """The NumPy type of the elements as they stand in the file."""
        return np.dtype(np.uint8) if self.dtype is None else self.dtype.numpy


STORAGE_KINDS = {name: StorageKind(name, d) for name, d in _STORAGE_DTYPES.items()}
STORAGE_KINDS["UntypedStorage"] = StorageKind("UntypedStorage", None)


class LoadedStorage:
    """A storage read from a file: its elements, and the one Storage that its tensors will share.

    Args:
        array: the elements; bytes where the file does not say what they are.
        kind: what the file calls them.
        offset: where this storage starts in a larger one (old files only), in elements.
        swapped: whether the bytes are in the other order than this machine's.
    """

    __slots__ = ("_cells", "array", "kind", "offset", "swapped")

    def __init__(
        self, array: np.ndarray, kind: StorageKind, offset: int = 0, *, swapped: bool = False
    ) -> None:
        self.array = array
        self.kind = kind
        self.offset = offset
        self.swapped = swapped
        self._cells: dict[dtype, Storage] = {}

    def __repr__(self) -> str:
        return f"a {self.kind} of {len(self.array)} elements"

    def part(self, offset: int) -> LoadedStorage:
        """The storage that starts ``offset`` elements later and shares the memory."""
        view = LoadedStorage(self.array, self.kind, self.offset + offset)
        view._cells = self._cells
        return view

    def cell(self, d: dtype) -> Storage:
        """The Storage of dtype ``d`` that all tensors made from here share."""
        found = self._cells.get(d)
        if found is None:
            if self.kind.dtype not in (None, d) or self.array.nbytes % d.itemsize:
                raise UnpicklingError(f"a {self.kind} cannot hold elements of type {d}")
            found = self._cells[d] = Storage.from_array(self._elements(d), d)
        return found

    def _elements(self, d: dtype) -> np.ndarray:
        elements = self.array if self.array.dtype == d.numpy else self.array.view(d.numpy)
        if self.swapped and d.itemsize > 1:
            elements.byteswap(inplace=True)
        if d is dtypes.bool_ and (elements.view(np.uint8) > 1).any():
            return np.not_equal(elements.view(np.uint8), 0)  # other bytes would be no bools
        return elements


def _check_view(numel: int, offset: Any, size: Any, stride: Any) -> None:
    """Raise unless the view lies inside a storage of ``numel`` elements."""
    for numbers in (size, stride):
        if not isinstance(numbers, tuple) or any(type(n) is not int for n in numbers):
            raise UnpicklingError(f"sizes and strides must be tuples of ints, got {numbers!r:.80}")
    if type(offset) is not int or not 0 <= offset < _LIMIT:
        raise UnpicklingError(f"Tensor: invalid storage offset {offset!r:.80}")
    if len(size) != len(stride):
        raise UnpicklingError(f"mismatch in length of strides and shape: {size} and {stride}")
    if any(n < 0 for n in (*size, *stride)):
        raise UnpicklingError(f"Trying to create tensor with negative dimension or stride: {size}")
    count, last = 1, offset
    for n, step in zip(size, stride, strict=True):
        count *= n
        last += (n - 1) * step
    if count and last >= numel:
        raise UnpicklingError(
            f"a tensor of size {size}, stride {stride} and storage offset {offset} is out of "
            f"bounds for a storage of {numel} elements: the file is corrupt or hostile"
        )
    if count * 8 >= _LIMIT or len(size) > 64:
        raise UnpicklingError(f"Storage size calculation overflowed with sizes={list(size)}")


def _rebuild(
    storage: Any, d: dtype | None, offset: Any, size: Any, stride: Any, requires_grad: Any
) -> Tensor:
    if not isinstance(storage, LoadedStorage):
        raise UnpicklingError(f"expected a storage, got {type(storage).__name__}")
    element = d or storage.kind.dtype
    if not isinstance(element, dtype):
        raise UnpicklingError("a tensor needs a storage with a dtype")
    cell = storage.cell(element)
    _check_view(cell.numel - storage.offset, offset, size, stride)
    wants_grad = bool(requires_grad)
    if wants_grad and not element.is_floating_point:
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    offset += storage.offset
    return Tensor._from_storage(cell, tuple(size), tuple(stride), offset, wants_grad)


def _check_metadata(metadata: Any) -> None:
    if metadata and (not isinstance(metadata, dict) or any(metadata.values())):
        raise UnpicklingError(f"tensors with the properties {metadata!r:.80} are not supported")


def rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any) -> Tensor:
    """A tensor as the first versions of PyTorch wrote it."""
    return _rebuild(storage, None, offset, size, stride, False)


def rebuild_tensor_v2(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    hooks: Any,
    metadata: Any = None,
) -> Tensor:
    """A tensor on a typed storage; hooks are never loaded."""
    _check_metadata(metadata)
    return _rebuild(storage, None, offset, size, stride, requires_grad)


def rebuild_tensor_v3(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    hooks: Any,
    d: Any,
    metadata: Any = None,
) -> Tensor:
    """A tensor on an untyped storage, with the dtype beside it."""
    _check_metadata(metadata)
    if not isinstance(d, dtype):
        raise UnpicklingError(f"expected a dtype, got {type(d).__name__}")
    return _rebuild(storage, d, offset, size, stride, requires_grad)


def rebuild_parameter(data: Any, requires_grad: Any, hooks: Any) -> Tensor:
    """An ``nn.Parameter``."""
    from ..nn.parameter import Parameter

    if not isinstance(data, Tensor):
        raise UnpicklingError(f"a Parameter needs a tensor, got {type(data).__name__}")
    return Parameter(data.detach(), bool(requires_grad))


def rebuild_parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Tensor:
    """An ``nn.Parameter`` with attributes that its owner added."""
    parameter = rebuild_parameter(data, requires_grad, hooks)
    set_attributes(parameter, state)
    return parameter


def rebuild_with_type(make: Any, kind: Any, args: Any, state: Any) -> Tensor:
    """A tensor with attributes that its owner added, and its subclass where that may be loaded.

    Args:
        make: a function that rebuilds a plain tensor, or the :class:`Maker` of one.
        kind: the class, or the Maker of one.
        args: what ``make`` is called with.
        state: the attributes.
    """
    make, kind = getattr(make, "make", make), getattr(kind, "value", None) or kind
    if make not in _REBUILDERS or not isinstance(args, tuple):
        raise UnpicklingError("a tensor can only be rebuilt from its storage")
    t: Tensor = make(*args)
    if isinstance(kind, type) and issubclass(kind, Tensor):
        if type(t) is not kind:
            t = Tensor._make_subclass(kind, t, t.requires_grad)
    else:
        raise UnpicklingError(f"{kind!r} is no subclass of Tensor")
    set_attributes(t, state)
    return t


_REBUILDERS: tuple[Callable[..., Tensor], ...] = (
    rebuild_tensor_v2,
    rebuild_tensor_v3,
    rebuild_parameter,
    rebuild_parameter_with_state,
)


def is_internal(name: str) -> bool:
    """Whether an attribute of a tensor is part of the engine and not its owner's."""
    return name in vars(Tensor) or name in Tensor.__annotations__


def set_attributes(t: Tensor, state: Any) -> None:
    """Give a tensor the attributes that its owner had added; engine attributes are refused."""
    if isinstance(state, tuple) and len(state) == 2:  # with the values of slots
        attributes = {**(state[0] or {}), **(state[1] or {})}
    else:
        attributes = state
    if not isinstance(attributes, dict):
        raise UnpicklingError(f"expected attributes, got {type(state).__name__}")
    for name, value in attributes.items():
        if type(name) is not str or hasattr(Tensor, name) or is_internal(name):
            raise UnpicklingError(f"a tensor's attribute {name!r} cannot be loaded")
        setattr(t, name, value)


def own_attributes(t: Tensor) -> dict[str, Any]:
    """The attributes that the owner of a tensor added to it."""
    return {name: v for name, v in t.__dict__.items() if not is_internal(name)}


def is_parameter(t: Tensor) -> bool:
    """Whether ``t`` is an ``nn.Parameter``."""
    module = sys.modules.get("rushlight.nn.parameter")  # nobody has made one before it is imported
    return module is not None and isinstance(t, module.Parameter)


# Plain pickles (``pickle.dumps``, ``copy.deepcopy``, multiprocessing) name Rushlight's functions.


def restore_storage(data: bytes | bytearray, name: str) -> Storage:
    """Unpickle a Storage from its raw elements and the name of its dtype."""
    d = dtypes.from_name(name)
    return Storage.from_array(np.frombuffer(data, d.numpy).copy(), d)


def restore_tensor(
    storage: Storage,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int,
    requires_grad: bool,
) -> Tensor:
    """Unpickle a plain tensor as a view of its Storage."""
    _check_view(storage.numel, offset, shape, strides)
    return Tensor._from_storage(storage, shape, strides, offset, requires_grad)


def restore_subclass(kind: type, plain: Tensor, attributes: dict[str, Any]) -> Tensor:
    """Unpickle a tensor of a subclass, or one with attributes."""
    t: Tensor = plain
    if type(t) is not kind:
        t = Tensor._make_subclass(kind, plain.detach(), plain.requires_grad)
    for name, value in attributes.items():
        setattr(t, name, value)
    return t


def reduce_storage(storage: Storage) -> tuple[Any, ...]:
    """``(callable, args)`` by which ``pickle`` restores a Storage."""
    return restore_storage, (storage.array().tobytes(), storage.dtype.name)


def reduce_plain(t: Tensor) -> tuple[Any, ...]:
    """``(callable, args)`` of the memory and the view alone."""
    place = (tuple(t.shape), tuple(t.stride()), t.storage_offset(), t.requires_grad)
    return restore_tensor, (t._storage, *place)


def reduce_tensor(t: Tensor) -> tuple[Any, ...]:
    """``(callable, args)`` by which ``pickle`` restores a tensor.

    Tensors that share a Storage and are pickled together share it again. History and gradients are
    not part of a pickle: a tensor that required grad comes back as a leaf that does.
    """
    attributes = own_attributes(t)
    if type(t) is Tensor and not attributes:
        return reduce_plain(t)
    plain = t.detach()
    plain.requires_grad_(t.requires_grad)
    return restore_subclass, (type(t), plain, attributes)


# Locations


def restore_location(location: Any, map_location: Any) -> None:
    """Raise PyTorch's error unless a storage tagged ``location`` may be loaded here.

    Args:
        location: the tag in the file, such as ``cpu`` or ``cuda:0``.
        map_location: ``load``'s argument, unless it is a function.
    """
    where = location
    if isinstance(map_location, dict):
        where = map_location.get(location, location)
    elif map_location is not None:
        where = map_location
    if isinstance(where, device):
        where = str(where)
    if where == "cpu" or (isinstance(where, str) and where.startswith("cpu:")):
        return
    if isinstance(where, str) and where.startswith("cuda"):
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is "
            "False. If you are running on a CPU-only machine, please use torch.load with "
            "map_location=torch.device('cpu') to map your storages to the CPU."
        )
    raise RuntimeError(
        "don't know how to restore data location of torch.storage.UntypedStorage (tagged with "
        f"{where!r:.80}); pass map_location='cpu'"
    )
