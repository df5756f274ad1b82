"""The old type names: ``torch.FloatTensor`` as constructor, ``isinstance`` test and name."""

from __future__ import annotations

from typing import Any

from . import dtypes
from .dtypes import SCALAR_TYPE_NAMES, dtype
from .tensor import Tensor

_DTYPES = {kind: d for d, kind in SCALAR_TYPE_NAMES.items()}


class tensortype(type):
    """The class of legacy tensor types: an instance check looks at the dtype."""

    dtype: dtype

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance._dtype is cls.dtype

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _construct(cls: tensortype, *args: Any, device: Any = None) -> Tensor:
    from .ops.creation import legacy_tensor

    if len(args) == 1 and isinstance(args[0], Tensor) and args[0]._dtype is not cls.dtype:
        raise TypeError(
            f"expected a tensor of type {cls.dtype} (got {args[0]._dtype}); convert it with .to()"
        )
    return legacy_tensor(Tensor, args, cls.dtype, device)


def _make(kind: str, d: dtype) -> tensortype:
    body = {
        "__new__": _construct,
        "__module__": "torch",
        "__doc__": f"Constructs {d.name} tensors from sizes or data.",
        "dtype": d,
        "is_cuda": False,
    }
    return tensortype(f"{kind}Tensor", (), body)


FloatTensor = _make("Float", dtypes.float32)
DoubleTensor = _make("Double", dtypes.float64)
HalfTensor = _make("Half", dtypes.float16)
BFloat16Tensor = _make("BFloat16", dtypes.bfloat16)
ByteTensor = _make("Byte", dtypes.uint8)
CharTensor = _make("Char", dtypes.int8)
ShortTensor = _make("Short", dtypes.int16)
IntTensor = _make("Int", dtypes.int32)
LongTensor = _make("Long", dtypes.int64)
BoolTensor = _make("Bool", dtypes.bool_)


def type_name(t: Tensor) -> str:
    """The legacy name of a tensor's type: ``"torch.FloatTensor"``."""
    return f"torch.{SCALAR_TYPE_NAMES[t._dtype]}Tensor"


def dtype_of_type(kind: Any) -> dtype:
    """The dtype meant by a dtype, a legacy type or its name.

    Raises:
        ValueError: there is no such type. TypeError: a type that lives on another device.
    """
    if isinstance(kind, dtype):
        return kind
    if isinstance(kind, tensortype):
        return kind.dtype
    if kind is Tensor:
        return dtypes.get_default_dtype()
    name = kind.__name__ if isinstance(kind, type) else str(kind)
    if name.startswith("torch.cuda."):
        raise TypeError(f"type {name} not available. Torch not compiled with CUDA enabled.")
    found = _DTYPES.get(name.removeprefix("torch.").removesuffix("Tensor"))
    if name == "torch.Tensor":
        return dtypes.get_default_dtype()
    if found is None or not (name.startswith("torch.") and name.endswith("Tensor")):
        raise ValueError(f"invalid type: '{name}'")
    return found
