"""Writing the pickle of a checkpoint under PyTorch's names.

Python's pickler checks that a name can be imported before it writes it, and ``torch`` need not be
installed: names are therefore written as :class:`Name` objects, and storages as persistent ids.
"""

from __future__ import annotations

import codecs
import pickle
from collections import OrderedDict
from functools import cache
from typing import IO, Any

from ..device import device
from ..dtypes import dtype
from ..storage import Storage
from ..tensor import Size, Tensor
from .tensors import STORAGE_NAMES, is_parameter, own_attributes


class Name:
    """A class or function that the file refers to by module and name."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    def __call__(self, *args: Any) -> Any:
        """Fail: the pickler only asks whether there is such a method."""
        raise TypeError(f"{self.module}.{self.name} is only a name in a file")


@cache
def name(full: str) -> Name:
    """The one Name object for ``module.name``, so that the pickler writes it once."""
    module, _, attribute = full.rpartition(".")
    return Name(module, attribute)


class UntypedReference:
    """Refers to a Storage as bytes, for dtypes that have no storage class in PyTorch."""

    __slots__ = ("storage",)

    def __init__(self, storage: Storage) -> None:
        self.storage = storage


def _reduce_memory(t: Tensor) -> tuple[Any, tuple[Any, ...]]:
    """``(function, arguments)`` of a tensor's memory and view."""
    size, stride = (
        (*t.shape,),
        (*t.stride(),),
    )  # new tuples, as in PyTorch: the same memo, same bytes
    place: tuple[Any, ...] = (t.storage_offset(), size, stride, t.requires_grad, OrderedDict())
    if t.dtype in STORAGE_NAMES:
        return name("torch._utils._rebuild_tensor_v2"), (t._storage, *place)
    untyped = UntypedReference(t._storage)
    return name("torch._utils._rebuild_tensor_v3"), (untyped, *place, t.dtype)


def _reduce_tensor(t: Tensor) -> tuple[Any, tuple[Any, ...]]:
    state = own_attributes(t)
    if is_parameter(t):
        data: tuple[Any, ...] = (t.detach(), t.requires_grad, OrderedDict())
        if not state:
            return name("torch._utils._rebuild_parameter"), data
        return name("torch._utils._rebuild_parameter_with_state"), (*data, state)
    make, args = _reduce_memory(t)
    is_own = type(t).__module__.partition(".")[0] == "rushlight"
    if is_own and not state:
        return make, args
    kind: Any = name("torch.Tensor") if is_own else type(t)
    return name("torch._tensor._rebuild_from_type_v2"), (make, kind, args, state)


def _reduce_device(d: device) -> tuple[Any, tuple[Any, ...]]:
    place = (d.type,) if d.index is None else (d.type, d.index)
    return name("torch.device"), place


_Pickler: Any = pickle._Pickler  # the one in Python: it can be taught how to write names


class CheckpointPickler(_Pickler):  # type: ignore[misc]
    """Pickles an object; its storages are collected in :attr:`storages`.

    Args:
        file: where the pickle goes.
        protocol: the pickle protocol; PyTorch's safe loader reads 2 only.
        legacy: write persistent ids as the format before zip files had them.
    """

    def __init__(self, file: IO[bytes], protocol: int, *, legacy: bool = False) -> None:
        super().__init__(file, protocol)
        self._tail = (None,) if legacy else ()
        self._keys: dict[int, str] = {}
        self.storages: dict[str, Storage] = {}

    def _key(self, storage: Storage) -> str:
        key = self._keys.get(id(storage))
        if key is None:
            key = self._keys[id(storage)] = str(len(self.storages))
            self.storages[key] = storage
        return key

    def persistent_id(self, obj: Any) -> Any:
        """A storage's reference: (kind, class, key, location, size)."""
        if type(obj) is Storage:
            kind, storage, count = f"torch.{STORAGE_NAMES[obj.dtype]}", obj, obj.numel
        elif type(obj) is UntypedReference:
            kind, storage = "torch.storage.UntypedStorage", obj.storage
            count = storage.numel * storage.dtype.itemsize
        else:
            return None
        return ("storage", name(kind), self._key(storage), "cpu", count, *self._tail)

    def reducer_override(self, obj: Any) -> Any:
        """How Rushlight's own objects are written."""
        if isinstance(obj, Tensor):
            return _reduce_tensor(obj)
        kind = type(obj)
        if kind is Size:
            return name("torch.Size"), (tuple(obj),)
        if kind is device:
            return _reduce_device(obj)
        if kind is bytes and not obj and self.proto < 3:
            return codecs.encode, ("", "latin1")  # Python would name ``bytes``, PyTorch refuses it
        return NotImplemented

    def _save_name(self, obj: Name) -> None:
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    def _save_dtype(self, obj: dtype) -> None:
        self.save(name(f"torch.{obj.name}"))

    dispatch = {**_Pickler.dispatch, Name: _save_name, dtype: _save_dtype}
